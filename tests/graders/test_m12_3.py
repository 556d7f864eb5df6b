"""m12_3: the months that are judged, figures of bias beside Clarify's library, attribution drift, and the diary."""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from course.grading.report import Report
from course.grading.scoring import guard_share, rule_share
from graders.m12_monitoring import m12_3_bias as bias
from graders.m12_monitoring import m12_3_months_hidden as hidden
from graders.m12_monitoring.m12_3 import ENOUGH, FIGURED, SCORED, ex1
from graders.m12_monitoring.m12_3_diary import CALLS, MEASURES, diary
from graders.m12_monitoring.m12_3_hidden import true_figures, true_score
from graders.m12_monitoring.m12_3_mortgages import COLUMNS, attributions, dearer, month, scores, stricter, trained
from graders.m12_monitoring.m12_3_reasons import KINDS as REASONS
from graders.m12_monitoring.m12_3_reasons import cases
from graders.m12_monitoring.m12_3_triage import ENOUGH as RULE
from graders.m12_monitoring.m12_3_triage import QUESTIONS, known
from tests import by_day
from tests.localaws.sagemaker.job_fixtures import needs_clarify

LESSON = Path(__file__).parents[2] / "solutions" / "m12_monitoring"
SEEDS = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def model() -> object:
    return trained(bias.table())


# ---- mortgages -----------------------------------------------------------------------------------------------------------------------


def test_the_model_cannot_tell_who_is_black(model: object) -> None:
    rows = bias.table()
    assert (scores(model, rows) == scores(model, rows.assign(black=1 - rows.black))).all()
    assert (attributions(model, rows)["black"] == 0).all()


def test_attributions_add_up_to_the_score(model: object) -> None:
    rows = bias.table().head(200)
    odds = np.log(scores(model, rows)) - np.log1p(-scores(model, rows))
    gaps = odds - attributions(model, rows).sum(axis=1).to_numpy()
    assert np.ptp(gaps) < 1e-3  # what is left is the expected value, the same for all


@given(SEEDS, st.integers(100, 3_000), st.none() | st.floats(0.02, 0.5))
@settings(max_examples=20, deadline=None)
def test_a_month_is_drawn_from_the_table(seed: int, size: int, black: float | None) -> None:
    rows = month(bias.table(), size, seed, black)
    assert len(rows) == size and list(rows.columns) == [*COLUMNS, "denied"]
    assert rows.equals(month(bias.table(), size, seed, black))
    if black is not None:
        assert rows.black.sum() == round(size * black)


@given(SEEDS, st.floats(-1, 1))
@settings(max_examples=20, deadline=None)
def test_changes_concern_one_group_alone(seed: int, by: float) -> None:
    rows = month(bias.table(), 300, seed)
    changed = dearer(rows, by)
    others = rows.black == 0
    assert changed[others].equals(rows[others].assign(pirat=rows.pirat[others] + 0.0))
    assert np.allclose(changed.pirat[~others] - rows.pirat[~others], by)
    odds = np.random.default_rng(seed).uniform(0.01, 0.99, len(rows))
    moved = stricter(odds, rows.black, by)
    assert np.allclose(moved[others], odds[others])
    assert (np.sign(moved - odds)[~others] == np.sign(by)).all() or abs(by) < 1e-9


# ---- bias ----------------------------------------------------------------------------------------------------------------------------


def test_practice_has_the_true_figures() -> None:
    for rows, wanted in FIGURED:
        assert true_figures(bias.counted(rows)) == pytest.approx(wanted)


@needs_clarify
@pytest.mark.parametrize("seed", range(3))
def test_the_figures_are_those_of_clarify(seed: int) -> None:
    from smclarify.bias import report

    [stream, *_] = bias.streams(random.Random(seed))
    for _, rows in stream.months[:4]:
        table = pd.DataFrame({"black": rows.black, "denied": rows.denied})
        found = report.bias_report(
            table,
            report.FacetColumn("black", [1]),
            report.LabelColumn("denied", table.denied, [0]),
            report.StageType.POST_TRAINING,
            report.LabelColumn("predicted", rows.predicted, [0]),
            metrics=list(bias.FIGURES),
        )
        assert {each["name"]: each["value"] for each in found[0]["metrics"]} == pytest.approx(true_figures(rows))


@given(SEEDS)
@settings(max_examples=3, deadline=None)
def test_every_month_has_figures(seed: int) -> None:
    for stream in bias.streams(random.Random(seed)):
        assert sorted(kind for kind, _ in stream.months) == sorted(kind for kind, count in bias.EACH.items() for _ in range(count))
        for rows in (stream.baseline, *(rows for _, rows in stream.months)):
            assert np.isfinite(list(true_figures(rows).values())).all()


def paged(rows: pd.DataFrame, baseline: pd.DataFrame, deviations: float) -> bool:
    groups = (rows.predicted == 0).groupby(rows.black).agg(["mean", "size"])
    deviation = (groups["mean"] * (1 - groups["mean"]) / groups["size"]).sum() ** 0.5
    return bool(true_figures(rows)["DPPL"] - true_figures(baseline)["DPPL"] > deviations * deviation)


