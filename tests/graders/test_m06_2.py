"""m06_2: drawn cases are what they say, the statistics that learners get are right, and the table of trials supports the text."""

from __future__ import annotations

import math
import random
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import datasets
from course.grading import catalogue
from course.grading.scoring import near

ROOT = Path(__file__).parents[2]
GRADERS = ROOT / "graders" / "m06_tuning"
GIVEN = ROOT / "solutions" / "m06_tuning" / "given"
cases, edits, hidden, practice, probe = (
    catalogue.load_module(GRADERS / f"m06_2_{name}.py") for name in ("cases", "edits_hidden", "hidden", "practice", "probe")
)
search, budget = (catalogue.load_module(GIVEN / f"{name}.py") for name in ("search", "budget"))


definitions = catalogue.load_module(GRADERS / "m06_2.py")


@pytest.fixture(scope="module")
def pool() -> object:
    return search.Pool(datasets.load("tuning_trials"))


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.011, 0.008, 0.007, 0.008, 0.01, 0.006], "first"),
        ([-0.011, -0.008, -0.007, -0.008, -0.01, -0.006], "second"),
        ([0.0008, 0.0004, 0.0007, 0.0005, 0.0006, 0.0004], "same"),  # surely above 0, and too small for anybody to pay for
        ([0.011, -0.012, 0.017, 0.008, -0.01, 0.006], "cannot tell"),
        ([0.011, -0.001], "cannot tell"),
    ],
)
def test_the_verdict_on_differences(differences: list[float], verdict: str) -> None:
    assert budget.verdict(differences, 0.003) == verdict


@settings(max_examples=100, deadline=None)
@given(st.integers(), st.sampled_from([(5, 2), (7, 2)]), st.floats(1, 60))
def test_a_brief_has_one_plan(seed: int, asked: tuple[int, int], mean: float) -> None:
    """Money and time lie clear of the borders at which another number of jobs, or of jobs at a time, would be right."""
    jobs, turns = asked
    case = cases.trial(random.Random(seed), jobs, turns)
    brief = probe.brief_of(case, mean)
    paid = probe.SHARE * brief["usd"] / (mean / 3600 * case["usd_hour"])
    fit = probe.SHARE * brief["deadline_minutes"] / (case["wait"] + mean / 60)
    assert jobs + 0.3 < paid < jobs + 0.7 and turns + 0.55 < fit < turns + 0.95
    assert int(brief["usd"] / (mean / 3600 * case["usd_hour"])) > jobs  # what a plan without a reserve has
    assert math.ceil(jobs / fit) < math.ceil(jobs / turns)  # what a plan without whole turns has
    right = {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": math.ceil(jobs / turns)}
    assert probe._plan("", right, brief, mean)[0]
    for member in right:
        for other in {right[member] - 1, right[member] + 1} - {0}:
            assert not probe._plan("", right | {member: other}, brief, mean)[0]


def test_facts_are_the_same_however_they_are_written() -> None:
    ranges = {"IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "10"}]}
    goal = {"Type": "Maximize", "MetricName": "validation:auc"}
    shared = {
        "AlgorithmSpecification": {"TrainingImage": "image"},
        "StaticHyperParameters": {"num_round": "20"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1}
    one = {
        "HyperParameterTuningJobConfig": {"ResourceLimits": limits, "ParameterRanges": ranges, "HyperParameterTuningJobObjective": goal},
        "TrainingJobDefinition": shared,
    }
    scaled = {"IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "10", "ScalingType": "Auto"}]}
    other = {
        "HyperParameterTuningJobConfig": {"ResourceLimits": limits, "TrainingJobEarlyStoppingType": "Off"},
        "TrainingJobDefinition": shared
        | {
            "HyperParameterRanges": scaled,
            "TuningObjective": goal,
            "EnableManagedSpotTraining": False,
            "StaticHyperParameters": {"num_round": "20", "_tuning_objective_metric": "validation:auc"},
        },
    }
    assert probe.facts(one) == probe.facts(other)


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
