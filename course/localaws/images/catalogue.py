"""The catalogue of local images: the entries that each image's folder declares in its ``image.yaml``.

``image.yaml`` has ``order``, a number that sorts the folders wherever images are listed, and ``images``, a list of entries:

name, title, example
    Of the image; the example is a whole URI. Error messages list title and example.
repository, versions, accounts
    What a URI may name: ``<account>.dkr.ecr.<region>.<suffix>/<repository>:<version>[-cpu-py3|-gpu-py3]``, where more may follow py3
    (``py312-ubuntu22.04``). ``accounts`` is a registry of ``accounts.yaml``.
tag
    A regular expression for tags of another form.
train, serve
    The Python module to run, and its arguments; ``{version}`` is the image's version.
environment
    The variables that the image sets.
algorithm
    The name of the built-in algorithm that it trains without a script. The folder has an ``algorithm.yaml`` then.
client_error
    The exit code by which the algorithm reports an error of its user.
framework_module
    The value of ``SM_FRAMEWORK_MODULE``.
entrypoint, command
    ENTRYPOINT and CMD of the Dockerfile.
programs
    Programs on the image's PATH that a job may call, each with the module that implements it.
multi_model
    Whether it has the label of an image that serves many models ("Supported algorithms, frameworks, and instances for multi-model
    endpoints" of the SageMaker developer guide, read 2026-11-25).
code
    The folder of a model's script below /opt/ml, if not ``code``.
needs
    What must be installed on this machine besides the course: a module with its title, a program, and the command that adds the module.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from course.localaws.core.data_files import table

HERE = Path(__file__).parent


@cache
def entries() -> list[dict]:
    """The entries of all images, in the order in which they are listed."""
    declarations = [table(path) for path in sorted(HERE.rglob("image.yaml"))]
    return [entry for declaration in sorted(declarations, key=lambda it: it["order"]) for entry in declaration["images"]]


def accounts(registry: str) -> dict[str, str]:
    """The account that owns a registry's images in each region."""
    return table(HERE / "accounts.yaml")[registry]


def algorithm(name: str) -> dict:
    """The ``algorithm.yaml`` of a built-in algorithm: its hyperparameters, metrics and channels.

    Raises
    ------
    KeyError
        No image declares this algorithm.
    """
    for path in HERE.rglob("image.yaml"):
        if any(entry.get("algorithm") == name for entry in table(path)["images"]):
            return table(path.with_name("algorithm.yaml"))
    raise KeyError(name)
