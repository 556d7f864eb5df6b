"""Tests that a submission's folder has its files and the given ones, but no answers and no targets of links."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from course.grading.sandbox import directory as places
from course.grading.sandbox.directory import prepare_directory

FIXTURE = Path(__file__).parents[1] / "fixture"
LESSON = FIXTURE / "solutions" / "m98_traps"


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    folder = tmp_path / "submitted"
    folder.mkdir()
    return folder


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_it_has_the_files_that_learners_have(handed_in: Path, tmp_path: Path) -> None:
    (handed_in / "m98_1_traps.ipynb").write_text("{}")
    (handed_in / "mine.py").write_text("x = 1")
    with prepare_directory(LESSON, FIXTURE / "graders", handed_in, tmp_path) as place:
        assert files(place.work) == {"mine.py", "given/variants.py"}
        exercises = {path.name for path in place.graders.rglob("*.py")}
        assert exercises and not [name for name in exercises if "hidden" in name]
        assert not list(place.graders.rglob("answers"))
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    assert not place.folder.exists()


def test_handed_in_files_replace_given_files(handed_in: Path, tmp_path: Path) -> None:
    (handed_in / "given").mkdir()
    (handed_in / "given" / "variants.py").write_text("mine")
    with prepare_directory(LESSON, FIXTURE / "graders", handed_in, tmp_path) as place:
        assert (place.work / "given" / "variants.py").read_text() == "mine"


def test_links_and_large_files_are_left_out_and_said(handed_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of somebody else")
    (handed_in / "link.txt").symlink_to(secret)
    (handed_in / "folder").symlink_to(tmp_path)
    os.mkfifo(handed_in / "pipe")
    (handed_in / "large.bin").write_bytes(b"x" * 2000)
    (handed_in / "small.bin").write_bytes(b"x" * 500)
    monkeypatch.setattr(places, "limits", lambda: {"handed_in": {"file": 1000, "all": 600}})
    with prepare_directory(LESSON, FIXTURE / "graders", handed_in, tmp_path) as place:
        assert files(place.work) == {"small.bin", "given/variants.py"}
        assert place.notes == [
            "folder is a link or not a regular file; left out",
            "large.bin has 2,000 bytes, more than the limit; left out",
            "link.txt is a link or not a regular file; left out",
            "pipe is a link or not a regular file; left out",
        ]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no file names that are no text, until 2027-05-24")
def test_file_names_that_are_no_text(handed_in: Path, tmp_path: Path) -> None:
    (handed_in / os.fsdecode(b"\xff\xfe.txt")).write_text("odd")
    (handed_in / "new\nline").write_text("odd")
    with prepare_directory(LESSON, FIXTURE / "graders", handed_in, tmp_path) as place:
        assert len(files(place.work)) == 3


def test_path_that_is_too_long_for_sockets_is_refused(handed_in: Path, tmp_path: Path) -> None:
    scratch = tmp_path / ("x" * 100)
    scratch.mkdir()
    with (
        pytest.raises(OSError, match="is too long: paths of its sockets"),
        prepare_directory(LESSON, FIXTURE / "graders", handed_in, scratch),
    ):
        pass
    assert list(scratch.iterdir()) == []


def test_folders_of_killed_graders_are_removed(handed_in: Path, tmp_path: Path) -> None:
    gone, kept = tmp_path / f"sub-{2**22 - 1}-abc", tmp_path / f"sub-{os.getppid()}-abc"
    for folder in (gone, kept):
        (folder / "work").mkdir(parents=True)
    with prepare_directory(LESSON, FIXTURE / "graders", handed_in, tmp_path):
        assert not gone.exists() and kept.exists()
