"""SHAP values equal those of the library, add up to predictions, and baselines and partial dependence are what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.images.clarify import dependence, shap_values
from course.localaws.images.clarify.configuration import ConfigError, Pdp, Shap, parse
from course.localaws.images.clarify.shap_values import Codes
from tests.localaws.sagemaker.job_fixtures import needs_clarify

FEW = settings(deadline=None, max_examples=8)


def table(seed: int, rows: int, columns: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({f"x{number}": random.normal(size=rows).round(3) for number in range(columns)})


def model(rows: pd.DataFrame) -> np.ndarray:
    """Two outputs with interactions."""
    numbers = rows.to_numpy(float)
    score = numbers[:, 0] * 2 - numbers[:, 1] * numbers[:, -1] + np.sin(numbers.sum(axis=1))
    return np.column_stack([1 / (1 + np.exp(-score)), score**2])


@needs_clarify
@FEW
@given(st.integers(0, 1_000), st.integers(2, 5), st.integers(1, 3))
def test_values_equal_shaps_and_add_up(seed: int, columns: int, backgrounds: int) -> None:
    import shap

    inputs, baseline = table(seed, 4, columns), table(seed + 1, backgrounds, columns)
    found = shap_values.explain(inputs, baseline, Shap(num_samples=50, seed=seed), model, [])
    np.random.seed(seed)
    explainer = shap.KernelExplainer(lambda rows: model(pd.DataFrame(rows)), baseline.to_numpy())
    expected = explainer.shap_values(inputs.to_numpy(), nsamples=50, l1_reg=0, silent=True)
    np.testing.assert_allclose(found.local, expected, atol=1e-8)
    np.testing.assert_allclose(found.expected, model(baseline).mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.local.sum(axis=1) + found.expected, model(inputs), atol=1e-8)
    np.testing.assert_allclose(found.combined, np.abs(expected).mean(axis=0), atol=1e-8)


@needs_clarify
@pytest.mark.parametrize("rows", [1, 41])
def test_many_rows_are_asked_about_together(rows: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    inputs, baseline, asked = table(1, rows, 5), table(2, 2, 5), []
    monkeypatch.setattr(shap_values, "MOST_ASKED", 20 * 2 * 2**5)  # twenty rows at a time, the last one alone
    monkeypatch.setattr(shap_values, "SAYS", 0.0)

    def counted(numbers: pd.DataFrame) -> np.ndarray:
        asked.append(len(numbers))
        return model(numbers)

    found = shap_values.explain(inputs, baseline, Shap(), counted, [])
    np.testing.assert_allclose(found.local.sum(axis=1) + found.expected, model(inputs), atol=1e-8)
    assert len(asked) <= 6  # the baseline, two batches, and two questions about a row alone
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(";")[0] for line in lines] == ([f"Explained {done} of 41 rows" for done in (20, 40)] if rows > 1 else [])


@needs_clarify
def test_values_of_texts_and_missing_values() -> None:
    """The model gets values as they are in the data, of instance or baseline."""
    inputs = pd.DataFrame({"n": [1, 2], "t": ["a", None], "f": [0.5, np.nan]})
    baseline = pd.DataFrame({"n": [7], "t": ["z"], "f": [9.0]})
    seen: set[tuple[Any, ...]] = set()

    def weigh(rows: pd.DataFrame) -> np.ndarray:
        for row in rows.itertuples(index=False):
            seen.add(tuple(None if pd.isna(value) else value for value in row))
        return ((rows["t"] == "a") * 4.0 + rows["n"].isin([1, 2]) * 1.0).to_numpy(float)[:, None]

    found = shap_values.explain(inputs, baseline, Shap(), weigh, ["score"])
    np.testing.assert_allclose(found.local[:, :, 0], [[1, 4, 0], [1, 0, 0]], atol=1e-9)
    assert {row[0] for row in seen} <= {1, 2, 7} and {row[1] for row in seen} <= {"a", None, "z"}
    assert found.as_json() == {
        "score": {"global_shap_values": {"n": pytest.approx(1), "t": pytest.approx(2), "f": pytest.approx(0)}, "expected_value": 0.0}
    }
    assert list(found.table().columns) == ["n_score", "t_score", "f_score"] and found.largest(2) == ["t", "n"]


VALUES = st.one_of(st.none(), st.integers(-3, 3), st.floats(allow_nan=False), st.sampled_from(["a", "b", ""]))


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8), st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=3))
def test_codes_lose_nothing(rows: list[tuple[Any, Any]], background: list[tuple[Any, Any]]) -> None:
    inputs, baseline = (pd.DataFrame(part, columns=["a", "b"], dtype=object) for part in (rows, background))
    codes = Codes(inputs, baseline)
    for encoded, original in zip(codes.encoded, (inputs, baseline), strict=True):
        decoded = codes.decode(encoded)
        assert ((decoded == original) | (decoded.isna() & original.isna())).all(axis=None)
    assert codes.encoded[1].max() < len(baseline)


@needs_clarify
def test_log_odds_add_up_to_those_of_the_prediction() -> None:
    inputs, baseline = table(0, 3, 3), table(1, 1, 3)
    found = shap_values.explain(inputs, baseline, Shap(use_logit=True, agg_method="median"), lambda rows: model(rows)[:, :1], [])
    odds = model(inputs)[:, 0] / (1 - model(inputs)[:, 0])
    np.testing.assert_allclose(found.local[:, :, 0].sum(axis=1) + found.expected, np.log(odds), atol=1e-8)
    np.testing.assert_allclose(found.combined[:, 0], np.median(found.local[:, :, 0], axis=0))
    with pytest.raises(ConfigError, match="use_logit"):
        shap_values.explain(inputs, baseline, Shap(use_logit=True), model, [])


@needs_clarify
def test_headers_must_be_as_many_as_outputs() -> None:
    with pytest.raises(ConfigError, match="3 elements, but the model answers 2 scores"):
        shap_values.explain(table(0, 1, 2), table(1, 1, 2), Shap(), model, ["a", "b", "c"])


def settings_of(baseline: Any, kind: str = "text/csv", **members: Any) -> Any:
    predictor = {"endpoint_name": "e", "content_type": "text/csv"}
    return parse(json.dumps({"dataset_type": kind, "methods": {"shap": {"baseline": baseline}}, "predictor": predictor} | members))


@pytest.mark.parametrize(
    ("baseline", "members"),
    [
        ([[1, "a"], [2, "b"]], {}),
        ([{"n": 1, "t": "a"}, {"n": 2, "t": "b"}], {}),
        ([{"f": [1, "a"]}, {"f": [2, "b"]}], {"kind": "application/jsonlines", "features": "f"}),
        ({"rows": [[1, "a"], [2, "b"]]}, {"kind": "application/json", "features": "rows"}),
        ("with.csv", {}),
        ("without.csv", {}),
        ("lines.jsonl", {"kind": "application/jsonlines", "features": "f"}),
        ("all.json", {"kind": "application/json", "features": "rows"}),
    ],
)
def test_a_baseline_in_each_form(tmp_path: Path, baseline: Any, members: dict[str, Any]) -> None:
    (tmp_path / "with.csv").write_text("t,n\na,1\nb,2\n")
    (tmp_path / "without.csv").write_text("1,a\n2,b\n")
    (tmp_path / "lines.jsonl").write_text('{"f": [1, "a"]}\n{"f": [2, "b"]}\n')
    (tmp_path / "all.json").write_text('{"rows": [[1, "a"], [2, "b"]]}')
    found = shap_values.given_baseline(settings_of(baseline, **members), ["n", "t"], lambda uri: tmp_path / uri)
    assert (list(found.columns), found.to_numpy().tolist()) == (["n", "t"], [[1, "a"], [2, "b"]])


@pytest.mark.parametrize("baseline", [[[1]], [1], [[1, 2], [1]], [{"n": 1}, [2]]])
def test_a_baseline_of_another_form_is_a_fault(baseline: Any) -> None:
    with pytest.raises(ConfigError, match="methods.shap.baseline"):
        shap_values.given_baseline(settings_of(baseline), ["n", "t"], Path)


@pytest.mark.parametrize(("count", "rows"), [(None, 3), (2, 2), (1, 1), (50, 15)])
def test_a_baseline_of_clusters(count: int | None, rows: int) -> None:
    """Three groups, of five different rows each."""
    inputs = pd.DataFrame({"n": [place + number for place in (0, 100, 200) for number in range(5)], "t": list("aaaaabbbbbccccc")})
    found = shap_values.clustered_baseline(inputs, count, seed=0)
    assert len(found) == rows and list(found.columns) == ["n", "t"]
    if rows == 3:
        assert sorted(found.to_numpy().tolist()) == [[2.0, "a"], [102.0, "b"], [202.0, "c"]]
    assert len(shap_values.clustered_baseline(inputs.iloc[[0] * 4], None, None)) == 1


@FEW
@given(st.integers(0, 100), st.integers(2, 20))
def test_partial_dependence_is_the_mean_of_changed_rows(seed: int, resolution: int) -> None:
    inputs = table(seed, 30, 3).assign(kind=["a", "b", "a"] * 10)

    def weigh(rows: pd.DataFrame) -> np.ndarray:
        return np.column_stack([rows["x0"].astype(float) ** 2 + (rows["kind"] == "a"), rows["x1"].astype(float)])

    numbers, texts = dependence.dependence(inputs, ["x0", "kind"], Pdp(None, resolution), weigh)
    assert (numbers["data_type"], len(numbers["feature_values"])) == ("numerical", resolution)
    share = (inputs["kind"] == "a").mean()
    np.testing.assert_allclose(numbers["model_predictions"][0], np.square(numbers["feature_values"]) + share)
    np.testing.assert_allclose(numbers["model_predictions"][1], [inputs["x1"].mean()] * resolution)
    assert sum(numbers["data_distribution"]) == pytest.approx(1)
    assert (texts["data_type"], texts["feature_values"]) == ("categorical", ["a", "b"])
    assert texts["data_distribution"] == pytest.approx([2 / 3, 1 / 3])
    first, second = texts["model_predictions"][0]
    assert first - second == pytest.approx(1)


def test_a_feature_without_a_curve_says_why() -> None:
    words = [f"word {number}" for number in range(40)]
    inputs = pd.DataFrame({"none": pd.Series([None] * 80, dtype=object), "text": words * 2, "comment": words + list("ab" * 20)})

    def weigh(rows: pd.DataFrame) -> np.ndarray:
        return np.ones((len(rows), 1))

    none, text, comment = dependence.dependence(inputs, list(inputs), Pdp(None, 5), weigh)
    assert none == {"feature_name": "none", "data_type": "categorical", "error": "The feature has no values"}
    assert text["data_type"] == "categorical" and len(text["feature_values"]) == 40  # each of them twice
    assert comment == {"feature_name": "comment", "data_type": "free_text", "error": dependence.UNSUPPORTED}
    assert dependence.grid(pd.Series(list("abcdefg")), 5)[0] == "categorical"  # few rows
    assert dependence.grid(pd.Series([2, 1, 2]), 5) == ("categorical", [1, 2], pytest.approx([1 / 3, 2 / 3]))
