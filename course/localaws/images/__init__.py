"""Finds the local image for the URI of a container image.

Each image has a folder here with its programs and its entry of the catalogue (``image.yaml``, see `catalogue`). `shared` has what several
images use, `algorithms` AWS's first-party algorithms, and `custom` the images that the user builds.

The programs of the images import this package and must start fast, so it imports little. `catalogue` reads YAML: functions import it.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course.localaws.core.errors import AwsError, invalid

HERE = Path(__file__).parent
# Modules that scripts import in AWS's images and that PyPI has no wheel of.
TOOLKITS = HERE / "toolkits"
URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.(?P<suffix>[a-z.]+)/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
TAG = r"(?P<version>.+?)(?:-[cg]pu-py3\d*(?:-.+)?)?"


@dataclass(frozen=True, slots=True)
class Image:
    """A local image: programs that follow the contract of an AWS container.

    Attributes
    ----------
    uri, name, version : str
        E.g. ``"….dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"``, ``"xgboost"``, ``"1.7-1"``.
    environment : dict
        The variables that the image sets.
    algorithm : str
        The built-in algorithm that it trains without a script. ``""`` for a framework's image.
    framework_module : str
        The value of ``SM_FRAMEWORK_MODULE``.
    train_module, serve_module : str
        The Python modules that ``train`` and ``serve`` run, with their arguments. ``""`` if the image has no such program.
    client_error : int, optional
        The exit code by which ``train`` reports an error of its user. The job then fails with a ``ClientError``.
    entrypoint, command : tuple of str
        ``ENTRYPOINT`` and ``CMD`` of its Dockerfile: what Docker runs by default.
    programs : dict
        Programs of the image that a job may call, each with the Python module that implements it.
    resolved : str
        The URI with the digest that the tag names now. ``""`` for AWS's own images, whose digests are not known here.
    workdir : str
        The working directory of its programs. ``""`` for that of AWS's images.
    multi_model : bool
        Whether it serves many models (``com.amazonaws.sagemaker.capabilities.multi-models`` among its labels).
    files : Path or None
        Its files, each under its path in the image (see `custom.binds`). None for an image that has no files of its own.
    packages : tuple of Path
        Folders of Python packages that it has in addition to this machine's.
    code : str
        The folder below /opt/ml of a model's script, unless the model names another.
    repository : str
        E.g. ``"sagemaker-xgboost"``. ``""`` for an image that the user built.
    libraries : dict of str to str
        Versions of the libraries that AWS's image has, by title.
    startup : str
        A module for each Python process of the image. The process calls its ``install(version, libraries, course)`` when it starts, with
        the image's version and libraries, and the folders of the course's packages.
    python : str
        The version of the Python in AWS's image, e.g. ``"3.8"``. ``""`` where it is not known.
    """

    uri: str
    name: str
    version: str
    environment: dict[str, str]
    algorithm: str
    framework_module: str
    train_module: str
    serve_module: str
    client_error: int | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    programs: dict[str, str]
    resolved: str = ""
    workdir: str = ""
    multi_model: bool = False
    files: Path | None = None
    packages: tuple[Path, ...] = ()
    code: str = "code"
    repository: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    startup: str = ""
    python: str = ""

    def train(self) -> list[str]:
        """The command line of ``docker run IMAGE train``. It runs in a box whose /opt/ml is prepared for training."""
        return run_module(self.train_module) if self.train_module else [*self.entrypoint, "train"]

    def serve(self) -> list[str]:
        """The command line of ``docker run IMAGE serve``. It listens on ``SAGEMAKER_BIND_TO_PORT``."""
        return run_module(self.serve_module) if self.serve_module else [*self.entrypoint, "serve"]

    def process(self, entrypoint: Sequence[str], arguments: Sequence[str]) -> list[str]:
        """The command line of a processing job with this entry point and these arguments, by Docker's rules: arguments replace CMD, an
        entry point replaces ENTRYPOINT and CMD. ``[]`` if there is nothing to run.
        """
        return [*entrypoint, *arguments] if entrypoint else [*self.entrypoint, *(arguments or self.command)]

    def metric_definitions(self) -> list[dict]:
        """SageMaker's own definitions for a built-in algorithm, ``[{"Name": ..., "Regex": ...}, ...]``. Empty for a framework's image."""
        return _metric_definitions(self.algorithm) if self.algorithm else []


# Finds the images of each account that has a registry of its own; see `course.localaws.ecr.registry`.
_registries: dict[str, Callable[[str, re.Match[str], str], Image]] = {}


def connect(account: str, registry: Callable[[str, re.Match[str], str], Image]) -> None:
    """Register the function that finds an account's images, from the URI, the match of `URI`, and the role that pulls the image."""
    _registries[account] = registry


def disconnect(account: str) -> None:
    """Remove the function that finds an account's images."""
    _registries.pop(account, None)


