"""Evaluates rules when their time has come on the clock.

A rule that is triggered by changes is evaluated each minute; on AWS within minutes after a change. A periodic rule has its frequency. When
the clock is advanced over several times, the rule is evaluated once: nothing has changed in between.
"""

from __future__ import annotations

import threading

from course.localaws.config.catalog import managed_rule
from course.localaws.config.evaluator import Evaluator
from course.localaws.config.store import Rule, RuleStore
from course.localaws.core.errors import AwsError
from course.localaws.platform import Platform

HOUR = 3600
FREQUENCIES = {
    "One_Hour": 1 * HOUR,
    "Three_Hours": 3 * HOUR,
    "Six_Hours": 6 * HOUR,
    "Twelve_Hours": 12 * HOUR,
    "TwentyFour_Hours": 24 * HOUR,
}
DEFAULT_FREQUENCY = "TwentyFour_Hours"
CHANGE_SECONDS = 60.0

Key = tuple[str, str]  # region and name


class RuleTimers:
    """The times of all rules, as one task of the scheduler."""

    def __init__(self, platform: Platform, store: RuleStore) -> None:
        self._platform, self._store = platform, store
        self._evaluator = Evaluator(platform, store)
        self._lock = threading.Lock()
        self._due: dict[Key, float] = {}
        platform.scheduler.add(self._next, self._run)

    def recover(self) -> None:
        """Evaluate the rules of an earlier process anew."""
        now = self._platform.clock.now()
        with self._lock:
            self._due = {(rule.region, rule.name): now for rule in self._store.rules()}
        self._platform.scheduler.wake()

    def start(self, region: str, name: str) -> None:
        """Evaluate a rule soon, in the scheduler's thread."""
        with self._lock:
            self._due[region, name] = self._platform.clock.now()
        self._platform.scheduler.wake()

    def clear(self) -> None:
        with self._lock:
            self._due.clear()

    def forget(self, region: str, name: str) -> None:
        """A rule is deleted."""
        with self._lock:
            self._due.pop((region, name), None)

    def _next(self) -> float | None:
        with self._lock:
            return min(self._due.values(), default=None)

    def _run(self, moment: float) -> None:
        with self._lock:
            due = [key for key, at in self._due.items() if at <= moment]
        for key in due:
            rule = self._store.get(*key)
            self._plan(key, rule)
            self._evaluator.evaluate(*key)

    def _plan(self, key: Key, rule: Rule | None) -> None:
        with self._lock:
            if rule is None:
                self._due.pop(key, None)
            else:
                self._due[key] = self._platform.clock.now() + _interval(rule)


def _interval(rule: Rule) -> float:
    """Seconds until the next evaluation."""
    try:
        on_changes = managed_rule(rule.identifier).on_changes
    except AwsError:  # a later release does not have the rule any more
        on_changes = False
    return CHANGE_SECONDS if on_changes else FREQUENCIES[rule.given.get("MaximumExecutionFrequency", DEFAULT_FREQUENCY)]
