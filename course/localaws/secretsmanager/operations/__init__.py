"""The API of Secrets Manager, one module for each kind of operation."""
