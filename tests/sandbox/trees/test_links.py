"""Where the links of a tree lead."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings

from course.sandbox import trees
from course.sandbox.trees import Directory, TreeError

from .hostile_trees import SECRET, THINGS, Outside, Thing, build

ML = PurePosixPath("/opt/ml")


def text(root: Path, path: str, mounted: PurePosixPath = ML) -> str:
    with Directory.open(root) as top, trees.open_file(top, path.split("/"), mounted) as file:
        return file.read().decode()


def test_links_to_opt_ml_lead_to_its_files(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output/real").write_text("kept")
    links = {"absolute": "/opt/ml/output/real", "relative": "../output/real", "folder": "/opt/ml/output", "second": "absolute"}
    build(tmp_path, [Thing("link", f"model/{name}", target) for name, target in links.items()])
    assert [text(tmp_path, f"model/{name}") for name in ("absolute", "relative", "folder/real", "second")] == ["kept"] * 4


@pytest.mark.parametrize(
    "target", ["/outside/secret", "../../outside/secret", "/opt/ml/../../outside/secret", "first", "round", "/opt", "pipe"]
)
def test_links_that_lead_out_or_to_no_file(tmp_path: Path, target: str) -> None:
    Outside.make(tmp_path)
    (tmp_path / "ml").mkdir()
    links = [Thing("link", "model/file", target), Thing("link", "model/first", "second"), Thing("link", "model/second", "/etc/passwd")]
    build(tmp_path / "ml", [*links, Thing("link", "model/round", "round"), Thing("pipe", "model/pipe", "")])
    with pytest.raises((TreeError, FileNotFoundError)):
        text(tmp_path / "ml", "model/file")


def test_in_the_root_of_an_image_nothing_is_above_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/name").write_text("of the image")
    build(tmp_path, [Thing("link", "usr/name", "/../../etc/name"), Thing("link", "usr/up", "../../../etc")])
    assert text(tmp_path, "usr/name", PurePosixPath("/")) == text(tmp_path, "usr/up/name", PurePosixPath("/")) == "of the image"


@settings(max_examples=150, deadline=None)
@given(THINGS)
def test_what_can_be_read_lies_in_the_tree(things: list[Thing]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = Outside.make(Path(folder))
        root = Path(folder, "ml")
        root.mkdir()
        build(root, things)
        with Directory.open(root) as top:
            inside = {entry.status.st_ino for entry in trees.walk(top)}
            for entry in list(trees.walk(top)):
                for mounted in (ML, PurePosixPath("/")):
                    with contextlib.suppress(TreeError, OSError), trees.open_file(top, entry.parts, mounted) as file:
                        assert os.fstat(file.fileno()).st_ino in inside and file.read(100) != SECRET
        outside.check()
