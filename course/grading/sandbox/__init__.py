"""Runs a submission: its kernel, its jobs and its local AWS each have their own box; the grader stays outside."""
