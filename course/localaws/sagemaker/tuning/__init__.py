"""Automatic model tuning.

`operations` and `plan` check a request and read what it plans. `run` is the thread that starts training jobs and follows them.
`strategies` knows values and losses only: a search suggests the next values in a process of its own, and a stopping rule judges a running
job.
"""
