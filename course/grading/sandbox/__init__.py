"""Where a submission runs: its kernel, each of its jobs and its local AWS in boxes of their own; the grader looks in from outside."""
