"""The layout of /opt/ml for training and processing, and what is read from it when a job has ended.

Source: "How Amazon SageMaker Runs Your Training Image" and "How to Build Your Own Processing Container" of the SageMaker developer
guide, read 2026-11-24.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from course.localaws.core.errors import AwsError

ML = Path("/opt/ml")
ENVIRONMENT = {"SAGEMAKER_BASE_DIR": str(ML)}  # of every program of a job or model server
CHECKPOINTS = "/opt/ml/checkpoints"  # the default LocalPath of checkpoints


def real_path(root: Path, local: str) -> Path:
    """The path on this machine of a path below /opt/ml; ``root`` is the box's root."""
    return root / Path(local).relative_to(ML)


def check_below(path: str) -> None:
    """Refuse a LocalPath outside /opt/ml, which exists only in a container's own file system. Raises AwsError."""
    if not Path(path).is_relative_to(ML) or Path(path) == ML or ".." in Path(path).parts:
        message = f"The local AWS copies to S3 what a job writes below /opt/ml; it does not support the LocalPath {path}."
        raise AwsError("NotSupportedByLocalAws", message)


def make(root: Path, path: str) -> Path:
    """Create the folder that a container knows by ``path``. Returns it as a path of this machine. Raises AwsError as `check_below` does."""
    check_below(path)
    folder = real_path(root, path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def create_training_layout(
    root: Path, hyperparameters: dict, channels: dict[str, dict], resources: dict, checkpoint: dict | None = None
) -> None:
    """Make the folders and configuration files of a training job.

    Parameters
    ----------
    root : Path
        The root of the job's box.
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
        _write(config / "checkpointconfig.json", {"S3Uri": checkpoint["S3Uri"], "LocalPath": checkpoint.get("LocalPath", CHECKPOINTS)})


def create_processing_layout(root: Path, job: dict, host: str, hosts: Sequence[str]) -> None:
    """Make the folders of a processing job, ``processingjobconfig.json`` and ``resourceconfig.json``."""
    for folder in ("config", "processing", "output"):
        (root / folder).mkdir(parents=True)
    _write(root / "config/processingjobconfig.json", job)
    _write(root / "config/resourceconfig.json", {"current_host": host, "hosts": list(hosts)})


def merge(source: Path, target: Path) -> list[str]:
    """Move the files below ``source`` to the same paths below ``target``. Returns the paths that exist there already and stay."""
    clashes = []
    for path in sorted(source.rglob("*")):
        moved, folder = target / path.relative_to(source), path.is_dir() and not path.is_symlink()
        if not moved.parent.is_dir():
            continue  # its folder clashes
        if not os.path.lexists(moved):
            moved.mkdir() if folder else path.rename(moved)
        elif not (folder and moved.is_dir()):
            clashes.append(path.relative_to(source).as_posix())
    return clashes


def sanitize_links(root: Path) -> None:
    """Make the files that a job left below ``root`` safe to read from outside: links lead to files below ``root``, nothing is special.

    In the box, a link to /opt/ml leads to ``root``, and other links to what the box sees; outside they could lead to any file.
    """
    left = [Path(folder, name) for folder, folders, files in os.walk(root) for name in (*folders, *files)]
    links = [path for path in left if path.is_symlink()]
    for path in set(left) - set(links):
        if not (path.is_dir() or path.is_file()):
            path.unlink()
    for path in links:
        if (target := path.readlink()).is_relative_to(ML):
            path.unlink()
            path.symlink_to(os.path.relpath(real_path(root, str(target)), path.parent))
    real = root.resolve()
    for path in [path for path in links if not (path.exists() and Path(os.path.realpath(path)).is_relative_to(real))]:
        path.unlink()


def is_empty(folder: Path) -> bool:
    return not any(os.scandir(folder))


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content))
