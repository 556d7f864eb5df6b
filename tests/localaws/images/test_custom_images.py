"""Images that the user built, from the files in the state folder."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from course.localaws.docker_build import archive
from course.localaws.images import custom
from course.localaws.images.custom import ImageStore

URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/old:1"
# What the release before the packages of course.localaws were renamed wrote to config.json.
BASE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
CONFIG = {
    "architecture": "amd64",
    "config": {
        "Cmd": None,
        "Entrypoint": None,
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED=TRUE", "A=b", "SAGEMAKER_PROGRAM=t.py"],
        "User": "",
        "WorkingDir": "",
    },
    "from": BASE,
    "history": [{"created_by": f"FROM {BASE}"}, {"created_by": "COPY t.py /opt/ml/code/t.py"}],
    "os": "linux",
    "rootfs": {"diff_ids": ["sha256:6f7dc28698a5ac4a5a6f09536666d2b580b7f3b5075a0b046c5238089dad4e21"], "type": "layers"},
}


def test_an_image_that_an_earlier_release_built_runs_todays_programs(tmp_path: Path) -> None:
    """A configuration names the URI of its base and no module. The base's modules are looked up when the image runs."""
    document = json.dumps(CONFIG, sort_keys=True).encode()
    digest = hashlib.sha256(document).hexdigest()
    body = tmp_path / "images" / digest
    (body / "files").mkdir(parents=True)
    (body / "packages").mkdir()
    (body / "config.json").write_bytes(document)
    image = ImageStore(tmp_path / "images").image(URI, f"sha256:{digest}", "")
    for argv in (image.train(), image.serve()):
        assert argv[:3] == ["python3", "-P", "-m"] and importlib.util.find_spec(argv[3])
    assert image.environment["A"] == "b" and Path(image.environment["PYTHONPATH"]).is_dir()


def test_an_image_whose_removal_a_kill_cut_off_can_be_pushed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload may come before the next start has removed the rest of the files."""
    content = tmp_path / "content"
    (content / "files").mkdir(parents=True)
    for name in ("a.py", "b.py"):
        (content / "files" / name).write_text(name)
    archive.pack(content, json.dumps(CONFIG).encode(), tmp_path / "archive.tar")
    digest = ImageStore(tmp_path / "images").take(tmp_path / "archive.tar")

    def cut_off(folder: Path) -> None:
        next(folder.rglob("a.py")).unlink()
        raise InterruptedError

    monkeypatch.setattr(custom, "remove", cut_off)
    with pytest.raises(InterruptedError):
        ImageStore(tmp_path / "images").sweep(set())
    monkeypatch.undo()
    store = ImageStore(tmp_path / "images")
    assert store.take(tmp_path / "archive.tar") == digest
    store.sweep(set())  # what was pushed since the start stays
    assert sorted(path.name for path in store.image(URI, digest, "").files.iterdir()) == ["a.py", "b.py"]
    assert len(list((tmp_path / "images").iterdir())) == 1
