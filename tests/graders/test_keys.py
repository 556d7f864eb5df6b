"""No code that learners get knows an answer: it works without the hidden modules, and what these stored for it is up to date."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from course import release
from course.exercises import pools
from course.grading.gate import stored_files

ROOT = Path(__file__).parents[2]
POOLS = {path.stem for path in (ROOT / "course" / "exercises").glob("*.json")}
LOAD = """
import sys
from pathlib import Path
from course.grading import catalogue
found = catalogue.exercises(Path(sys.argv[1]))
assert all(exercise.checks.keys() == {"practice"} for exercise in found.values())
print(len(found), *(name for name in sys.modules if name.endswith("_hidden")))
"""


def test_practice_needs_no_hidden_module(tmp_path: Path) -> None:
    """Every definition is loaded from what `course release` hands out."""
    shutil.copytree(ROOT / "graders", tmp_path / "graders", ignore=release.LEFT_OUT)
    assert [path.name for path in tmp_path.rglob("*_hidden.py")] == []
    done = subprocess.run([sys.executable, "-c", LOAD, str(tmp_path / "graders")], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    count, *hidden = done.stdout.split()
    assert int(count) > 50 and hidden == []


@cache
def made() -> dict[Path, str]:
    """What the hidden modules store."""
    return stored_files.files(ROOT)


def test_stored_files_are_those_that_hidden_modules_make() -> None:
    stale = [path.name for path, content in made().items() if not path.exists() or path.read_text() != content]
    assert stale == [], "run `python -m course.grading.gate.stored_files`"


def test_every_pool_is_made_by_a_hidden_module() -> None:
    assert {path.stem for path in made() if path.parent.name == "exercises"} == POOLS


@settings(max_examples=30, deadline=None)
@given(st.integers(), st.data())
def test_a_draw_takes_different_groups_of_each_set(seed: int, data: st.DataObject) -> None:
    pool = data.draw(st.sampled_from(sorted(POOLS)))
    sets = pools._sets(pool)
    takes = [data.draw(st.integers(1, len(groups))) for groups in sets]
    places = pools.picked(random.Random(seed), pool, takes)
    assert len(set(places)) == len(places) == sum(takes)
    assert [sum(number == each for number, _ in places) for each in range(len(sets))] == takes
    for request, (number, group) in zip(pools.drawn(random.Random(seed), pool, takes), places, strict=True):
        assert request in sets[number][group]


def test_words_are_filled_in_wherever_they_stand() -> None:
    request = {"a": ["{folder}/x", {"b": "{image}", "c": 3}]}
    assert pools.filled(request, {"folder": "s3://a", "image": "i"}) == {"a": ["s3://a/x", {"b": "i", "c": 3}]}
    assert request == {"a": ["{folder}/x", {"b": "{image}", "c": 3}]}
