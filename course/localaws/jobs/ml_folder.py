"""The layout of /opt/ml for training and processing, and what is read from it afterwards.

Source: "How Amazon SageMaker Runs Your Training Image" and "How to Build Your Own Processing Container" of the SageMaker developer
guide, read 2026-11-24.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

HOST = "algo-1"
LONGEST_REASON = 1024  # bytes of FailureReason and ExitMessage
ML = Path("/opt/ml")


def hosts(count: int) -> list[str]:
    """The names by which the hosts of a job know each other."""
    return [f"algo-{number}" for number in range(1, count + 1)]


def place(root: Path, local: str) -> Path:
    """Where a path below /opt/ml lies below ``root``."""
    return root / Path(local).relative_to(ML)


def create_training_layout(
    root: Path, hyperparameters: dict, channels: dict[str, dict], resources: dict, checkpoint: dict | None = None
) -> None:
    """Make the directories of a training job and write what it is told.

    Parameters
    ----------
    root : Path
        What the job knows as /opt/ml.
    hyperparameters : dict of str to str
    channels : dict
        The content of ``inputdataconfig.json``: by channel its ``TrainingInputMode``, ``S3DistributionType``, ...
    resources : dict
        The content of ``resourceconfig.json``.
    checkpoint : dict, optional
        ``CheckpointConfig`` of the request.
    """
    for folder in ("input/config", "input/data", "model", "output/data", "code"):
        (root / folder).mkdir(parents=True)
    config = root / "input/config"
    _write(config / "hyperparameters.json", hyperparameters)
    _write(config / "inputdataconfig.json", channels)
    _write(config / "resourceconfig.json", resources)
    if checkpoint:
        (root / "checkpoints").mkdir()
        _write(
            config / "checkpointconfig.json",
            {"S3Uri": checkpoint["S3Uri"], "LocalPath": checkpoint.get("LocalPath", "/opt/ml/checkpoints")},
        )


def create_processing_layout(root: Path, job: dict, host: str = HOST, hosts: Sequence[str] = (HOST,)) -> None:
    """Make the directories of a processing job and write ``processingjobconfig.json`` and ``resourceconfig.json``."""
    for folder in ("config", "processing", "output"):
        (root / folder).mkdir(parents=True)
    _write(root / "config/processingjobconfig.json", job)
    _write(root / "config/resourceconfig.json", {"current_host": host, "hosts": list(hosts)})


def merge(source: Path, target: Path) -> list[str]:
    """Move what lies below ``source`` to the same places below ``target``; returns the names that are taken there, which stay behind."""
    clashes = []
    for path in sorted(source.rglob("*")):
        place, folder = target / path.relative_to(source), path.is_dir() and not path.is_symlink()
        if not place.parent.is_dir():
            continue  # below a name that is taken
        if not os.path.lexists(place):
            place.mkdir() if folder else path.rename(place)
        elif not (folder and place.is_dir()):
            clashes.append(path.relative_to(source).as_posix())
    return clashes


def sanitize_links(root: Path) -> None:
    """Make what a job left below ``root`` safe to read from outside: links lead to what lies there, and nothing else is special.

    Inside, a link to /opt/ml leads to ``root`` and one to anywhere else to what the box saw; outside it would lead to anything.
    """
    left = [Path(folder, name) for folder, folders, files in os.walk(root) for name in (*folders, *files)]
    links = [path for path in left if path.is_symlink()]
    for path in set(left) - set(links):
        if not (path.is_dir() or path.is_file()):
            path.unlink()
    for path in links:
        if (target := path.readlink()).is_relative_to("/opt/ml"):
            path.unlink()
            path.symlink_to(os.path.relpath(root / target.relative_to("/opt/ml"), path.parent))
    real = root.resolve()
    for path in [path for path in links if not (path.exists() and Path(os.path.realpath(path)).is_relative_to(real))]:
        path.unlink()


def read_message(path: Path) -> str | None:
    """The first `LONGEST_REASON` bytes of a file that a job may have written; None when it did not."""
    try:
        with path.open("rb") as file:
            return shorten(file.read(LONGEST_REASON).decode(errors="replace"))
    except OSError:
        return None


def shorten(text: str, suffix: str = "") -> str:
    """``text`` and ``suffix``, of which the suffix is whole and both fit `LONGEST_REASON` bytes."""
    room = LONGEST_REASON - len(suffix.encode())
    return text.encode()[:room].decode(errors="ignore") + suffix


def is_empty(folder: Path) -> bool:
    return not any(os.scandir(folder))


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content))
