"""What learners read says nothing of where things lie on the grading machine."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

import course
from course.grading.display.machine_paths import hide

ROOT, TEMPORARY = Path("/srv/class/2026"), tempfile.gettempdir()
CHECKOUT = Path(course.__file__).parents[1]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"its log, {TEMPORARY}/local-aws-a_b1/server.log, has", "its log, [temporary]/server.log, has"),
        (f"File {TEMPORARY}/sub-123-x_y/work/m97/helper.py:3", "File [temporary]/work/m97/helper.py:3"),
        (f"{ROOT}/graders: {ROOT}.", "[course]/graders: [course]."),
        (f"file://{ROOT}/graders", "file://[course]/graders"),
        (f"in {CHECKOUT}/course/session.py", "in [course]/course/session.py"),
        (f"'{sys.prefix}/lib'", "'[python]/lib'"),
        (f"{Path.home()}/.aws", "[home]/.aws"),
        (f"File \x1b[32m{ROOT}\x1b[39m:3", "File \x1b[32m[course]\x1b[39m:3"),
        (repr(f"at\n{ROOT}/a"), repr("at\n[course]/a")),
        # what is no path of this machine stays
        (f"{ROOT}4/a, {ROOT}-old", f"{ROOT}4/a, {ROOT}-old"),
        (f"{TEMPORARY}/mine.csv and /usr/bin/env", f"{TEMPORARY}/mine.csv and /usr/bin/env"),
        ("s3://bucket/sub-1-a", "s3://bucket/sub-1-a"),
    ],
)
def test_paths_of_the_machine_are_hidden_and_others_stay(said: str, shown: str) -> None:
    assert hide(ROOT)(said) == shown
