"""All types of steps that run here. To add one, add its module here."""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.steps import (
    callback,
    checks,
    clarify_checks,
    cleanup,
    control_flow,
    deployment,
    for_each,
    functions,
    jobs,
    lineage,
    models,
)
from course.localaws.sagemaker.pipelines.steps.step_type import StepType

_MODULES = (jobs, checks, clarify_checks, models, control_flow, for_each, functions, callback, deployment, lineage, cleanup)
TYPES: dict[str, StepType] = {name: kind for module in _MODULES for name, kind in module.TYPES.items()}
"""Type of a step in a definition -> how it runs."""
