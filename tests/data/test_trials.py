"""Tests that the tables of trials hold real scores: the script draws the same settings, and training again gives the same scores."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from course import datasets

ROOT = Path(__file__).parents[2]
NEAR = 0.01  # AUC; other releases and processors differ by some thousandths
HAS_TORCH = importlib.util.find_spec("torch") is not None


@pytest.fixture(scope="module")
def trials() -> ModuleType:
    spec = importlib.util.spec_from_file_location("data_trials", ROOT / "data" / "trials.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trees() -> pd.DataFrame:
    return datasets.load("tuning_trials")


@pytest.fixture(scope="module")
def networks() -> pd.DataFrame:
    return datasets.load("network_trials")


def test_the_settings_are_those_that_the_script_draws(trials, trees, networks):
    for table, settings in ((trees, trials.tree_settings()), (networks, trials.network_settings())):
        drawn = pd.DataFrame(settings)
        pd.testing.assert_frame_equal(table[list(drawn.columns)], drawn)


def test_the_settings_lie_in_their_ranges_and_reach_their_ends(trials, trees, networks):
    for table, ranges in ((trees, trials.TREES), (networks, trials.NETWORK)):
        for name, least, most, *_ in ranges:
            assert least <= table[name].min() <= least + 0.05 * (most - least), name
            assert most >= table[name].max() >= most - 0.05 * (most - least), name


@pytest.mark.parametrize("number", [0, 700, 1400, 2050, 2499])
def test_a_trial_of_trees_scores_the_same_again(trials, trees, number):
    assert_same(trials.train_trees(trials.tree_settings()[number]), trees.loc[number])


@pytest.mark.nightly  # trains a network twice
@pytest.mark.skipif(not HAS_TORCH, reason="takes PyTorch: make extra-torch (until 2027-05-24)")
@pytest.mark.parametrize("number", [pytest.param(2, marks=pytest.mark.nightly), 6])
def test_a_trial_of_a_network_scores_the_same_again(trials, networks, number):
    assert_same(trials.train_network(trials.network_settings()[number]), networks.loc[number])


def assert_same(again: dict, kept: pd.Series) -> None:
    for curve in ("auc", "train_auc", "test_auc"):
        assert np.abs(np.array(again[curve]) - kept[curve]).max() < NEAR
    work = "nodes" if "nodes" in kept else "steps"
    assert again[work] == pytest.approx(kept[work], rel=0.05)


def test_a_logarithmic_scale_finds_what_a_linear_one_misses(trees):
    """A claim of the lesson on tuning, measured on 20 random trials of each kind, 200 times."""
    final = trees.auc.str[-1]
    rng = np.random.default_rng(0)
    best = {
        scale: np.array([final[trees.scaling == scale].sample(20, random_state=rng).max() for _ in range(200)])
        for scale in trees.scaling.unique()
    }
    assert np.median(best["Logarithmic"]) > np.median(best["Linear"]) + 0.02
    assert best["Linear"].std() > 3 * best["Logarithmic"].std()
