"""Grades a submission whose local AWS has a planted function (`planted_aws`), and says what that found.

    python -m tests.grading.sandbox.planted_submission FOLDER

prints it as JSON, on a machine where a test runs this.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

from course.grading.submission.run import Submission
from course.sandbox import forkserver
from course.sandbox.box import base_environment
from tests.grading.nbgrader_course import Course
from tests.grading.sandbox import planted_aws
from tests.grading.seeded_runs import run

LESSON, NOTEBOOK = "m97_cloud", "m97_1_cloud"
ROOT = Path(__file__).parents[3]


def found(root: Path) -> dict:
    """What the planted function found (`planted_aws.survey`), with ``scores`` and ``sandbox`` of the submission whose local AWS it was.

    A course is made in ``root``; its hidden checks, its gradebook and another submission hold the secret that is also the seed.
    """
    secret, abstract = planted_aws.secret(), f"planted-{os.getpid()}"
    course = _course(root, secret)
    with socket.create_server(("127.0.0.1", 0)) as outside, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("\0" + abstract)
        unix.listen()

        def environment(folder: Path) -> dict[str, str]:
            for name in ("home", "tmp"):
                (folder / name).mkdir()
            given = {planted_aws.HOST_PORT: str(outside.getsockname()[1]), planted_aws.ABSTRACT: abstract, "PYTHONPATH": str(ROOT)}
            return base_environment(folder / "ml") | given

        with pytest.MonkeyPatch.context() as patch, forkserver.start("tests.grading.sandbox.planted_aws", environment) as address:
            patch.setenv("GRADING_SEED", secret)
            return _graded(course, address, secret)


def _course(root: Path, secret: str) -> Course:
    course = Course(root, LESSON, NOTEBOOK)
    other = root / "submitted" / "other" / LESSON
    other.mkdir(parents=True)
    (other / "essay.txt").write_text(secret)
    (root / "gradebook.db").write_text(secret)
    hidden = root / "graders" / LESSON / "m97_1_hidden.py"
    hidden.write_text(f"{hidden.read_text()}\nSECRET = {secret!r}\n")
    return course


def _graded(course: Course, address: str, secret: str) -> dict:
    notebook = nbformat.read(course.root / "solutions" / LESSON / f"{NOTEBOOK}.ipynb", as_version=4)
    nothing = course.root / "submitted" / "alice"
    nothing.mkdir(parents=True)
    submission = Submission(course.root / "solutions" / LESSON, nothing, course.root / "graders", None, aws=address)
    found = []

    def look(outcome: object) -> None:
        [seen] = Path(tempfile.gettempdir()).glob(f"sub-{os.getpid()}-*/aws/{planted_aws.SEEN}")
        found.append({"state": str(seen.parent)} | json.loads(seen.read_text()))

    done = run(notebook, submission, seed=secret, on_outcome=look)
    scores = [[outcome.score, outcome.report.exercise.points] for outcome in done.outcomes.values()]
    return found[0] | {"scores": scores, "sandbox": done.sandbox}


if __name__ == "__main__":
    print(json.dumps(found(Path(sys.argv[1]))))
