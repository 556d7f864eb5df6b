"""What a learner's function writes is captured, without what the SDK's own code says of itself."""

from __future__ import annotations

import types
import warnings

from course.grading.capture import captured

SDK = """
import warnings

def of_the_sdk():
    warnings.warn("of the SDK itself", DeprecationWarning)

def of_the_caller():
    warnings.warn("of its caller", DeprecationWarning, stacklevel=2)
"""


def test_deprecations_inside_the_sdk_are_not_the_learners() -> None:
    module = types.ModuleType("sagemaker.serve.model_builder")
    exec(SDK, vars(module))
    with captured() as output:
        module.of_the_sdk()
        module.of_the_caller()
        warnings.warn("role fallback", stacklevel=1)
    assert output.getvalue() == "DeprecationWarning: of its caller\nUserWarning: role fallback\n"
