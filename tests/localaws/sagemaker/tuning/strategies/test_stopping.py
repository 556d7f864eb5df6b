"""Early stopping with given losses: the median rule and Hyperband's rungs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.sagemaker.tuning.strategies.progress import ConvergenceTracker
from course.localaws.sagemaker.tuning.strategies.stopping import Hyperband, MedianRule


def feed(rule: Hyperband | MedianRule, job: str, losses: list[float]) -> int:
    """The number of epochs until a job with these losses is stopped."""
    rule.begun(job)
    for epoch in range(1, len(losses) + 1):
        if rule.reported(job, losses[:epoch]):
            return epoch
    rule.ended(job, losses)
    return len(losses)


def test_the_median_rule_compares_with_running_averages() -> None:
    rule = MedianRule()
    for number, losses in enumerate(([4, 2, 0], [6, 4, 2], [8, 6, 4])):  # running averages 4 3 2, 6 5 4, 8 7 6
        assert feed(rule, str(number), losses) == 3
    assert feed(MedianRule(), "first", [9, 9, 9]) == 3
    assert feed(rule, "as good as the median", [6, 5, 4]) == 3
    other = MedianRule()
    for number, losses in enumerate(([4, 2, 0], [6, 4, 2], [8, 6, 4])):
        feed(other, str(number), losses)
    assert feed(other, "worse at the second epoch", [6, 5.1, 4]) == 2


def test_the_median_rule_does_not_judge_beyond_what_others_reached() -> None:
    rule = MedianRule()
    for number in range(3):
        feed(rule, str(number), [1.0])
    assert feed(rule, "longer", [0.5, 9, 9]) == 3


def test_hyperband_has_the_brackets_and_rungs_of_its_paper() -> None:
    rule = Hyperband(1, 81)
    assert [rule.size(bracket) for bracket in range(rule.halvings + 1)] == [81, 34, 15, 8, 5]
    assert [rule.rungs(bracket) for bracket in range(rule.halvings + 1)] == [[1, 3, 9, 27], [3, 9, 27], [9, 27], [27], []]


def test_hyperband_lets_a_third_of_the_jobs_pass_each_rung() -> None:
    """The first jobs pass, because there are no others to compare with. If each job is better than all before it, all pass."""
    rule = Hyperband(1, 9)
    assert [feed(rule, str(job), [float(job)] * 9) for job in range(9)] == [9, 9, 1, 1, 1, 1, 1, 1, 1]
    rule = Hyperband(1, 9)
    lives = [feed(rule, str(job), [float(-job)] * 9) for job in range(9)]
    assert lives == [9] * 9


@given(st.permutations(range(9)))
def test_hyperband_never_stops_the_best_job_before_its_maximum(order: list[int]) -> None:
    rule = Hyperband(2, 18)
    lives = {loss: feed(rule, str(loss), [float(loss)] * 30) for loss in order}
    assert lives[0] == 18 and min(lives.values()) >= 2 and max(lives.values()) == 18
    assert set(lives.values()) <= {2, 6, 18}


@pytest.mark.parametrize(("least", "most"), [(1, 1), (5, 5), (4, 7)])
def test_hyperband_with_a_small_range_of_resources(least: int, most: int) -> None:
    rule = Hyperband(least, most)
    assert [feed(rule, str(job), [float(job)] * 10) for job in range(2)] == [most, most]


def test_progress_counts_what_improves_by_less_than_a_hundredth() -> None:
    progress = ConvergenceTracker()
    counts = []
    for loss in (10.0, 9.95, 9.92, 9.8, 12.0, 9.0, 9.0):
        progress.add(loss)
        counts.append(progress.not_improving)
    assert counts == [0, 1, 2, 0, 1, 0, 1] and progress.best == 9.0


def test_progress_converges_after_ten_jobs_and_half_of_all_without_improvement() -> None:
    progress = ConvergenceTracker()
    for step in range(20):
        progress.add(100.0 - 5 * step)
    for _ in range(19):
        progress.add(5.0)
    assert not progress.converged
    progress.add(5.0)
    assert progress.converged
