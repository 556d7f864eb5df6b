"""The limits of a walk."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.sandbox import trees
from course.sandbox.trees import Directory, TreeError

from .hostile_trees import Thing, build
from .test_removal import deep


def test_each_folder_comes_before_what_is_in_it(tmp_path: Path) -> None:
    build(tmp_path, [Thing("file", "b", ""), Thing("file", "a/c", ""), Thing("file", "a/b/c", ""), Thing("link", "a/z", "/")])
    with Directory.open(tmp_path) as top:
        assert [entry.path for entry in trees.walk(top)] == ["a", "a/b", "a/b/c", "a/c", "a/z", "b"]


def test_a_tree_that_is_too_deep_or_too_large(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    deep(tmp_path / "deep", 70)
    build(tmp_path, [Thing("file", f"many/{number}", "") for number in range(20)])
    with Directory.open(tmp_path / "deep") as top, pytest.raises(TreeError, match="is deeper than 64 folders"):
        list(trees.walk(top))
    with Directory.open(tmp_path / "many") as top:
        assert len(list(trees.walk(top, most=20))) == 20
        with pytest.raises(TreeError, match="too many files"):
            list(trees.walk(top, most=19))
    trees.remove(tmp_path / "deep")


def test_what_vanishes_is_left_out(tmp_path: Path) -> None:
    build(tmp_path, [Thing("file", "a/b", ""), Thing("file", "c", ""), Thing("file", "d/e", "")])
    seen = []
    with Directory.open(tmp_path) as top:
        for entry in trees.walk(top):
            seen.append(entry.path)
            if entry.path == "a":
                trees.remove(tmp_path / "d")
                (tmp_path / "c").unlink()
    assert seen == ["a", "a/b"]
