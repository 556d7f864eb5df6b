"""Application Auto Scaling: targets, policies, scheduled actions, and the activities they cause."""
