"""The judge's process: judges one offer of a kernel with the hidden checks and a new seed.

``python -m course.grading.judging.process TASK`` takes a JSON object: ``exercise``, ``graders`` and ``folder`` (paths), ``learner``. It
writes a line "ready" when it listens on ``folder``'s socket, and ends when its standard input closes.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import sys
from pathlib import Path

from course import interrupts
from course.grading import catalogue
from course.grading.exercise.seeds import Draw
from course.grading.judging import FAULT, SILENCE
from course.grading.judging.learners_aws import LearnersAws
from course.grading.submission.server import GraderServer


def main(arguments: list[str]) -> int:
    task = json.loads(arguments[0])
    graders = Path(task["graders"])
    draw = Draw(task["learner"], task["learner"], secrets.token_hex(16))
    aws = LearnersAws()
    try:
        with GraderServer(draw, aws.client, graders, Path(task["folder"]), aws.token, FAULT, SILENCE) as server:
            exercise = catalogue.find(task["exercise"], graders)
            server.expect(exercise)
            print("ready", flush=True)
            os.dup2(2, 1)  # whatever a check prints goes to the log
            sys.stdin.read()
            server.settle(exercise, "The notebook offered nothing.")  # after an offer that is being judged
    finally:
        aws.clean_up()
    return 0


if __name__ == "__main__":
    sys.exit(interrupts.run(functools.partial(main, sys.argv[1:])))
