"""Judging for a learner alone: the hidden checks run on the present answer with fresh cases, in a process beside the kernel.

`notebook` has `judge()`, `process` is the judge's own process, and `command` is ``course judge``, which judges a saved notebook.
"""

FAULT = "The check itself failed, which is a mistake in the course. Please report it."
