"""The process of a local AWS: start, stop, control, and the `course aws` command."""
