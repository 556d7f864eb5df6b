"""All types of steps that run here. To add one, add its module here."""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.steps import control_flow, for_each, jobs, models
from course.localaws.sagemaker.pipelines.steps.step_type import StepType

TYPES: dict[str, StepType] = jobs.TYPES | models.TYPES | control_flow.TYPES | for_each.TYPES
"""Type of a step in a definition -> how it runs."""
