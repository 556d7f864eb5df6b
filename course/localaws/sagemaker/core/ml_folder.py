"""The layout of /opt/ml for training and processing, and what is read from it when a job has ended.

Source: "How Amazon SageMaker Runs Your Training Image" and "How to Build Your Own Processing Container" of the SageMaker developer
guide, read 2026-11-24.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import ML
from course.sandbox import trees
from course.sandbox.trees import Directory, TreeError

ENVIRONMENT = {"SAGEMAKER_BASE_DIR": str(ML)}  # of every program of a job or model server
CHECKPOINTS = "/opt/ml/checkpoints"  # the default LocalPath of checkpoints


def real_path(root: Path, local: str) -> Path:
    """The path on this machine of a path below /opt/ml; ``root`` is the box's root."""
    return root / PurePosixPath(local).relative_to(ML)


def check_below(path: str) -> None:
    """Refuse a LocalPath outside /opt/ml, which exists only in a container's own file system. Raises AwsError."""
    if not Path(path).is_relative_to(ML) or Path(path) == ML or ".." in Path(path).parts:
        message = f"The local AWS copies to S3 what a job writes below /opt/ml; it does not support the LocalPath {path}."
        raise AwsError("NotSupportedByLocalAws", message)


def reach(root: Path, path: str, make: bool = False) -> Directory:
    """Open the folder that a container knows by ``path``, through no link: an image or an earlier job may have made some.

    Raises
    ------
    TreeError
        A part of the path is a link or a file.
    OSError
        It does not exist, unless ``make``.
    """
    with Directory.open(root) as top:
        return top.reach(PurePosixPath(path).relative_to(ML).parts, make)


def make(root: Path, path: str) -> Path:
    """Create the folder that a container knows by ``path``. Returns it relative to ``root``.

    Raises AwsError as `check_below` does, and TreeError and OSError as `reach`.
    """
    check_below(path)
    reach(root, path, make=True).close()
    return Path(PurePosixPath(path).relative_to(ML))


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


def opened(root: Path, path: str) -> Directory:
    """Open a folder that a job left at ``path``, relative to ``root``. If the job made it a link, that is followed inside ``root``.

    Raises TreeError when it leads out of ``root`` or is no folder, OSError.
    """
    with Directory.open(root) as top:
        return top.reach(trees.find(top, path.split("/"), ML))


def merge(source: Path, target: Path, path: str) -> list[str]:
    """Move the files of the folder ``path`` of one root to that of another. Returns the paths at which a file is there already and stays.

    Raises TreeError, OSError.
    """
    with opened(source, path) as one, opened(target, path) as other:
        return trees.merge(one, other)


def pack(root: Path, path: str, archive: Path, most: int | None = None) -> None:
    """Write a folder that a job left to a tar.gz. Links in it stay links if they lead to places in it.

    Raises TreeError, also when its files have more than ``most`` bytes, and OSError.
    """
    with opened(root, path) as folder:
        trees.pack(folder, archive, ML / path, most)


def is_empty(root: Path, path: str) -> bool:
    """Whether a job left nothing in the folder ``path``. Raises TreeError, OSError."""
    try:
        with opened(root, path) as folder:
            return not any(os.scandir(folder.descriptor))
    except FileNotFoundError:
        return True


def is_plain(root: Path, path: PurePosixPath) -> bool:
    """Whether there is a regular file at ``path`` below ``root``, with no link on the way, which would lead elsewhere outside the box."""
    try:
        with Directory.open(root) as top, top.reach(path.parts[:-1]) as folder:
            folder.read(path.name).close()
    except (OSError, TreeError):
        return False
    return True


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content))
