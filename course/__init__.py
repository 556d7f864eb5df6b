"""From Data to Deployment: the package behind the course.

Lessons import `connect`, `check`, `judge`, `hint`, `reveal`, `show`, `draw_pipeline`, `variant` and `ProgressLine` from here.
"""


def __getattr__(name: str):
    # `from course import connect` must not pay for the parts of the package that a process does not use.
    if name == "connect":
        from course.session import connect

        return connect
    if name in ("check", "hint", "judge", "reveal", "variant"):
        from course import grading

        return getattr(grading, name)
    if name == "show":
        from course.plots import show

        return show
    if name == "draw_pipeline":
        from course.pipeline_graph import draw_pipeline

        return draw_pipeline
    if name == "ProgressLine":
        from course.grading.progress_line import ProgressLine

        return ProgressLine
    raise AttributeError(f"module 'course' has no attribute {name!r}")
