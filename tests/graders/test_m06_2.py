"""m06_2: learners and checks replay the same searches, drawn cases have the wanted verdict, and the table supports the text."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import datasets
from course.authoring import copies
from course.grading import catalogue
from course.grading.scoring import near

ROOT = Path(__file__).parents[2]
GRADERS = ROOT / "graders" / "m06_tuning"
GIVEN = "solutions/m06_tuning/given/search.py"
cases, edits, hidden, practice, search = (
    catalogue.load_module(GRADERS / f"m06_2_{name}.py") for name in ("cases", "edits_hidden", "hidden", "practice", "search")
)


definitions = catalogue.load_module(GRADERS / "m06_2.py")


@pytest.fixture(scope="module")
def pool() -> object:
    return search.Pool(datasets.load("tuning_trials"))


def test_learners_and_checks_replay_by_the_same_program() -> None:
    """The build copies the checks' file from the given file."""
    original, copy = ROOT / GIVEN, GRADERS / "m06_2_search.py"
    assert copy.read_text() == f"{copies.MARK}{GIVEN}\n{original.read_text()}"


def test_checks_never_run_the_learners_file(tmp_path) -> None:
    for folder in (tmp_path / "given", tmp_path):
        folder.mkdir(exist_ok=True)
        for name in ("search", "m06_2_search"):
            (folder / f"{name}.py").write_text("raise SystemExit('the learner decides')\n")
    script = f"""
import sys
from pathlib import Path
from course.grading import catalogue
hidden = catalogue.load_module(Path({str(GRADERS / "m06_2_hidden.py")!r}))
print(sys.modules[hidden.outcome.__module__].__file__)
"""
    script = f"import sys; sys.path[:0] = ['', 'given', {str(ROOT)!r}]\n{script}"  # the learner's folder comes first, as in a kernel
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(GRADERS / "m06_2_search.py"), done.stderr


@settings(max_examples=10, deadline=None)
@given(st.integers(), st.sampled_from(cases.VERDICTS))
def test_a_drawn_comparison_has_the_requested_verdict(seed: int, verdict: str) -> None:
    case = hidden.clear_comparison(random.Random(seed), verdict)
    assert hidden.right_verdict(hidden.paired(case), case["matters"], 2.1) == verdict


@settings(max_examples=5, deadline=None)
@given(st.integers())
def test_every_search_suits_another_strategy_and_can_be_changed(seed: int) -> None:
    for one, strategy in edits.edits(random.Random(seed)):
        assert not cases.illegal(one)
        assert edits.suits(one) != strategy
        assert edits.ways(one, strategy)


@settings(max_examples=200, deadline=None)
@given(st.integers())
def test_eight_of_each_warm_start_are_drawn(seed: int) -> None:
    kinds = [hidden.right_start(*case)[0] for case in cases.warm_cases(random.Random(seed))]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {None: 8, cases.IDENTICAL: 8, cases.TRANSFER: 8}


def test_the_practice_cases_are_what_they_say() -> None:
    for case, verdict, difference, _ in practice.PRACTICE_COMPARISONS:
        for width in (2.1, 2.57):  # the lesson's, and Student's of six
            assert hidden.right_verdict(hidden.paired(case), case["matters"], width) == verdict
        assert near(fmean(hidden.paired(case)), difference, 1e-6)
    for new, earlier, kind, parents, _ in practice.PRACTICE_WARM:
        assert hidden.right_start(new, earlier) == (kind, set(parents))
    for one, strategy, right, _ in practice.PRACTICE_EDITS:
        assert edits.suits(one) != strategy
        for field, (least, most) in cases.LIMITS.items():
            others = [value for value in range(least, most + 1) if value != one[field]]
            good = [value for value in others if not cases.illegal(one | {field: value}) and edits.suits(one | {field: value}) == strategy]
            assert good == ([*range(right[field][0], right[field][1] + 1)] if field in right else [])
    for jobs, stopped, rounds, saved, lost, _ in practice.PRACTICE_JOBS:
        measure = hidden.right_measure(jobs, practice.PRACTICE_SETUP)
        assert (measure["stopped"], measure["rounds"]) == (stopped, rounds)
        assert measure["saved"] == pytest.approx(saved, abs=1e-5) and near(measure["auc"], lost, 1e-6)
    borders = practice.PRACTICE_JOBS[-1][0]
    for misread in ({"stopped_count": True}, {"averages": False}):
        assert hidden.right_measure(borders, practice.PRACTICE_SETUP, **misread)["stopped"] != practice.PRACTICE_JOBS[-1][1]


