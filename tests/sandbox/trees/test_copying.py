"""Trees that are copied into or merged with others."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.sandbox import trees
from course.sandbox.trees import Directory, LinkRule, TreeError

from .hostile_trees import THINGS, Outside, Thing, build, leads_outside


def made(folder: Path, *things: Thing) -> Path:
    folder.mkdir()
    build(folder, list(things))
    return folder


def test_files_folders_and_links_are_copied_and_pipes_are_not(tmp_path: Path) -> None:
    source = made(
        tmp_path / "source", Thing("file", "a/b", ""), Thing("folder", "d", ""), Thing("link", "a/l", "b"), Thing("pipe", "p", "")
    )
    (source / "a/b").chmod(0o755)
    trees.copy_tree(source, tmp_path / "target", LinkRule.INSIDE)
    assert sorted(path.relative_to(tmp_path / "target").as_posix() for path in (tmp_path / "target").rglob("*")) == ["a", "a/b", "a/l", "d"]
    assert (tmp_path / "target/a/b").stat().st_mode & 0o777 == 0o755 and (tmp_path / "target/a/l").readlink() == Path("b")


def test_what_is_there_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    """A file of the same name may be a hard link to an object in S3, or a link out of the tree."""
    outside = Outside.make(tmp_path)
    source = made(tmp_path / "source", Thing("file", "secret", ""), Thing("file", "linked", ""))
    target = made(tmp_path / "target", Thing("link", "linked", "../outside/secret"))
    kept = tmp_path / "kept"
    kept.write_text("an object")
    os.link(kept, target / "secret")
    trees.copy_tree(source, target)
    assert (target / "secret").read_text() == "secret" and kept.read_text() == "an object"
    assert not (target / "linked").is_symlink()
    outside.check()


def test_holes_stay_holes(tmp_path: Path) -> None:
    source = made(tmp_path / "source")
    with (source / "sparse").open("wb") as file:
        file.write(b"first")
        file.seek(1 << 40)
        file.write(b"last")
        file.truncate((1 << 40) + 100_000)
    trees.copy_tree(source, tmp_path / "target")
    copied = tmp_path / "target/sparse"
    assert copied.stat().st_size == (1 << 40) + 100_000 and copied.stat().st_blocks < 1000
    with copied.open("rb") as file:
        assert file.read(6) == b"first\0"
        file.seek(1 << 40)
        assert file.read(5) == b"last\0"


@pytest.mark.parametrize("rule", LinkRule)
def test_a_folder_is_not_copied_through_a_link(tmp_path: Path, rule: LinkRule) -> None:
    outside = Outside.make(tmp_path)
    source = made(tmp_path / "source", Thing("file", "d/secret", ""))
    target = made(tmp_path / "target", Thing("link", "d", "../outside"))
    with pytest.raises(TreeError, match="d is a link, or not a folder"):
        trees.copy_tree(source, target, rule)
    outside.check()


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    source = made(tmp_path / "source", Thing("link", "a/l", "../../outside"))
    with pytest.raises(TreeError, match="a/l is a link that leads out of the folder"):
        trees.copy_tree(source, tmp_path / "target", LinkRule.INSIDE)
    with pytest.raises(TreeError, match="a/l is neither a file nor a directory"):
        trees.copy_tree(source, tmp_path / "target")


def test_two_hosts_whose_links_are_safe_for_each_alone(tmp_path: Path) -> None:
    """The second host's ``d/l`` climbs from ``d``, a folder there; at the first host ``d`` is the top itself."""
    outside = Outside.make(tmp_path)
    first = made(tmp_path / "first", Thing("link", "d", "."))
    second = made(tmp_path / "second", Thing("link", "d/l", "../../outside"), Thing("file", "d/f", ""))
    with Directory.open(second) as source, Directory.open(first) as target:
        assert trees.merge(source, target) == ["d"]
        with pytest.raises(TreeError, match="leads out"):
            trees.open_file(source, ("d", "l", "secret"), mounted=Path("/opt/ml/model"))
    assert [path.name for path in first.iterdir()] == ["d"]
    outside.check()


@settings(max_examples=100, deadline=None)
@given(THINGS, THINGS, st.sampled_from(LinkRule))
def test_a_copy_writes_nothing_outside(theirs: list[Thing], ours: list[Thing], rule: LinkRule) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = Outside.make(Path(folder))
        source, target = made(Path(folder, "source"), *theirs), made(Path(folder, "target"), *(ours if rule is LinkRule.KEEP else []))
        try:
            trees.copy_tree(source, target, rule)
        except TreeError as error:
            assert folder not in str(error)
        outside.check()
        assert rule is LinkRule.KEEP or leads_outside(target) == []


@settings(max_examples=100, deadline=None)
@given(THINGS, THINGS)
def test_a_merge_loses_nothing_and_touches_nothing_outside(ours: list[Thing], theirs: list[Thing]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = Outside.make(Path(folder))
        source, target = made(Path(folder, "source"), *theirs), made(Path(folder, "target"), *ours)
        with Directory.open(source) as one, Directory.open(target) as other:
            before = {entry.path for each in (one, other) for entry in trees.walk(each)}
            first = {entry.path: entry.status.st_ino for entry in trees.walk(other)}
            trees.merge(one, other)
            merged = {entry.path: entry.status.st_ino for entry in trees.walk(other)}
            assert first.items() <= merged.items()
            assert merged.keys() | {entry.path for entry in trees.walk(one)} == before
        outside.check()
