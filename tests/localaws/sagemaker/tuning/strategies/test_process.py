"""A search in its own process: gives the same suggestions, and reports when the process has ended."""

from __future__ import annotations

import psutil
import pytest

from course.localaws.sagemaker.tuning.strategies.process import SearchProcess
from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation, RandomSearch
from course.localaws.sagemaker.tuning.strategies.space import Numeric, Space

MODULE = "course.localaws.sagemaker.tuning.strategies.process"
SPACE = Space((Numeric("x", 0.0, 1.0, "Linear"), Numeric("n", 1, 9, "Logarithmic", integer=True)))


def test_it_suggests_what_the_search_would() -> None:
    here, there = RandomSearch(SPACE, 3), SearchProcess(RandomSearch(SPACE, 3))
    observations: list[LossObservation] = []
    for _ in range(4):
        values = there.suggest(observations, [])
        assert values == here.suggest(observations, [])
        observations.append(LossObservation(values, float(values["x"])))
    there.close()


def test_it_says_that_the_search_failed() -> None:
    there = SearchProcess(RandomSearch(SPACE, 3))
    with pytest.raises(RuntimeError, match="has ended"):
        there.suggest([None], [])  # None is no observation
    with pytest.raises(RuntimeError, match="has ended"):
        there.suggest([], [])
    there.close()


def command_of(process: psutil.Process) -> list[str]:
    """Its command line; empty for a child that another test has ended and not waited for."""
    try:
        return process.cmdline()
    except psutil.ZombieProcess:
        return []


def test_it_is_gone_when_it_is_closed() -> None:
    there = SearchProcess(RandomSearch(SPACE, 3))
    there.suggest([], [])
    [process] = [each for each in psutil.Process().children() if MODULE in command_of(each)]
    there.close()
    assert not process.is_running()
