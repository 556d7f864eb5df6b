"""When rules and schedules fire: in order, once for each time, and once for all times that passed before a start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.localaws.core.clock import Clock
from course.localaws.core.scheduler import Scheduler
from course.localaws.events.timers import Key, Timers

RATES = {("slow",): 100.0, ("quick",): 30.0}


class FiredTimes:
    """Things that fire at multiples of their rate, counted from the beginning."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.begin = self.clock.now()
        self.scheduler = Scheduler(self.clock)
        self.timers = Timers(self.scheduler, self._fire)
        self.fired: list[tuple[str, int]] = []
        self.failures = 0

    def _fire(self, key: Key, due: float, after: float) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is full")
        self.fired.append((key[0], round(due - self.begin)))
        rate = RATES[key]
        self.timers.set(key, self.begin + ((after - self.begin) // rate + 1) * rate)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.scheduler.run_due(30)


@pytest.fixture
def times() -> Iterator[FiredTimes]:
    made = FiredTimes()
    yield made
    made.scheduler.shutdown()


def test_things_fire_in_the_order_of_their_times(times: FiredTimes) -> None:
    for key, rate in RATES.items():
        times.timers.set(key, times.begin + rate)
    times.advance(205)
    expected = [("quick", moment) for moment in range(30, 205, 30)] + [("slow", 100), ("slow", 200)]
    assert times.fired == sorted(expected, key=lambda pair: pair[1])


def test_what_passed_before_a_start_is_made_good_once_and_later_times_are_not_lost(times: FiredTimes) -> None:
    times.clock.advance(95)
    # The clock is advanced again before anything has fired, e.g. while a delivery waits for the replay of moto's journal.
    times.timers.recover([(("quick",), times.begin + 30)])
    times.advance(60)
    assert times.fired[0] == ("quick", 30)
    assert times.fired[1:] == [("quick", 120), ("quick", 150)]


def test_a_time_whose_firing_fails_is_not_lost(times: FiredTimes) -> None:
    times.failures = 1
    times.timers.set(("slow",), times.begin + 100)
    times.advance(101)
    assert times.fired == [("slow", 100)]


def test_what_is_forgotten_does_not_fire(times: FiredTimes) -> None:
    times.timers.set(("slow",), times.begin + 100)
    times.timers.set(("slow",), None)
    times.advance(300)
    assert times.fired == []
