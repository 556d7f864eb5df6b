"""Tests that nbgrader's exchange is used, and its folders are made, only where one is configured."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.exchange import ExchangeError, ExchangeFactory, default
from traitlets.config import Config

from course.grading.classroom import exchange
from tests.grading.nbgrader_course import LESSON, Course

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("exchange") / "course")
    course.release()
    return course


def test_without_one_a_release_says_so(course: Course) -> None:
    place = Path(default.Exchange.root.default_value)
    there = place.exists()
    said = course.nbgrader("release_assignment", LESSON, expect=0 if there else 1)
    assert there or "no exchange is configured" in said
    assert place.exists() == there


@pytest.mark.parametrize("action", exchange.ACTIONS)
def test_every_action_refuses(action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default.Exchange.root, "default_value", str(tmp_path / "none"))
    factory = ExchangeFactory(config=exchange.settings())
    name = "".join(part.title() for part in action.split("_"))
    with pytest.raises(ExchangeError, match="no exchange is configured"):
        getattr(factory, name)().start()
    assert not (tmp_path / "none").exists()


def test_every_action_of_nbgrader_is_covered() -> None:
    assert set(exchange.ACTIONS) == set(ExchangeFactory.class_trait_names(config=True)) - {"exchange"}


def test_a_configured_one_is_used(tmp_path: Path) -> None:
    settings = exchange.settings()
    settings.merge(Config({"Exchange": {"root": str(tmp_path)}}))
    lister = ExchangeFactory(config=settings).list(config=settings)
    assert isinstance(lister, default.ExchangeList) and lister.root == str(tmp_path)
