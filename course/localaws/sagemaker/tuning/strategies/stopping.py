"""Rules that stop a job while it runs, by the losses that it has reported: the median rule, and Hyperband."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol

FACTOR = 3  # Hyperband's eta: a third of the jobs goes on from each rung
LEAST_JOBS = 3  # ended ones before the median rule judges another; AWS does not say how many it wants


class Stopping(Protocol):
    """Judges jobs while they run."""

    def begun(self, job: str) -> None: ...

    def reported(self, job: str, losses: Sequence[float]) -> bool:
        """Whether to stop a job that has just reported the last of its losses, one an epoch."""
        ...

    def ended(self, job: str, losses: Sequence[float]) -> None:
        """A job came to its own end."""


class NoStopping:
    """Lets every job run."""

    def begun(self, job: str) -> None: ...

    def reported(self, job: str, losses: Sequence[float]) -> bool:
        return False

    def ended(self, job: str, losses: Sequence[float]) -> None: ...


class MedianRule:
    """Stops a job whose loss is worse than the median, over the jobs before it, of their running averages up to the same epoch.

    Source: "How Early Stopping Works" in
    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html, read 2026-11-25. The jobs before are
    those that have completed, as the API reference says of ``TrainingJobEarlyStoppingType``. AWS does not document how many of them it
    wants before it judges; here it is `LEAST_JOBS` that got as far as the job in question.
    """

    def __init__(self) -> None:
        self._averages: list[list[float]] = []

    def begun(self, job: str) -> None: ...

    def reported(self, job: str, losses: Sequence[float]) -> bool:
        epoch = len(losses)
        others = [averages[epoch - 1] for averages in self._averages if len(averages) >= epoch]
        return len(others) >= LEAST_JOBS and losses[-1] > statistics.median(others)

    def ended(self, job: str, losses: Sequence[float]) -> None:
        self._averages.append([total / epoch for epoch, total in enumerate(itertools.accumulate(losses), 1)])


class Hyperband:
    """Successive halving of running jobs: at each rung those of the best third go on and the others are stopped.

    A job that has reported a loss for ``most`` epochs is stopped, since it has had all that it may have. A job cannot be paused, so that
    a rung judges each job as it comes, among those that came before it, and lets the first ones pass (the "stopping" variant of
    asynchronous successive halving, Li et al., "A System for Massively Parallel Hyperparameter Tuning", https://arxiv.org/abs/1810.05934).
    Brackets, the sizes of which are those of Li et al., "Hyperband", https://arxiv.org/abs/1603.06560, differ in the epoch of their first
    rung; jobs fill one after the other. Matches AWS's documented behaviour: intermediate losses decide, no job is stopped before
    ``least`` epochs, none goes on after ``most``. AWS publishes neither its brackets nor its factor.

    Parameters
    ----------
    least, most : int
        Epochs: ``MinResource`` and ``MaxResource``.
    """

    def __init__(self, least: int, most: int) -> None:
        self._most = most
        ratio = most / least
        self.halvings = max(0, math.floor(math.log(ratio, FACTOR) + 1e-9))
        self._rungs = [least * FACTOR**rung for rung in range(self.halvings + 1) if least * FACTOR**rung < most]
        self._next = self._places()
        self._brackets: dict[str, int] = {}
        self._losses: defaultdict[tuple[int, int], list[float]] = defaultdict(list)

    def rungs(self, bracket: int) -> list[int]:
        """The epochs at which jobs of a bracket are judged; bracket 0 judges soonest."""
        return self._rungs[bracket:]

    def size(self, bracket: int) -> int:
        """How many jobs begin in a bracket before the next one's turn."""
        left = self.halvings - bracket
        return math.ceil((self.halvings + 1) / (left + 1) * FACTOR**left)

    def begun(self, job: str) -> None:
        self._brackets[job] = next(self._next)

    def reported(self, job: str, losses: Sequence[float]) -> bool:
        epoch, bracket = len(losses), self._brackets[job]
        if epoch >= self._most:
            return True
        if epoch not in self.rungs(bracket):
            return False
        rung = self._losses[bracket, epoch]
        rung.append(losses[-1])
        going_on = max(1, len(rung) // FACTOR)
        return len(rung) >= FACTOR and losses[-1] > sorted(rung)[going_on - 1]

    def ended(self, job: str, losses: Sequence[float]) -> None: ...

    def _places(self) -> Iterator[int]:
        while True:
            for bracket in range(self.halvings + 1):
                yield from [bracket] * self.size(bracket)