@settings(max_examples=5, deadline=None)
@given(st.integers())
def test_the_hint_names_the_misread_interval(seed: int) -> None:
    """For an interval of two heaps it was once the hint of last resort, to ask the questions in their order."""
    rng = random.Random(seed)
    drawn = [hidden.clear_comparison(rng, verdict) for verdict in rng.sample(cases.VERDICTS * 6, 24)]
    for whole in (False, True):
        said = [hidden._by(*hidden._heaps(case, whole), case["matters"]) for case in drawn]
        assert "pairs, or two heaps" in hidden.verdict_hint(drawn, said)
    assert "the mean of so many" in hidden.verdict_hint(
        drawn, [hidden._by(*hidden._interval(case, 2.1, False), case["matters"]) for case in drawn]
    )
    assert "in their order" in hidden.verdict_hint(drawn, rng.choices(cases.VERDICTS, k=24))


def test_what_is_noted_of_a_search_has_all_that_decides() -> None:
    """Members that were static decided, and the message hid them."""
    for new, earlier, *_ in practice.PRACTICE_WARM:
        for job in (new, *earlier):
            assert all(name in definitions._noted(job) for name in (*job["ranges"], *job["ranges"].values(), *job["static"], job["image"]))


def test_a_bayesian_choice_is_that_of_scikit_learn(pool) -> None:
    from scipy.spatial.distance import cdist
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern, WhiteKernel

    trials = list(range(0, 60, 4))
    losses = -pool.curves[trials, -1]
    for length, noise in search.KERNELS:
        ours = search._Process((length, noise), cdist(pool.units[trials], pool.units[trials]), losses)
        theirs = GaussianProcessRegressor(Matern(length, nu=2.5) + WhiteKernel(noise), optimizer=None, normalize_y=True)
        theirs.fit(pool.units[trials], losses)
        for one, other in zip(
            ours.predict(cdist(pool.units, pool.units[trials])), theirs.predict(pool.units, return_std=True), strict=True
        ):
            assert one == pytest.approx(other, abs=1e-6)
        constant = len(trials) / 2 * math.log(2 * math.pi)
        assert ours.likelihood - constant == pytest.approx(theirs.log_marginal_likelihood_value_, abs=1e-4)


def test_a_replay_keeps_to_jobs_and_parallelism(pool) -> None:
    found = search.replay(pool, "Random", 12, parallel=3, seed=4)
    assert len(found) == 12
    assert found.trial.is_unique
    for moment in found.start:
        assert ((found.start <= moment) & (moment < found.end)).sum() <= 3


def test_hyperband_trains_as_many_rounds_in_more_jobs(pool) -> None:
    found = search.replay(pool, "Hyperband", 24, seed=1)
    assert 2400 <= found.rounds.sum() < 2500
    assert len(found) > 40


def test_early_stopping_saves_more_of_the_rounds_than_of_the_bill_and_costs_little(pool) -> None:
    pairs = [
        (search.replay(pool, "Random", 24, seed=seed), search.replay(pool, "Random", 24, seed=seed, early="Auto")) for seed in range(20)
    ]
    rounds = 1 - fmean(early.rounds.sum() / whole.rounds.sum() for whole, early in pairs)
    bill = 1 - fmean(early.billed.sum() / whole.billed.sum() for whole, early in pairs)
    assert 0.3 < bill < rounds < 0.8
    assert 0 <= fmean(whole.auc.max() - early.auc.max() for whole, early in pairs) < 0.004


def test_bayesian_search_is_ahead_by_less_than_the_luck_of_a_seed(pool) -> None:
    bests = {name: [search.replay(pool, name, 24, seed=seed).auc.max() for seed in range(20)] for name in ("Random", "Bayesian")}
    ahead = fmean(bests["Bayesian"]) - fmean(bests["Random"])
    assert 0 < ahead < 0.004
