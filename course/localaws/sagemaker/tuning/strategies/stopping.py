"""Early stopping of running jobs by the losses that they have reported: the median rule and Hyperband."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol

FACTOR = 3  # Hyperband's eta: a third of the jobs continues at each rung
LEAST_JOBS = 3  # completed jobs before the median rule applies; AWS does not document its number


class Stopping(Protocol):
    """Decides which running jobs to stop."""

    def begun(self, job: str) -> None: ...

    def reported(self, job: str, losses: Sequence[float]) -> bool:
        """Whether to stop a job after its latest loss. There is one loss for each epoch."""
        ...

    def ended(self, job: str, losses: Sequence[float]) -> None:
        """Called when a job has ended by itself."""


class NoStopping:
    """Lets every job run."""

    def begun(self, job: str) -> None: ...

    def reported(self, job: str, losses: Sequence[float]) -> bool:
        return False

    def ended(self, job: str, losses: Sequence[float]) -> None: ...


class MedianRule:
    """Stops a job whose loss is worse than the median of the running averages of earlier jobs up to the same epoch.

    Source: "How Early Stopping Works" in
    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html, read 2026-11-25. Earlier jobs are those
    that have completed, by the API reference of ``TrainingJobEarlyStoppingType``. AWS does not document how many it requires; here it is
    `LEAST_JOBS` that reached the same epoch.
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
    """Successive halving of running jobs: at each rung the best third continues and the others are stopped.

    A job is stopped after ``most`` epochs, its whole budget. Jobs cannot be paused, so a rung compares each job with the jobs that reached
    it earlier, and lets the first ones pass (the "stopping" variant of asynchronous successive halving, Li et al., "A System for Massively
    Parallel Hyperparameter Tuning", https://arxiv.org/abs/1810.05934). Brackets differ in the epoch of their first rung and are filled one
    after the other; their sizes are those of Li et al., "Hyperband", https://arxiv.org/abs/1603.06560. Matches AWS's documented behaviour:
    intermediate losses decide, no job is stopped before ``least`` epochs, none continues after ``most``. AWS publishes neither its brackets
    nor its factor.

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
        """The epochs of a bracket's rungs; bracket 0 has the earliest."""
        return self._rungs[bracket:]

    def size(self, bracket: int) -> int:
        """The number of jobs that begin in a bracket before the next bracket."""
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
