"""Makes the course's pandas and scikit-learn do what AWS's older ones do where programs would notice, in each Python process of the image.

- ``pandas.get_dummies`` writes 0 and 1 where AWS's image has pandas 1; since pandas 2 its default are False and True, which XGBoost's image
  refuses in CSV. It says so in the log when a program takes the default.
- A pickled estimator names AWS's release, as on AWS, and one that a newer scikit-learn pickled is refused: AWS's cannot read it.

Packages that the job installed are left alone. The image's catalogue entry names this module as its ``startup``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from course.localaws.images.shared.after_import import after_import

DTYPE = 7  # the place of `dtype` among the parameters of get_dummies


class NewerPickleError(Exception):
    """An estimator was pickled by a newer scikit-learn than AWS's image has."""


def install(version: str, libraries: dict[str, str], course: list[str]) -> None:
    """Change what this process may import. See `course.localaws.images.Image.startup` for the parameters."""

    def of_the_course(change: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        return lambda module: change(module) if any(Path(module.__file__).is_relative_to(folder) for folder in course) else None

    if int(libraries["pandas"].split(".")[0]) < 2:
        after_import("pandas.core.reshape.encoding", of_the_course(lambda module: _write_numbers(module, libraries["pandas"])))
    after_import("sklearn.base", of_the_course(lambda module: _pickle_as(module, libraries["scikit-learn"], version)))


def _write_numbers(encoding: ModuleType, theirs: str) -> None:
    original, said = encoding.get_dummies, []

    @functools.wraps(original)
    def get_dummies(*arguments: object, **named: object) -> object:
        if len(arguments) <= DTYPE and named.get("dtype") is None:
            named["dtype"] = "uint8"
            if not said:
                said.append(True)
                print(
                    f"[local AWS] pandas.get_dummies writes 0 and 1, as pandas {theirs} of AWS's image does. This image has pandas "
                    f"{sys.modules['pandas'].__version__} here, whose own default are False and True.",
                    file=sys.stderr,
                    flush=True,
                )
        return original(*arguments, **named)

    encoding.get_dummies = get_dummies


def _pickle_as(base: ModuleType, theirs: str, version: str) -> None:
    unpickle = base.BaseEstimator.__setstate__
    base.__version__ = theirs

    def set_state(self: object, state: dict) -> None:
        written = state.get("_sklearn_version", "") if isinstance(state, dict) else ""
        if written and _minor(written) > _minor(theirs):
            raise NewerPickleError(
                f"{type(self).__name__} was pickled by scikit-learn {written}, which is newer than scikit-learn {theirs} of the image "
                f"sagemaker-scikit-learn:{version}; on AWS it does not read that. Train in a job of this image, or serve in a newer one."
            )
        unpickle(self, state)

    base.BaseEstimator.__setstate__ = set_state


def _minor(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:2]]