def find(uri: str, role: str = "") -> Image:
    """The local image for an image URI. ``role`` is the job's execution role, ``""`` for a model.

    Raises
    ------
    AwsError
        ``ValidationException`` for a malformed URI or one without a local image; the message has the reason and the three nearest images.
        For an image that is missing in the account's own registry, the message is AWS's.
    """
    from course.localaws.images import catalogue

    parts = URI.fullmatch(uri)
    if parts is None:
        raise _unknown(uri, "it is not of the form <account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>")
    if registry := _registries.get(parts["account"]):
        return registry(uri, parts, role)
    repository, region = parts["repository"], parts["region"]
    entry = catalogue.entry(repository)
    if entry is None:
        raise _unknown(uri, f"there is no local image for the repository {repository}")
    tag = re.fullmatch(entry.get("tag", TAG), parts["tag"] or "latest")
    version = tag["version"] if tag else ""
    if version not in entry["versions"]:
        raise _unknown(uri, f"{repository} has no version {parts['tag'] or 'latest'}")
    account = catalogue.accounts(entry["accounts"]).get(region)
    if account is None:
        raise _unknown(uri, f"{repository} is not in the region {region}")
    if account != parts["account"]:
        raise _unknown(uri, f"in {region} {repository} belongs to the account {account}, not to {parts['account']}")
    environment = {name: value.format(version=version) for name, value in entry["environment"].items()} | {"PYTHONPATH": str(TOOLKITS)}
    return Image(
        uri,
        entry["name"],
        version,
        environment,
        entry.get("algorithm", ""),
        entry.get("framework_module", ""),
        entry.get("train", "").format(version=version),
        entry.get("serve", "").format(version=version),
        entry.get("client_error"),
        tuple(entry.get("entrypoint", ())),
        tuple(entry.get("command", ())),
        entry.get("programs", {}),
        multi_model=entry.get("multi_model", False),
        code=entry.get("code", "code"),
        repository=repository,
        libraries=catalogue.libraries(entry, version),
        startup=entry.get("startup", ""),
        python=catalogue.python(entry, version, parts["tag"] or ""),
    )


def missing(uri: str) -> str:
    """What must be installed on this machine before an image can run, ``""`` if nothing. `find` must know the image."""
    from course.localaws.images import catalogue

    parts = URI.fullmatch(uri)
    if parts["account"] in _registries:  # an image that the user built contains what it needs
        return ""
    needs = catalogue.entry(parts["repository"]).get("needs")
    if needs and importlib.util.find_spec(needs["module"]) is None:
        return f"{needs['module']}: {needs['add']}"
    if needs and "program" in needs and shutil.which(needs["program"]) is None:
        return f"the program {needs['program']}"
    return ""


def not_installed(module: str) -> str:
    """The message of an image's program if the ``module`` of its ``needs`` is neither on this machine nor among the job's requirements."""
    from course.localaws.images import catalogue

    needs = next(entry["needs"] for entry in catalogue.entries() if entry.get("needs", {}).get("module") == module)
    return (
        f"{needs['title']} is not installed where the local AWS runs its images: the command `{needs['add']}` adds it to the course's "
        "environment."
    )


@functools.cache
def _metric_definitions(algorithm: str) -> list[dict]:
    from course.localaws.images import catalogue

    metrics = catalogue.algorithm(algorithm)["metrics"]
    if "definitions" in metrics:
        return [{"Name": name, "Regex": regex} for name, regex in metrics["definitions"].items()]
    names = [("train", metric) for metric in metrics["train"]]
    names += [("validation", metric) for metric in sorted([*metrics["maximize"], *metrics["minimize"]])]
    return [{"Name": f"{channel}:{metric}", "Regex": metrics["regex"].format(channel=channel, metric=metric)} for channel, metric in names]


def run_module(module: str) -> list[str]:
    """The command line that runs a module with the python3 of the box, which sees the packages that a job installed.

    -P keeps the working directory off the path: a learner's ``json.py`` must not replace the standard library's in our programs.
    """
    return ["python3", "-P", "-m", *module.split()]


def _unknown(uri: str, reason: str) -> AwsError:
    """The one form in which an image is refused: the reason, and three images that the user may have meant or can use instead."""
    from course.localaws.images import catalogue

    parts, name = URI.fullmatch(uri), uri.rpartition("/")[2]
    region = parts["region"] if parts else ""
    near = catalogue.nearest(name, region)
    if absent := catalogue.not_built().get(name.partition(":")[0].partition("@")[0]):
        reason = f"AWS's algorithm {absent['title']} is not built here; {absent['instead']}"
        near = [catalogue.uri(entry, entry["example"].rpartition(":")[2], region) for entry in map(catalogue.entry, absent["images"])]
    return invalid(
        f"The local AWS does not know the image {uri}: {reason}. The nearest images are {', '.join(near)}. "
        "The SDK's image_uris.retrieve() writes such a URI."
    )
