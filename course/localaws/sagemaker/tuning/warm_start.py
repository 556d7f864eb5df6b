"""Warm start: the observations that a tuning job takes over from earlier ones, and AWS's checks.

Source of the rules: "Run a Warm Start Hyperparameter Tuning Job" in the SageMaker developer guide
(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html), read 2026-11-25. It is not recursive: a parent
contributes its own training jobs, not those of its parents.
"""

from __future__ import annotations

from collections.abc import Sequence

from course.localaws.core.errors import invalid
from course.localaws.sagemaker.tuning.plan import TuningPlan, plans_of
from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation
from course.localaws.sagemaker.tuning.strategies.space import Categorical, Numeric, Parameter
from course.localaws.sagemaker.tuning.training_jobs import METRIC

ENDED = ("Completed", "Failed", "Stopped")
MOST_CHANGES = 10
IDENTICAL = "IdenticalDataAndAlgorithm"


def check(parents: Sequence[dict], kind: str, plans: Sequence[TuningPlan]) -> None:
    """Check that a tuning job may start from its parents.

    Parameters
    ----------
    parents : sequence of dict
        The descriptions of the parents.
    kind : str
        ``WarmStartType``.
    plans : sequence of TuningPlan
        Of the new tuning job.

    Raises
    ------
    AwsError
        ``ValidationException``.
    """
    for parent in parents:
        name, status = parent["HyperParameterTuningJobName"], parent["HyperParameterTuningJobStatus"]
        if status not in ENDED:
            raise invalid(f"The parent hyperparameter tuning job {name} is {status}; a parent must be Completed, Failed or Stopped.")
        earlier = {plan.name: plan for plan in plans_of(parent)}
        for plan in plans:
            if plan.name not in earlier:
                raise invalid(f"The parent hyperparameter tuning job {name} has no training job definition {plan.name!r}.")
            _check_plan(name, earlier[plan.name], plan)
            if kind == IDENTICAL:
                _check_identical(name, earlier[plan.name], plan)


def observations_of(parent: dict, plan: TuningPlan, kind: str) -> list[LossObservation]:
    """A parent's observations of the combinations of a plan.

    A hyperparameter that was static there and is tunable here keeps its static value. With transfer learning, the losses belong to the
    parent's objective, so they only rank the parent's combinations.
    """
    [earlier] = [each for each in plans_of(parent) if each.name == plan.name]
    source = "" if kind == IDENTICAL else parent["HyperParameterTuningJobName"]
    return [
        LossObservation({**earlier.static, **trial["TunedHyperParameters"]}, plan.loss(trial[METRIC]["Value"]), source)
        for trial in parent["_trials"]
        if trial["ObjectiveStatus"] == "Succeeded" and trial.get("TrainingJobDefinitionName", plan.name) == plan.name
    ]


def _check_plan(parent: str, earlier: TuningPlan, plan: TuningPlan) -> None:
    if earlier.objective != plan.objective:
        raise invalid(
            f"The objective metric must be that of the parent hyperparameter tuning job {parent}, {_objective_text(earlier.objective)}; "
            f"it is {_objective_text(plan.objective)}."
        )
    before, now = _kinds(earlier), _kinds(plan)
    if len(before) != len(now):
        raise invalid(
            f"The number of static and tunable hyperparameters must be that of the parent hyperparameter tuning job {parent}, "
            f"{len(before)}; it is {len(now)}."
        )
    for name, kind in now.items():
        if name not in before:
            raise invalid(f"The parent hyperparameter tuning job {parent} has no hyperparameter {name}.")
        if "static" not in (kind, before[name]) and kind != before[name]:
            raise invalid(f"The type of the hyperparameter {name} must not change: it was {before[name]} in {parent} and is {kind}.")
    if (changes := _changes(earlier, plan)) > MOST_CHANGES:
        raise invalid(
            f"From {parent} there are {changes} changes of tunable hyperparameters to static ones and of static values; "
            f"there may be {MOST_CHANGES}. Each value of a categorical hyperparameter counts."
        )


def _check_identical(parent: str, earlier: TuningPlan, plan: TuningPlan) -> None:
    images = [each.definition["AlgorithmSpecification"].get("TrainingImage") for each in (earlier, plan)]
    if images[0] != images[1]:
        raise invalid(f"With {IDENTICAL} the training image must be that of {parent}, {images[0]}; it is {images[1]}.")
    # Compare only the channels' names: the same data may be stored elsewhere (tests/integ/test_tuner.py of SDK v2 uploads it every time).
    channels = [sorted(channel["ChannelName"] for channel in each.definition.get("InputDataConfig", [])) for each in (earlier, plan)]
    if channels[0] != channels[1]:
        raise invalid(f"With {IDENTICAL} the input data must be that of the parent hyperparameter tuning job {parent}, {channels[0]}.")


def _kinds(plan: TuningPlan) -> dict[str, str]:
    return dict.fromkeys(plan.static, "static") | {parameter.name: _kind(parameter) for parameter in plan.space.parameters}


def _kind(parameter: Parameter) -> str:
    if isinstance(parameter, Categorical):
        return "categorical"
    return "integer" if parameter.integer else "continuous"


def _changes(earlier: TuningPlan, plan: TuningPlan) -> int:
    """The number of tunable hyperparameters that became static, and of static values that changed.

    A categorical one counts once for each of its values. In the guide's example, a changed static value counts as two values.
    """
    tunable = {parameter.name: parameter for parameter in earlier.space.parameters}
    fixed = [tunable[name] for name in plan.static if name in tunable]
    changed = [name for name, value in plan.static.items() if earlier.static.get(name, value) != value]
    return sum(1 if isinstance(parameter, Numeric) else len(parameter.values) for parameter in fixed) + 2 * len(changed)


def _objective_text(objective: dict) -> str:
    return f"{objective['Type']} {objective['MetricName']}"