@cache
def streams(seed: int) -> list[bias.Stream]:
    return bias.streams(random.Random(seed))


def shares(seed: int, rule: object) -> float:
    found = [(kind, rule(rows, stream.baseline)) for stream in streams(seed) for kind, rows in stream.months]
    return guard_share([got for kind, got in found if kind in bias.CHANGED], [got for kind, got in found if kind in bias.SOUND])


@pytest.mark.parametrize("seed", by_day.first(range(5), 2))
def test_a_limit_of_deviations_tells_changes_from_noise(seed: int) -> None:
    assert shares(seed, lambda rows, baseline: paged(rows, baseline, 2.75)) >= ENOUGH


@pytest.mark.parametrize("fixed", by_day.first([0.0, 0.05, 0.1], 1))
def test_one_difference_for_all_months_does_not(fixed: float) -> None:
    def rule(rows: pd.DataFrame, baseline: pd.DataFrame) -> bool:
        return true_figures(rows)["DPPL"] - true_figures(baseline)["DPPL"] > fixed

    assert np.mean([shares(seed, rule) for seed in range(5)]) < ENOUGH


# ---- attributions --------------------------------------------------------------------------------------------------------------------


def test_practice_has_the_true_scores() -> None:
    for case, wanted in SCORED:
        assert true_score(case) == pytest.approx(wanted, abs=5e-5)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_scores_are_those_of_scikit_learn_and_no_two_features_tie(seed: int) -> None:
    found = cases(random.Random(seed))
    assert {case.kind for case in found} == set(REASONS)
    for case in found:
        before, now = case.baseline.abs().mean(), case.today[case.baseline.columns].abs().mean()
        assert np.diff(np.sort(now)).min() > 1e-6
        assert true_score(case) == pytest.approx(ndcg_score([before.to_numpy()], [now.to_numpy()]))


# ---- four monitors -------------------------------------------------------------------------------------------------------------------


def called(usual: pd.DataFrame, now: dict[str, float], drift: float = 0.5) -> str:
    def beyond(name: str) -> float:
        return (now[name] - usual[name].mean()) / max(usual[name].std(), 0.004)

    if now["constant"] > 0 or now["drift"] > drift:
        return "forms"
    if now["ndcg"] < 0.9:
        return "release"
    return "fairness" if beyond("dppl") > 4 else "retraining" if beyond("auc") < -4 else "nobody"


@pytest.mark.parametrize("seed", by_day.first(range(3), 1))
def test_the_measures_tell_who_is_called(seed: int) -> None:
    found = hidden.months(random.Random(seed))
    assert {each.what for each in found} == set(QUESTIONS) == set(hidden.CALLS)
    assert {each.call for each in found} == set(CALLS)
    calls, wanted = [called(each.usual, each.now) for each in found], [{each.call} for each in found]
    assert rule_share(calls, wanted) >= RULE
    assert rule_share(["nobody"] * len(found), wanted) == 0
    assert rule_share([called(each.usual, each.now, drift=0.1) for each in found], wanted) < 1 / 3  # the monitor's default limit


def test_the_diary_is_what_the_monitors_measure() -> None:
    """To the digits that another release of XGBoost may change."""
    rows = [line.split(",") for line in hidden.written().splitlines()]
    table = diary()
    assert table[["what", "call"]].to_numpy().tolist() == [row[:2] for row in rows]
    assert np.allclose(table[MEASURES].to_numpy(), [[float(value) for value in row[2:]] for row in rows], atol=0.03)
    assert all(called(each.usual, each.now) == each.call for each in known())


# ---- a machine without Clarify -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("local", "installed"), [(True, True), (True, False), (False, False)])
def test_who_lacks_clarify_reads_how_to_add_it(
    local: bool, installed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(LESSON))
    for name in [each for each in sys.modules if each.partition(".")[0] == "given"]:
        monkeypatch.delitem(sys.modules, name)
    from given import fair_monitors

    monkeypatch.setattr(fair_monitors, "find_spec", lambda name: installed or None)
    assert fair_monitors.clarify_here(SimpleNamespace(local=object() if local else None)) is (installed or not local)
    said = capsys.readouterr().out
    assert ("make extra-clarify" in said) is (local and not installed)
    for name in [each for each in sys.modules if each.partition(".")[0] == "given"]:
        monkeypatch.delitem(sys.modules, name)


def test_figures_that_raise_for_a_later_month_earn_nothing() -> None:
    """The form of the first month's figures alone was worth the whole part."""

    def call(_function: str, month: pd.DataFrame) -> dict:
        if month is months[1]:
            raise KeyError(1)
        return dict.fromkeys(bias.FIGURES, 9.0)

    report, months = Report(ex1), [bias.counted(rows) for rows, _ in FIGURED[:2]]
    with pytest.raises(KeyError):
        bias.judge_figures(SimpleNamespace(call=call), report, [(each, dict.fromkeys(bias.FIGURES, 0.5)) for each in months])
    assert [each.earned for each in report.parts if each.name == "figures"] == [0]
