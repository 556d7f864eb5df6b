"""A second thread replaces folders by links and back while a tree is read, written or removed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from course.sandbox import trees
from course.sandbox.trees import Directory, LinkRule, TreeError

from .hostile_trees import SECRET, Outside, Thing, archive_of, build

ROUNDS = 150


@contextlib.contextmanager
def swapping(root: Path, name: str) -> Iterator[None]:
    """Replace the folder ``name`` by a link out of the tree and back, again and again, during the block."""
    ended, folder, away = threading.Event(), root / name, root.parent / "away"

    def swap() -> None:
        while not ended.is_set():
            for step in (lambda: folder.rename(away), lambda: folder.symlink_to("../outside"), folder.unlink, lambda: away.rename(folder)):
                with contextlib.suppress(OSError):
                    step()

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def unpacking(tree: Path, other: Path) -> None:
    with Directory.open(tree) as top:
        trees.unpack(archive_of([Thing("file", f"d/{name}", "") for name in ("secret", "new", "more")]), top)


def copying(tree: Path, other: Path) -> None:
    with Directory.open(other) as source, Directory.open(tree) as target:
        trees.copy(source, target, LinkRule.INSIDE)


def merging(tree: Path, other: Path) -> None:
    with Directory.open(other) as source, Directory.open(tree) as target:
        trees.merge(source, target)


def removing(tree: Path, other: Path) -> None:
    trees.remove(tree / "d")


def reading(tree: Path, other: Path) -> None:
    with Directory.open(tree) as top, trees.open_file(top, ("d", "secret"), PurePosixPath("/opt/ml")) as file:
        assert file.read() != SECRET


def packing(tree: Path, other: Path) -> None:
    archive = other.parent / "packed"
    with Directory.open(tree) as top:
        trees.pack(top, archive, PurePosixPath("/opt/ml"))
    read = other.parent / "read"
    read.mkdir()
    with Directory.open(read) as top:
        trees.unpack(archive, top)
        for entry in filter(lambda each: each.is_file, trees.walk(top)):
            with entry.folder.read(entry.name) as file:
                assert file.read() != SECRET
    trees.remove(read)


@pytest.mark.parametrize("act", [unpacking, copying, merging, removing, reading, packing])
def test_nothing_outside_is_reached(tmp_path: Path, act: Callable[[Path, Path], None]) -> None:
    outside = Outside.make(tmp_path)
    tree, other = tmp_path / "tree", tmp_path / "other"
    tree.mkdir()
    with swapping(tree, "d"):
        for _ in range(ROUNDS):
            other.mkdir(exist_ok=True)
            build(other, [Thing("file", f"d/{name}", "") for name in ("secret", "new")])
            build(tree, [Thing("file", "d/secret", ""), Thing("file", "d/inner/file", "")])
            with contextlib.suppress(TreeError, OSError):
                act(tree, other)
            outside.check()
    trees.remove(tree), trees.remove(other)
    tree.mkdir(), other.mkdir()
    build(other, [Thing("file", "e/secret", "")])
    build(tree, [Thing("file", "d/secret", ""), Thing("file", "d/inner/file", "")])
    act(tree, other)  # with nobody else there it does its work
    outside.check()
