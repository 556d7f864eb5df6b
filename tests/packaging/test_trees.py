"""Whoever unpacks or copies a tree that a program may have made does it through `course.sandbox.trees`, and nothing else does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = ROOT / "course/sandbox/trees"
# Functions and methods that follow links, or write where an archive says.
FORBIDDEN = {"extract", "extractall", "unpack_archive", "copytree", "make_archive", "move"}
OF_SHUTIL = {"move"}  # other objects have methods of this name


def forbidden(source: str) -> Iterator[tuple[int, str]]:
    """The line and the name of each forbidden call in Python source, however the function was imported."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "shutil":
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in FORBIDDEN)
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN:
            of_shutil = isinstance(node.value, ast.Name) and node.value.id == "shutil"
            if of_shutil or node.attr not in OF_SHUTIL:
                yield node.lineno, node.attr


@pytest.mark.parametrize("folder", ["course/sandbox", "course/localaws", "course/grading", "graders"])
def test_trees_are_handled_in_one_place(folder: str) -> None:
    paths = [path for path in (ROOT / folder).rglob("*.py") if HANDLERS not in path.parents and "answers" not in path.parts]
    found = [f"{path.relative_to(ROOT)}:{line} {name}" for path in paths for line, name in forbidden(path.read_text(encoding="utf-8"))]
    assert found == [], "use course.sandbox.trees instead"


@pytest.mark.parametrize(
    "line",
    ["tar.extractall(x)", "zipfile.ZipFile(x).extract(y)", "shutil.copytree(a, b)", "shutil.move(a, b)", "from shutil import move as m"],
)
def test_each_way_is_found(line: str) -> None:
    assert [name for _, name in forbidden(line)] != []


@pytest.mark.parametrize("line", ["game.move(a)", "tar.extractfile(x)", "shutil.copyfile(a, b)"])
def test_others_are_not(line: str) -> None:
    assert list(forbidden(line)) == []
