"""A model's data on its way into /opt/ml/model: from S3 with the rights of the model's role, unpacked as SageMaker unpacks it."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath

from course.localaws.jobs.s3_data import DataError, JobData, split


class HostingError(Exception):
    """A model cannot be served; the message is the endpoint's ``FailureReason``."""


def fetch(data: JobData, container: dict, root: Path) -> None:
    """Lay out /opt/ml of a container.

    Parameters
    ----------
    data : JobData
    container : dict
        A ``ContainerDefinition``: ``ModelDataUrl`` names a tar.gz; ``ModelDataSource`` an object or a prefix, compressed or not.
    root : Path
        What the container knows as /opt/ml. Its ``model`` gets the model's data, its ``code`` the script archive that
        ``SAGEMAKER_SUBMIT_DIRECTORY`` may name in S3.

    Raises
    ------
    HostingError
    """
    model, code = root / "model", root / "code"
    (root / "models" if multi_model(container) else model).mkdir(parents=True)
    code.mkdir()
    if multi_model(container):
        pass  # its models come one by one, when they are asked for
    elif url := container.get("ModelDataUrl"):
        _fetch_archive(data, url, model)
    elif source := container.get("ModelDataSource", {}).get("S3DataSource"):
        if source["CompressionType"] == "Gzip":
            _fetch_archive(data, source["S3Uri"], model)
        else:
            _download(data, source["S3Uri"], source["S3DataType"] == "S3Object", model)
    submitted = container.get("Environment", {}).get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    if submitted.startswith("s3://"):
        _fetch_archive(data, submitted, code)


def multi_model(container: dict) -> bool:
    return container.get("Mode") == "MultiModel"


def fetch_one(data: JobData, url: str, target: Path) -> None:
    """One model of a multi-model container. Raises HostingError, or what the disk raises; then nothing of it is there."""
    target.mkdir(parents=True)
    try:
        _fetch_archive(data, url, target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def unpack(archive: Path, target: Path) -> None:
    """Unpack a tar.gz of plain files and directories.

    Raises
    ------
    ValueError
        It is no tar.gz, or holds what may not come out of one: a link, a device, a path that leads out of ``target``.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                _extract(tar, member, target)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the archive
        raise ValueError(str(error)) from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{member.name!r} leads out of the archive")
    place = target / path
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
    elif member.isfile():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tar.extractfile(member) as source, place.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        place.chmod(0o755 if member.mode & 0o100 else 0o644)
    else:
        raise ValueError(f"{member.name!r} is neither a file nor a directory; SageMaker unpacks no links and devices")


def _fetch_archive(data: JobData, url: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        _download(data, url, True, Path(folder))
        [archive] = Path(folder).iterdir()
        try:
            unpack(archive, target)
        except ValueError as error:
            raise HostingError(
                f'Failed to extract model data archive for container "container_1" from URL "{url}". '
                f"Please ensure that the object located at the URL is a valid tar.gz archive. ({error})"
            ) from error


def _download(data: JobData, url: str, one: bool, folder: Path) -> None:
    """The object of exactly that name, or all below the prefix."""
    try:
        items = [item for item in data.find(url) if not one or item.stored.key == split(url)[1]]
        data.download(items, folder, link=one)
    except DataError as error:
        items, reason = [], f" ({error})"
    else:
        reason = ""
    if not items:
        raise HostingError(
            f'Failed to download model data for container "container_1" from URL: "{url}". Please ensure that there is an object '
            f"located at the URL and that the role passed to CreateModel has permissions to download the object.{reason}"
        )
