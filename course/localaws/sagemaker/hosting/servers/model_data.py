"""Downloads a model's data from S3 to /opt/ml/model with the permissions of the model's role, and unpacks it as SageMaker does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from course.localaws.jobs.s3_data import NO_PATH, DataError, JobData, split
from course.sandbox import trees
from course.sandbox.trees import Directory, LinkRule, TreeError

GZIP = b"\x1f\x8b"


class HostingError(Exception):
    """A model cannot be served; the message is the endpoint's ``FailureReason``."""


def fetch(data: JobData, container: dict, root: Path) -> None:
    """Fill /opt/ml of a container.

    Parameters
    ----------
    data : JobData
    container : dict
        A ``ContainerDefinition``: ``ModelDataUrl`` names a tar.gz, ``ModelDataSource`` an object or a prefix, compressed or not. That of an
        explainer may have a ``ShapBaselineUri``, an object that goes to ``model``, too.
    root : Path
        The container's /opt/ml. The model's data goes to ``model``. The script archive that ``SAGEMAKER_SUBMIT_DIRECTORY`` may name in
        S3 goes to ``code``.

    Raises
    ------
    HostingError
    """
    model, code = root / "model", root / "code"
    (root / "models" if multi_model(container) else model).mkdir(parents=True)
    code.mkdir()
    if multi_model(container):
        pass  # each model is downloaded when a request names it
    elif url := container.get("ModelDataUrl"):
        _fetch_archive(data, url, model)
    elif uri := container.get("ShapBaselineUri"):  # of an explainer
        _download(data, uri, True, model, "the SHAP baseline")
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
    """Fetch one model of a multi-model container. On HostingError or a disk error, ``target`` is removed."""
    target.mkdir(parents=True)
    try:
        _fetch_archive(data, url, target)
    except BaseException:
        trees.remove(target)
        raise


def unpack(archive: Path, target: Path, reserve: Callable[[int], None]) -> None:
    """Unpack a tar.gz of plain files and directories. ``reserve`` gets the size of each file before it is unpacked, and may raise.

    Raises
    ------
    ValueError
        It is no tar.gz, or has a link, a device, or a path that leads out of ``target``.
    """
    with archive.open("rb") as file:
        if file.read(len(GZIP)) != GZIP:
            raise ValueError("not a gzip file")
        file.seek(0)
        try:
            with Directory.open(target) as folder:
                trees.unpack(file, folder, LinkRule.REFUSE, reserve)
        except TreeError as error:
            raise ValueError(f"{error}; SageMaker unpacks plain files and directories only") from error


def _fetch_archive(data: JobData, url: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        _download(data, url, True, Path(folder))
        [archive] = Path(folder).iterdir()
        try:
            unpack(archive, target, data.reserve)
        except (ValueError, DataError) as error:
            raise HostingError(
                f'Failed to extract model data archive for container "container_1" from URL "{url}". '
                f"Please ensure that the object located at the URL is a valid tar.gz archive. ({error})"
            ) from error


def _download(data: JobData, url: str, one: bool, folder: Path, what: str = 'model data for container "container_1"') -> None:
    """Download ``one`` object of exactly that name, or all objects with that prefix."""
    try:
        items = [item for item in data.find(url) if not one or item.stored.key == split(url)[1]]
        with Directory.open(folder) as place:
            data.download(items, place, link=one)
    except DataError as error:
        if str(error).startswith(NO_PATH):
            raise HostingError(
                f'Failed to download model data from URL "{url}". Please ensure that an S3 VPC endpoint exists in route table or NAT '
                f"gateway for the VPC mode and the URL is reachable from within the subnets provided.{str(error).removeprefix(NO_PATH)}"
            ) from error
        items, reason = [], f" ({error})"
    else:
        reason = ""
    if not items:
        raise HostingError(
            f'Failed to download {what} from URL: "{url}". Please ensure that there is an object '
            f"located at the URL and that the role passed to CreateModel has permissions to download the object.{reason}"
        )
