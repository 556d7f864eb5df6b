"""What a job leaves in /opt/ml is read from outside its box: nothing there may lead anywhere else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.sagemaker.core import ml_folder


def test_links_to_opt_ml_lead_to_its_files(tmp_path: Path) -> None:
    root = tmp_path / "ml"
    (root / "output").mkdir(parents=True)
    (root / "model").mkdir()
    (root / "output" / "real").write_text("kept")
    (root / "model" / "absolute").symlink_to("/opt/ml/output/real")
    (root / "model" / "relative").symlink_to("../output/real")
    (root / "model" / "folder").symlink_to("/opt/ml/output")
    ml_folder.sanitize_links(root)
    assert [(root / "model" / name).read_text() for name in ("absolute", "relative", "folder/real")] == ["kept"] * 3


def test_links_that_lead_out_and_pipes_are_gone(tmp_path: Path) -> None:
    root = tmp_path / "ml"
    (root / "model").mkdir(parents=True)
    (tmp_path / "secret").write_text("of somebody else")
    (root / "model" / "file").symlink_to(tmp_path / "secret")
    (root / "model" / "folder").symlink_to(tmp_path)
    (root / "model" / "up").symlink_to("../../secret")
    (root / "model" / "first").symlink_to("second")
    (root / "model" / "second").symlink_to("/etc")
    (root / "model" / "round").symlink_to("round")
    os.mkfifo(root / "failure")
    ml_folder.sanitize_links(root)
    assert [path.name for path in root.rglob("*")] == ["model"]


NAMES = st.sampled_from(["a", "b", "c"])
PLACES = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TARGETS = st.lists(st.sampled_from(["a", "b", "..", "."]), min_size=1, max_size=5).map("/".join)
ENTRIES = st.tuples(PLACES, st.sampled_from(["file", "link", "absolute", "opt"]), TARGETS)


@settings(max_examples=200)
@given(st.lists(ENTRIES, max_size=8))
def test_remaining_links_lead_inside_the_folder(entries: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "ml"
        root.mkdir()
        for place, kind, target in entries:
            path = root / place
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.resolve().parent.is_relative_to(root.resolve()):
                    continue  # nothing of this test's own is written elsewhere
                if kind == "file":
                    path.write_text("x")
                else:
                    path.symlink_to({"link": target, "absolute": f"/{target}", "opt": f"/opt/ml/{target}"}[kind])
            except (OSError, RuntimeError):
                continue
        ml_folder.sanitize_links(root)
        for path in root.rglob("*"):
            assert path.resolve().is_relative_to(root.resolve())
            assert path.is_file() or path.is_dir()


TREES = st.dictionaries(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple), st.text(max_size=3), max_size=6)


def tree(folder: Path, files: dict[tuple[str, ...], str]) -> dict[str, str]:
    """Write the files that fit beside those before them; returns what is there."""
    folder.mkdir()
    for parts, text in files.items():
        path = folder.joinpath(*parts)
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return there(folder)


def there(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@settings(max_examples=50, deadline=None)
@given(TREES, TREES)
def test_what_is_merged_is_there_once_and_the_first_stays(ours: dict, theirs: dict) -> None:
    with tempfile.TemporaryDirectory() as name:
        target, source = Path(name, "target"), Path(name, "source")
        first, second = tree(target, ours), tree(source, theirs)
        clashes = ml_folder.merge(source, target)
        merged, left = there(target), there(source)
        assert first.items() <= merged.items() and set(merged) | set(left) == set(first) | set(second)
        assert all(merged[path] == second[path] for path in set(merged) - set(first))
        assert set(left) <= {path for path in second if any(path == clash or path.startswith(f"{clash}/") for clash in clashes)}
