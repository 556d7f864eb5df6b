"""Grades a class: `grade` grades one submission, `queue` grades many at a time, and `exports` passes the results on."""
