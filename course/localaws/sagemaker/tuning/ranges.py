"""Turns the ranges of a tuning job's request into a search space, with AWS's checks."""

from __future__ import annotations

import math
from collections.abc import Iterable

from course.localaws.core.errors import invalid
from course.localaws.sagemaker.tuning.strategies.space import Categorical, Numeric, Parameter, Space, automatic

MOST_HYPERPARAMETERS = 100  # static and tunable together; "Define Hyperparameter Ranges" in the developer guide, read 2026-11-25


def space_of(ranges: dict, static: dict[str, str]) -> Space:
    """The space of ``ParameterRanges``.

    Parameters
    ----------
    ranges : dict
        The member of the request.
    static : dict
        ``StaticHyperParameters``, none of which may also be searched.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    parameters = (
        *(_integer(each) for each in ranges.get("IntegerParameterRanges", [])),
        *(_continuous(each) for each in ranges.get("ContinuousParameterRanges", [])),
        *(_categorical(each) for each in ranges.get("CategoricalParameterRanges", [])),
    )
    names = [parameter.name for parameter in parameters]
    if not names:
        raise invalid("A hyperparameter tuning job needs a range of at least one hyperparameter to search.")
    if doubled := sorted({name for name in names if names.count(name) > 1} | set(names) & set(static)):
        raise invalid(f"Each hyperparameter may be given once, as static or by one range; given more often: {', '.join(doubled)}.")
    if len(names) + len(static) > MOST_HYPERPARAMETERS:
        raise invalid(
            f"There may be {MOST_HYPERPARAMETERS} static and tunable hyperparameters together; there are {len(names) + len(static)}."
        )
    return Space(parameters)


def check_combinations(spaces: Iterable[Space], strategy: str, most: int | None) -> None:
    """Check that there are enough combinations for the training jobs.

    Raises
    ------
    AwsError
        ``ValidationException`` in the words of https://github.com/aws/amazon-sagemaker-operator-for-k8s/issues/123; for ``Grid`` by the
        developer guide ("How Hyperparameter Tuning Works").
    """
    spaces = list(spaces)
    count = sum(space.count for space in spaces)
    if strategy == "Grid":
        if any(isinstance(parameter, Numeric) for space in spaces for parameter in space.parameters):
            raise invalid("Only categorical hyperparameter ranges are supported with the Grid strategy.")
        if most not in (None, count):
            raise invalid(
                "With the Grid strategy MaxNumberOfTrainingJobs must equal the number of distinct combinations of hyperparameter values, "
                f"which is {count}, or be left out; it is {most}."
            )
    elif most is not None and count < most:
        raise invalid(
            "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter combinations for the provided "
            f"ranges [{float(count)}] must be equal or greater than the value of MaxNumberOfJobs, [{most}]. Provide additional ranges."
        )


def _integer(given: dict) -> Parameter:
    name = given["Name"]
    try:
        low, high = int(given["MinValue"]), int(given["MaxValue"])
    except ValueError:
        raise invalid(f"MinValue and MaxValue of the integer range {name} must be integers; {_ends(given)}.") from None
    return Numeric(name, low, high, _scaling(given, low, high, integer=True), integer=True)


def _continuous(given: dict) -> Parameter:
    name = given["Name"]
    try:
        low, high = float(given["MinValue"]), float(given["MaxValue"])
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high)):
        raise invalid(f"MinValue and MaxValue of the continuous range {name} must be numbers; {_ends(given)}.")
    return Numeric(name, low, high, _scaling(given, low, high, integer=False))


def _categorical(given: dict) -> Parameter:
    values = given["Values"]
    if len(values) != len(set(values)):
        raise invalid(f"The values of the categorical range {given['Name']} must be distinct; got {', '.join(values)}.")
    return Categorical(given["Name"], tuple(values))


def _scaling(given: dict, low: float, high: float, integer: bool) -> str:
    name, scaling = given["Name"], given.get("ScalingType", "Auto")
    if low > high:
        raise invalid(f"MinValue of the range {name} must not be above MaxValue; {_ends(given)}.")
    if scaling == "Auto":
        return automatic(low, high, integer)
    if scaling == "Logarithmic" and low <= 0:
        raise invalid(f"Logarithmic scaling works only for ranges of values above 0; {_ends(given)} ({name}).")
    if scaling == "ReverseLogarithmic" and integer:
        raise invalid(f"ReverseLogarithmic scaling is not supported for integer ranges ({name}).")
    if scaling == "ReverseLogarithmic" and not (low >= 0 and high < 1):
        raise invalid(f"ReverseLogarithmic scaling works only for ranges within 0 <= x < 1; {_ends(given)} ({name}).")
    return scaling


def _ends(given: dict) -> str:
    return f"they are {given['MinValue']} and {given['MaxValue']}"
