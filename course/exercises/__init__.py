"""What exercises plant for their learners to find; a notebook and its checks import the same module."""
