"""Watches the alarms and the time limit of a deployment while traffic bakes, and says when to roll back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Self, TypeVar

from course.localaws.cloudwatch.alarms.states import ALARM
from course.localaws.platform import Platform
from course.localaws.sagemaker.hosting.deployment.plans import DeploymentPlan
from course.localaws.sagemaker.hosting.servers.model_server import StartCancelled


class RolledBack(Exception):
    """The deployment failed, and the old fleet has all the traffic; the message says why."""


class Deployment:
    """A deployment under way. Use it in a ``with`` block in its own thread."""

    def __init__(self, watch: DeploymentMonitor) -> None:
        self._watch = watch

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.__exit__()

    def end(self) -> None:
        """Stop waiting, because the local AWS ends."""
        self._watch.end()


D = TypeVar("D", bound=Deployment)


class ActiveDeployments:
    """All deployments under way."""

    def __init__(self) -> None:
        self._under_way: set[Deployment] = set()

    @contextlib.contextmanager
    def during(self, deployment: D) -> Iterator[D]:
        """Register a deployment, so that `end` ends it, for the time of the ``with`` block."""
        self._under_way.add(deployment)
        try:
            with deployment:
                yield deployment
        finally:
            self._under_way.discard(deployment)

    def end(self) -> None:
        for deployment in list(self._under_way):
            deployment.end()


class DeploymentMonitor:
    """Watches one deployment. Use it in a ``with`` block in the deployment's own thread.

    Parameters
    ----------
    platform : Platform
    region : str
    plan : DeploymentPlan
    subject, before : str
        What is rolled back, and to what; for messages.
    """

    def __init__(self, platform: Platform, region: str, plan: DeploymentPlan, subject: str, before: str) -> None:
        self._alarms, self._region, self._plan = platform.alarms, region, plan
        self._undone = f"The {subject} was rolled back"
        self._before = before
        self._clock = platform.clock
        self._sleeper = platform.scheduler.waiter()
        self._deadline = self._sleeper.moment + plan.limit
        self._tripped: set[str] = set()

    def __enter__(self) -> DeploymentMonitor:
        self._alarms.listeners.append(self._alarm_changed)
        return self

    def __exit__(self, *_: object) -> None:
        self._alarms.listeners.remove(self._alarm_changed)
        self._sleeper.close()

    def end(self) -> None:
        """Stop waiting, because the local AWS ends."""
        self._sleeper.end()

    def start_anew(self) -> None:
        """Restart the timing now, so that the start of the servers does not count."""
        self._sleeper.moment = self._clock.now()

    def check(self) -> None:
        """Raises RolledBack when an alarm has gone off."""
        names = sorted(self._tripped.union(self._alarms.in_alarm(self._region, self._plan.alarms)))
        if names:
            raise RolledBack(
                f"One or more CloudWatch alarms of the AutoRollbackConfiguration went into ALARM state during the deployment: "
                f"{', '.join(names)}. {self._undone} to its previous {self._before}."
            )

    def bake(self, seconds: int) -> None:
        """Watch the alarms for some seconds. Raises RolledBack, StartCancelled."""
        until = self._sleeper.moment + seconds
        self._sleeper.wait_until(min(until, self._deadline))
        if self._sleeper.ended:
            raise StartCancelled
        self.check()
        if self._sleeper.moment < until:
            raise RolledBack(f"The deployment has not ended within MaximumExecutionTimeoutInSeconds ({self._plan.limit}). {self._undone}.")

    def _alarm_changed(self, region: str, alarm: dict, moment: float) -> None:
        if region == self._region and alarm["AlarmName"] in self._plan.alarms and alarm["StateValue"] == ALARM:
            self._tripped.add(alarm["AlarmName"])
            self._sleeper.interrupt(moment)
