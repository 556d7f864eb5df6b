"""A local AWS that tests kill at random moments, with its jobs, and start again on the same state."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path

import psutil

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.sagemaker.job_fixtures import JobFixtures


class KillableAws:
    """
    Attributes
    ----------
    random : random.Random
        For all random choices.
    aws : JobFixtures
        Helpers of the present local AWS.
    """

    def __init__(self, state: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.state = state
        self.aws = JobFixtures(launch.start(state), "")

    def kill_gateway(self) -> None:
        """Kill the local AWS with everything that runs on it, and start another one."""
        kill(self.aws.handle.pid)
        self.aws.until(lambda: not self.aws.processes())
        self.aws = JobFixtures(launch.start(self.state), "", fresh=False)

    def kill_one(self, wanted: Callable[[psutil.Process], bool]) -> bool:
        """Kill a process of a job or server; False if there is none."""
        found = self.aws.processes()
        self.random.shuffle(found)
        for process in found:
            with contextlib.suppress(psutil.Error):
                if wanted(process):
                    process.kill()
                    return True
        return False

    def nothing_is_left(self) -> None:
        """Wait until no process and no directory remains."""
        self.aws.until(lambda: not self.aws.processes())
        self.aws.until(lambda: not self.aws.boxes())
