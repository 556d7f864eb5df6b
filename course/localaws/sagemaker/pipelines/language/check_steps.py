"""Checks the members of the steps that check data or a model: QualityCheck and ClarifyCheck.

Source: ``quality_check_step.py``, ``clarify_check_step.py`` and ``_check_job_request.py`` of `sagemaker-mlops` 1.27, and the modules of the
same names in SDK v2 2.257; read 2026-11-28. The texts are the local AWS's own.
"""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.language.definition import Step
from course.localaws.sagemaker.pipelines.language.expressions import function_of
from course.localaws.sagemaker.pipelines.language.faults import require
from course.localaws.sagemaker.pipelines.language.references import References

DATA_BIAS, MODEL_BIAS, MODEL_EXPLAINABILITY = "DATA_BIAS", "MODEL_BIAS", "MODEL_EXPLAINABILITY"
DATA_QUALITY, MODEL_QUALITY = "DATA_QUALITY", "MODEL_QUALITY"
CHECK_TYPES = {"QualityCheck": (DATA_QUALITY, MODEL_QUALITY), "ClarifyCheck": (DATA_BIAS, MODEL_BIAS, MODEL_EXPLAINABILITY)}
WITH_MODEL = (MODEL_BIAS, MODEL_EXPLAINABILITY)
ANALYSIS_CONFIG = "analysis_config"  # the name of an input
FLAGS = {"SkipCheck": False, "FailOnViolation": True, "RegisterNewBaseline": False}  # with the SDKs' defaults
_COMMON = ("ModelPackageGroupName", "SuppliedBaselineConstraints")
TEXTS = {"QualityCheck": (*_COMMON, "SuppliedBaselineStatistics"), "ClarifyCheck": (*_COMMON, "ModelName")}


def members(kind: str) -> tuple[str, ...]:
    """The members that a step of type ``kind`` has beside those of any step."""
    return ("CheckType", *FLAGS, *TEXTS[kind])


def check(step: Step, references: References) -> None:
    """Check the members and the output of a step of these types; any other step is left alone. Raises AwsError."""
    if step.type not in CHECK_TYPES:
        return
    document, kind = step.document, step.document.get("CheckType")
    allowed = CHECK_TYPES[step.type]
    require(kind in allowed, f"{step.place}.CheckType", f"'{kind}' is not one of {', '.join(allowed)}")
    for name in FLAGS:
        fits = _is(document.get(name), bool, "Boolean", references)
        require(fits, f"{step.place}.{name}", "it must be true, false or a function whose value is a Boolean")
    for name in TEXTS[step.type]:
        fits = _is(document.get(name), str, "String", references)
        require(fits, f"{step.place}.{name}", "it must be text or a function whose value is text")
    _check_output(step)
    if step.type == "ClarifyCheck":
        _check_analysis(step)


def _is(value: object, kind: type, name: str, references: References) -> bool:
    """Whether a member is absent, a plain value of a type, or a function whose value may be of that type."""
    if function_of(value):
        return references.type_of(value) in (name, None)
    return value is None or isinstance(value, kind)


def _check_output(step: Step) -> None:
    outputs = (step.arguments.get("ProcessingOutputConfig") or {}).get("Outputs") or []
    fits = len(outputs) == 1 and ((outputs[0] or {}).get("S3Output") or {}).get("S3Uri")
    place = f"{step.place}.Arguments.ProcessingOutputConfig"
    require(fits, place, f"a {step.type} step needs one output in S3, to which its job writes the baseline")


def _check_analysis(step: Step) -> None:
    kind = step.document["CheckType"]
    require(kind not in WITH_MODEL or step.document.get("ModelName"), step.place, f"a check of type {kind} needs ModelName")
    inputs = [(each or {}).get("InputName") for each in step.arguments.get("ProcessingInputs") or []]
    place = f"{step.place}.Arguments.ProcessingInputs"
    require(ANALYSIS_CONFIG in inputs, place, f"a ClarifyCheck step needs the input {ANALYSIS_CONFIG}")
