"""Model Monitor: lists only, so far."""
