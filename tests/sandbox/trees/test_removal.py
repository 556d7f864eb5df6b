"""Trees that are removed, however deep they are and whatever rights they have."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from course.sandbox import trees

from .hostile_trees import THINGS, Outside, Thing, build

NOBODY = 65534


def deep(root: Path, levels: int) -> None:
    """Folders in folders, far beyond what a path can name."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d" * 200, dir_fd=here)
        inner = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_a_tree_of_any_depth(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    deep(root, 3000)
    trees.remove(root)
    assert not root.exists()


def test_what_is_not_there_and_what_is_no_folder(tmp_path: Path) -> None:
    trees.remove(tmp_path / "nothing")
    outside = Outside.make(tmp_path)
    (tmp_path / "link").symlink_to("outside")
    trees.remove(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    outside.check()


LOCKED = """
import os, sys
from pathlib import Path
from course.sandbox import trees
root = Path(sys.argv[1])
os.setgid(65534), os.setuid(65534)
(root / "tree/locked/inner").mkdir(parents=True)
(root / "tree/locked/inner/file").write_text("x")
(root / "tree/locked/away").symlink_to("../../outside")
(root / "tree/locked/secret").symlink_to("../../outside/secret")
for path, mode in (("tree/locked/inner", 0), ("tree/locked", 0o500), ("tree", 0)):
    (root / path).chmod(mode)
trees.remove(root / "tree")
sys.exit((root / "tree").exists())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user, until 2027-12-03")
def test_a_locked_folder_of_an_ordinary_user_goes_and_its_links_lead_to_no_change() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        outside = Outside.make(Path(folder))
        for path in (Path(folder), outside.folder, outside.folder / "secret"):
            os.chown(path, NOBODY, NOBODY)
        done = subprocess.run([sys.executable, "-c", LOCKED, folder], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        outside.check()


@settings(max_examples=100, deadline=None)
@given(THINGS)
def test_everything_goes_and_nothing_else(things: list[Thing]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = Outside.make(Path(folder))
        root = Path(folder, "tree")
        root.mkdir()
        build(root, things)
        trees.remove(root)
        assert not root.exists()
        outside.check()
