"""What a learner's code printed, as the report of a check shows it."""

from __future__ import annotations

from course.grading.capture import captured

WARN = "import warnings\nwarnings.warn('out of date', DeprecationWarning)"


def test_what_the_sdk_itself_deprecates_is_not_shown_and_all_else_is() -> None:
    with captured() as caught:
        exec(WARN, {"__name__": "sagemaker.serve.model_builder"})
        assert caught.getvalue() == ""
        exec(WARN, {"__name__": "__main__"})
    assert caught.getvalue() == "DeprecationWarning: out of date\n"
