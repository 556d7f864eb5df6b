"""`nbgrader validate` with the course's words: what it checked are practice cases."""

from __future__ import annotations

from nbgrader.apps import validateapp
from nbgrader.validator import Validator

# Also in course/lab_settings/labextensions, for the Validate button.
SUCCESS = (
    "The practice cases of this notebook hold. Unseen cases were not tested. Run judge(...) in the notebook to test them, "
    "or wait for your instructor's grading."
)


class PracticeValidator(Validator):
    """Says on success what was not tested. nbgrader's own says that the notebook passes all the tests."""

    def _print_num_failed(self, num_failed: int) -> None:
        if num_failed:
            super()._print_num_failed(num_failed)
        else:
            self.stream.write(f"{SUCCESS}\n")


def install() -> None:
    """Make `nbgrader validate` use it in this process; nbgrader has no setting for the class."""
    validateapp.Validator = PracticeValidator
