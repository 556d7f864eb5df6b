"""What Model Monitor's analyzer computes, compared with NumPy, pandas, SciPy and the figures that AWS's guide shows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from course.localaws.images.model_monitor import constraints, data_types, drift, kll, model_quality
from course.localaws.images.model_monitor.statistics import statistics

numbers = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=300)


def table(**columns: list) -> list[pa.RecordBatch]:
    return [pa.RecordBatch.from_arrays([pa.array(values, pa.string()) for values in columns.values()], names=list(columns))]


def described(parts: list[pa.RecordBatch], texts: tuple[str, ...] = ()) -> tuple[dict, dict]:
    return statistics(lambda: parts, texts)


def sketch(values: np.ndarray) -> kll.KllSketch:
    made = kll.KllSketch()
    made.update(values)
    return made


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([10, 2_050, 2_051, 30_000]), st.sampled_from(["normal", "few", "sorted"]))
def test_ranks_of_a_sketch_are_close(seed: int, count: int, kind: str) -> None:
    values = np.random.default_rng(seed).normal(size=count)
    values = {"normal": values, "few": values.round(), "sorted": np.sort(values)}[kind]
    made = sketch(values)
    assert sum(len(level) * 2**height for height, level in enumerate(made.levels)) == count
    assert sum(map(len, made.levels)) < 6_000
    points = np.quantile(values, np.linspace(0, 1, 21))
    exact = np.searchsorted(np.sort(values), points, side="right")
    assert np.abs(kll.ranks(made.levels, points) - exact).max() <= 0.01 * count


def test_parts_give_the_same_sketch_as_the_whole() -> None:
    values = np.random.default_rng(1).normal(size=20_000)
    made = kll.KllSketch()
    for part in np.array_split(values, 37):
        made.update(part)
    assert all(np.array_equal(one, other) for one, other in zip(made.levels, sketch(values).levels, strict=True))


@settings(max_examples=100, deadline=None)
@given(numbers, st.integers(1, 5))
def test_numerical_statistics(values: list[float], parts: int) -> None:
    batches = [batch for chunk in np.array_split(values, parts) if len(chunk) for batch in table(x=[repr(float(each)) for each in chunk])]
    content, _ = described(batches)
    [feature] = content["features"]
    found, column = feature["numerical_statistics"], pd.Series(values, dtype=float)
    assert feature["inferred_type"] == "Fractional" and content["dataset"] == {"item_count": len(values)}
    assert found["mean"] == pytest.approx(column.mean(), rel=1e-9, abs=1e-6) and found["sum"] == pytest.approx(column.sum(), abs=1e-3)
    assert found["std_dev"] == pytest.approx(column.std(ddof=0), rel=1e-6, abs=1e-6)
    assert (found["min"], found["max"]) == (column.min(), column.max())
    buckets = found["distribution"]["kll"]["buckets"]
    assert len(buckets) == 10 and sum(bucket["count"] for bucket in buckets) == len(values)
    assert found["distribution"]["kll"]["sketch"]["parameters"] == {"c": 0.64, "k": 2048.0}


@pytest.mark.parametrize(
    ("values", "kind", "missing"),
    [
        (["1", "-2", "+3", ""], "Integral", 1),
        (["1", "2.5", None], "Fractional", 1),
        (["1e-5", ".5", "5."], "Fractional", 0),
        (["1", "x"], "String", 0),
        (["1.5", "nan", "inf"], "String", 0),
        (["+1.5", "- 2"], "Fractional", 0),
        (["true", "false"], "String", 0),
        (["", None], "Unknown", 2),
        (["12345678901234567890"], "Integral", 0),
        (["9007199254740993", "1"], "Integral", 0),  # 2**53 + 1, which is no float
    ],
)
def test_types(values: list[str | None], kind: str, missing: int) -> None:
    counts, _ = data_types.parsed(pa.array(values, pa.string()))
    assert (counts.inferred, counts.missing, counts.total) == (kind, missing, len(values))


def test_numbers_before_the_first_text_are_counted_too() -> None:
    parts = [*table(code=["1", "2", "2"]), *table(code=["x", "2", None])]
    content, columns = described(parts)
    found = content["features"][0]["string_statistics"]
    assert found["common"] == {"num_present": 5, "num_missing": 1} and found["distinct_count"] == 3.0
    assert found["distribution"]["categorical"]["buckets"][0] == {"value": "2", "count": 3}
    assert constraints.suggested(columns)["features"][0]["string_constraints"] == {"domains": ["2", "1", "x"]}


def test_columns_of_other_parts_are_missing_values() -> None:
    content, _ = described([*table(a=["1", "2"]), *table(b=["x"])])
    present = {feature["name"]: next(iter(list(feature.values())[2:]))["common"] for feature in content["features"]}
    assert present == {"a": {"num_present": 2, "num_missing": 1}, "b": {"num_present": 1, "num_missing": 2}}


def test_many_distinct_values_are_estimated() -> None:
    content, _ = described(table(id=[f"flight-{number}" for number in range(50_000)]))
    found = content["features"][0]["string_statistics"]
    assert found["distinct_count"] == pytest.approx(50_000, rel=0.08) and "distribution" not in found


@settings(max_examples=60, deadline=None)
@given(numbers, numbers)
def test_the_simple_distance_is_that_of_kolmogorov_and_smirnov(one: list[float], other: list[float]) -> None:
    measured = drift.numerical_distance(sketch(np.array(one)).levels, sketch(np.array(other)).levels, drift.SIMPLE)
    assert measured == pytest.approx(ks_2samp(one, other).statistic)
    robust = drift.numerical_distance(sketch(np.array(one)).levels, sketch(np.array(other)).levels)
    n, m = len(one), len(other)
    assert robust == pytest.approx(max(0.0, measured - 1.8 * math.sqrt((n + m) / (n * m))))


def test_the_chi_squared_test_merges_rare_categories() -> None:
    baseline = {"a": 500, "b": 490, "c": 6, "d": 4}
    assert drift.chi_squared_p_value({"a": 50, "b": 50}, baseline) > 0.5
    assert drift.chi_squared_p_value({"a": 80, "b": 20}, baseline) < 1e-4
    assert math.isnan(drift.chi_squared_p_value({"x": 5}, baseline))


def test_quality_has_the_figures_of_the_guide() -> None:
    """The example of binary classification in "Model Quality Metrics": four rows, one of them positive, three predicted so."""
    rows = pd.DataFrame({"label": list("0001"), "predicted": list("0111"), "score": ["0.1", "0.6", "0.7", "0.9"]})
    variables = {
        "problem_type": "BinaryClassification",
        "ground_truth_attribute": "label",
        "inference_attribute": "predicted",
        "probability_attribute": "2",
    }
    with pytest.raises(model_quality.QualityError, match=r"probability_attribute is '2'.*'label', 'predicted', 'score'"):
        model_quality.outcomes(rows, variables)
    found = model_quality.quality("BinaryClassification", model_quality.outcomes(rows, variables | {"probability_attribute": "score"}))
    assert found["confusion_matrix"] == {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}}
    values = {name: each["value"] for name, each in found.items() if "value" in each}
    expected = {
        "recall": 1.0,
        "precision": 1 / 3,
        "accuracy": 0.5,
        "recall_best_constant_classifier": 1.0,
        "precision_best_constant_classifier": 0.25,
        "accuracy_best_constant_classifier": 0.25,
        "true_positive_rate": 1.0,
        "true_negative_rate": 1 / 3,
        "false_positive_rate": 2 / 3,
        "false_negative_rate": 0.0,
        "auc": 1.0,
        "f0_5": 0.38461538,
        "f1": 0.5,
        "f2": 0.71428571,
        "f0_5_best_constant_classifier": 0.29411765,
        "f1_best_constant_classifier": 0.4,
        "f2_best_constant_classifier": 0.625,
    }
    assert values == pytest.approx(expected)
    assert {each["standard_deviation"] for each in found.values() if "value" in each} == {"NaN"}  # fewer than 200 rows


def test_thresholds_and_classes_of_other_spellings() -> None:
    rows = pd.DataFrame({"_c0": ["1.0", "0", "True", None], "_c1": ["0.9", "0.2", "0.4", "0.8"]})
    variables = {"problem_type": "BinaryClassification", "ground_truth_attribute": "0", "probability_attribute": "1"}
    assert list(model_quality.outcomes(rows, variables).predictions) == ["1", "0", "0"]
    lower = model_quality.outcomes(rows, variables | {"probability_threshold_attribute": "0.3"})
    assert list(lower.labels) == ["1", "0", "1"] and list(lower.predictions) == ["1", "0", "1"]


@pytest.mark.parametrize("problem", ["Regression", "MulticlassClassification"])
def test_a_worse_model_violates_the_constraints_of_a_better_one(problem: str) -> None:
    random = np.random.default_rng(5)
    labels = random.integers(0, 4, 400)
    noisy = np.where(random.random(400) < 0.5, random.integers(0, 4, 400), labels)
    variables = {"problem_type": problem, "ground_truth_attribute": "label", "inference_attribute": "predicted"}

    def measured(predictions: np.ndarray) -> dict:
        rows = pd.DataFrame({"label": labels.astype(str), "predicted": predictions.astype(str)})
        return model_quality.quality(problem, model_quality.outcomes(rows, variables))

    good, bad = measured(np.where(random.random(400) < 0.1, 0, labels)), measured(noisy)
    baseline = model_quality.suggested(problem, good)
    assert not list(model_quality.violations(problem, good, baseline))
    found = {each["metric_name"]: each for each in model_quality.violations(problem, bad, baseline)}
    name = "rmse" if problem == "Regression" else "weighted_f1"
    value, deviation = bad[name]["value"], bad[name]["standard_deviation"]
    operator = found[name]["constraint_check_type"]
    assert operator == ("GreaterThanThreshold" if problem == "Regression" else "LessThanThreshold") and deviation > 0
    assert found[name]["description"] == f"Metric {name} with {value} +/- {deviation} was {operator} '{good[name]['value']}'"
