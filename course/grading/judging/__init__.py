"""Judging for a learner alone: the hidden checks run on the present answer with fresh cases, in a process beside the kernel.

`notebook` has `judge()`, `process` is the judge's own process, and `command` is ``course judge``, which judges a saved notebook.
"""

SILENCE = (
    "AWS did not answer the check, or answered too slowly, so your answer was not judged. Look for code of yours that keeps the local AWS "
    "busy, such as threads or requests that go on. Then restart the kernel, run `course aws stop` in a terminal, run the notebook, and "
    "judge again."
)
FAULT = "The check itself failed, which is a mistake in the course. Please report it."
