"""Fixtures: a small course of one lesson, in its own folder."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbgrader.api
import pytest

from course.authoring import source
from course.grading import catalogue

ROOT = Path(__file__).parents[2]
FIXTURE = Path(__file__).parent / "fixture"
LESSON = "m90_fixture"


def copy_course(place: Path) -> Path:
    """The fixture course with this course's own nbgrader configuration."""
    shutil.copytree(FIXTURE, place, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", place)
    return place


@pytest.fixture(scope="session", autouse=True)
def one_alembic_process() -> Iterator[None]:
    """nbgrader asks alembic for a version in a process of its own in each build, which takes longer than the rest of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", functools.cache(nbgrader.api.get_alembic_version))
        yield


@pytest.fixture(scope="session")
def copy():
    return copy_course


@pytest.fixture
def root(tmp_path) -> Path:
    return copy_course(tmp_path / "course")


@pytest.fixture(scope="session")
def lesson_text() -> str:
    return (FIXTURE / "solutions" / LESSON / "m90_1_round_trip.py").read_text()


@pytest.fixture(scope="session")
def exercises():
    return catalogue.exercises(FIXTURE / "graders")


@pytest.fixture
def parse():
    """Parse the text of a source called m90_1_round_trip.py."""
    return lambda text: source.parse(Path("solutions/m90_fixture/m90_1_round_trip.py"), text)
