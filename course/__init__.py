"""From Data to Deployment: the package behind the course. Lessons import `connect` from here and `check` from `course.grading`."""


def __getattr__(name: str):
    # `from course import connect, check` must not pay for the parts of the package that a process does not use.
    if name == "connect":
        from course.session import connect

        return connect
    if name == "check":
        from course.grading import check

        return check
    raise AttributeError(f"module 'course' has no attribute {name!r}")
