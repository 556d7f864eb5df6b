from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.training.metric_definitions import MetricScanner


def test_the_first_group_is_the_value() -> None:
    scanner = MetricScanner([{"Name": "loss", "Regex": r"loss=(\S+)"}, {"Name": "auc", "Regex": r"auc: ([0-9.]+)"}])
    assert list(scanner.scan("epoch 1 loss=0.5 auc: 0.75")) == [("loss", 0.5), ("auc", 0.75)]
    assert list(scanner.scan("nothing here")) == []


@pytest.mark.parametrize("text", ["nan", "inf", "abc", "0.5,"])
def test_numbers_that_are_not_finite_are_skipped(text: str) -> None:
    assert list(MetricScanner([{"Name": "loss", "Regex": r"loss=(\S+)"}]).scan(f"loss={text}")) == []


def test_an_optional_group_that_matched_nothing() -> None:
    assert list(MetricScanner([{"Name": "loss", "Regex": r"loss(=\d+)?"}]).scan("loss")) == []


@pytest.mark.parametrize("regex", ["loss=(", "loss=.*", "*"])
def test_expressions_that_give_no_value(regex: str) -> None:
    with pytest.raises(AwsError, match="ValidationException"):
        MetricScanner([{"Name": "loss", "Regex": regex}])


@given(st.floats(allow_nan=False, allow_infinity=False), st.text())
def test_any_number_is_read_back(value: float, rest: str) -> None:
    [(name, found)] = MetricScanner([{"Name": "m", "Regex": r"^m=(\S+)"}]).scan(f"m={value!r} {rest}")
    assert name == "m" and math.isclose(found, value)
