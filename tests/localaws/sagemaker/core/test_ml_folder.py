"""What a job leaves in /opt/ml is read from outside its box: nothing there may lead anywhere else."""

from __future__ import annotations

import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.sagemaker.core import ml_folder
from course.sandbox.trees import TreeError


def stored(root: Path, packed: Path) -> dict[str, str]:
    """The members of the archive of a job's model, by name: the text of a file, or where a link leads."""
    ml_folder.pack(root, "model", packed)
    with tarfile.open(packed) as tar:
        return {
            member.name: tar.extractfile(member).read().decode() if member.isreg() else f"-> {member.linkname}"
            for member in tar
            if not member.isdir()
        }


def test_links_in_a_model_lead_to_its_files(tmp_path: Path) -> None:
    root = tmp_path / "ml"
    (root / "model/inner").mkdir(parents=True)
    (root / "model/real").write_text("kept")
    (root / "model/inner/absolute").symlink_to("/opt/ml/model/real")
    (root / "model/inner/relative").symlink_to("../real")
    (root / "model/folder").symlink_to("/opt/ml/model/inner")
    links = {"inner/absolute": "-> ../real", "inner/relative": "-> ../real", "folder": "-> inner"}
    assert stored(root, tmp_path / "packed") == {"real": "kept"} | links


def test_links_that_lead_out_and_pipes_are_left_out(tmp_path: Path) -> None:
    root = tmp_path / "ml"
    (root / "model").mkdir(parents=True)
    (tmp_path / "secret").write_text("of somebody else")
    (root / "model" / "file").symlink_to(tmp_path / "secret")
    (root / "model" / "folder").symlink_to(tmp_path)
    (root / "model" / "up").symlink_to("../../secret")
    (root / "model" / "first").symlink_to("second")
    (root / "model" / "second").symlink_to("/etc")
    (root / "model" / "round").symlink_to("round")
    os.mkfifo(root / "model" / "failure")
    assert stored(root, tmp_path / "packed") == {}


def test_a_model_that_became_a_link_is_found_inside(tmp_path: Path) -> None:
    root = tmp_path / "ml"
    (root / "other").mkdir(parents=True)
    (root / "other/real").write_text("kept")
    (root / "model").symlink_to("/opt/ml/other")
    assert stored(root, tmp_path / "packed") == {"real": "kept"}
    (root / "model").unlink()
    (root / "model").symlink_to("/etc")
    with pytest.raises(TreeError, match="model is a link that leads out of the folder"):
        ml_folder.pack(root, "model", tmp_path / "packed")
    with pytest.raises(TreeError):
        ml_folder.merge(root, root, "model")


TREES = st.dictionaries(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple), st.text(max_size=3), max_size=6)


def tree(folder: Path, files: dict[tuple[str, ...], str]) -> dict[str, str]:
    """Write the files that fit beside those before them; returns what is there."""
    folder.mkdir(parents=True)
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
        target, source = Path(name, "target/model"), Path(name, "source/model")
        first, second = tree(target, ours), tree(source, theirs)
        clashes = ml_folder.merge(source.parent, target.parent, "model")
        merged, left = there(target), there(source)
        assert first.items() <= merged.items() and set(merged) | set(left) == set(first) | set(second)
        assert all(merged[path] == second[path] for path in set(merged) - set(first))
        assert set(left) <= {path for path in second if any(path == clash or path.startswith(f"{clash}/") for clash in clashes)}
