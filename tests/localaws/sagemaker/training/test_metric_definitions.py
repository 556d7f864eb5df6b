from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.core.regular_expressions import RegularExpressions
from course.localaws.sagemaker.training import metric_definitions
from course.localaws.sagemaker.training.metric_definitions import MetricScanner
from tests import by_day

# From the documentation and examples of the SageMaker SDK, of Hugging Face's and of AWS's notebooks; the last two need lookarounds and a
# backreference, which engines without backtracking lack.
PUBLIC = [
    ("validation:auc=(.*?);", "train:auc=0.8;validation:auc=0.75;", 0.75),
    (r"#quality_metric: host=\S+, train binary_f_beta <score>=(\S+)", "#quality_metric: host=algo-1, train binary_f_beta <score>=0.5", 0.5),
    (r".*\[[0-9]+\].*#011validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*", "[3]#011train-auc:1#011validation-auc:0.625", 0.625),
    (r"'loss': ([0-9]+(.|e\-)[0-9]+),?", "{'loss': 0.25, 'epoch': 1}", 0.25),
    (r"\* Acc@1 ([0-9\.]+)", " * Acc@1 71.5", 71.5),
    (r"(?i)Test Loss\s*[:=]\s*(?P<value>[\d.]+)", "test loss = 3.5", 3.5),
    (r"(?<=ROUGE: )(\d+)(?= of)", "ROUGE: 12 of 20", 12.0),
    (r"(?:(['\"])f1\1): (?=\d)(\d)", "'f1': 1", None),
]


SLOW = ("(a|aa)+$", "(.*a){25}b", r"(\w*)*\d", r"^(([a-z])+.)+[A-Z]([a-z])+$")


@pytest.fixture(scope="module")
def expressions() -> Iterator[RegularExpressions]:
    one = RegularExpressions()
    yield one
    one.shutdown()


def scanner(expressions: RegularExpressions, **definitions: str) -> MetricScanner:
    return MetricScanner([{"Name": name, "Regex": regex} for name, regex in definitions.items()], expressions)


def test_the_first_group_is_the_value(expressions) -> None:
    one = scanner(expressions, loss=r"loss=(\S+)", auc=r"auc: ([0-9.]+)")
    lines = ["epoch 1 loss=0.5 auc: 0.75", "nothing here", "loss=0.25"]
    assert one.scan(lines) == [("loss", 0.5), ("auc", 0.75), ("loss", 0.25)]


@pytest.mark.parametrize(("regex", "line", "value"), PUBLIC)
def test_expressions_of_public_programs(expressions, regex, line, value) -> None:
    metric_definitions.check([{"Name": "m", "Regex": regex}], expressions)
    assert scanner(expressions, m=regex).scan([line]) == ([] if value is None else [("m", value)])


@pytest.mark.parametrize("text", ["nan", "inf", "abc", "0.5,"])
def test_numbers_that_are_not_finite_are_skipped(expressions, text: str) -> None:
    assert scanner(expressions, loss=r"loss=(\S+)").scan([f"loss={text}"]) == []


def test_an_optional_group_that_matched_nothing(expressions) -> None:
    assert scanner(expressions, loss=r"loss(=\d+)?").scan(["loss"]) == []


@pytest.mark.parametrize("regex", ["loss=(", "loss=.*", "*", "a{99999999999}(b)"])
def test_expressions_that_give_no_value(expressions, regex: str) -> None:
    with pytest.raises(AwsError, match="ValidationException"):
        metric_definitions.check([{"Name": "loss", "Regex": regex}], expressions)


@given(st.floats(allow_nan=False, allow_infinity=False), st.text())
def test_any_number_is_read_back(expressions, value: float, rest: str) -> None:
    [(name, found)] = scanner(expressions, m=r"^m=(\S+)").scan([f"m={value!r} {rest}"])
    assert name == "m" and math.isclose(found, value)


# Each costs a second of processor time, so most run at night.
@pytest.mark.parametrize("regex", by_day.first(["^(a+)+$", *SLOW], 1))
def test_an_expression_that_backtracks_without_end_is_dropped_alone(expressions, regex: str) -> None:
    one = scanner(expressions, slow=regex, loss=r"loss=(\S+)")
    assert one.scan(["a" * 4000 + "! loss=0.5"]) == [("loss", 0.5)]
    assert one.dropped == ["slow"]
    assert one.scan(["loss=0.25"]) == [("loss", 0.25)]


def test_many_slow_lines_end(expressions, monkeypatch) -> None:
    monkeypatch.setattr(metric_definitions, "JOB_SECONDS", 0.5)
    one = scanner(expressions, slow=".*.*x(.*)")
    lines = ["a" * 200] * metric_definitions.AT_ONCE * 10_000  # as many as would take an hour
    assert one.scan(lines) == []
    assert one.dropped == ["slow"]
