"""AWS's first-party algorithms: k-means, PCA, k-NN, linear learner, Random Cut Forest, LDA and NTM, as local images.

AWS's algorithms are closed source. The local ones match what AWS documents: hyperparameters (``kmeans/algorithm.yaml``), channels and
content types, the steps of each algorithm, log lines and the metrics that SageMaker reads from them, requests and responses, and errors of
the user (``AlgorithmClientError`` and exit code 2), with AWS's messages where they are known. Different: one instance, no GPU and no Pipe
mode; sparse records are made dense; the model file has AWS's name, ``model_algo-1``, but NumPy's format (``numpy.load`` reads it), not
MXNet's, so neither side reads the other's models; the same data and hyperparameters always give the same model.

Sources: the pages of each algorithm and "Common Data Formats" in the SageMaker developer guide (awsdocs/amazon-sagemaker-developer-guide
and docs.aws.amazon.com), and logs of jobs in public notebooks. Exit codes and error messages: ``vw_serving`` in
aws/sagemaker-rl-container, which contains the same toolkit. Read 2026-11-25. The algorithms that are not built are in ``not_built.yaml``.

A new algorithm is a new folder here and no other change:

``image.yaml``
    The entry in the catalogue of images (`course.localaws.images.catalogue`). It sets one thread for OpenBLAS: these algorithms multiply
    many small matrices, and OpenBLAS's threads spin while they wait. On a busy machine with two cores k-means took 5.8 s with OpenBLAS's
    default and 1.1 s with one thread (2026-11-25).
``algorithm.yaml``
    Name, channels, hyperparameters and metrics. ``kmeans/algorithm.yaml`` explains the keys.
``algorithm.py``
    ``train(configuration, data, report) -> arrays``; ``MODEL``, a class whose instances ``MODEL(arrays, configuration)`` have ``columns``,
    the number of features, and ``predict(features, verbose) -> list of dict``; and ``RESPONSE``, the name of the list in its JSON answers.
    ``data`` has a `channels.Dataset` for each channel, or a list of words for one that is a vocabulary.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from course.localaws.core.data_files import table

ARTEFACT = "model_algo-1"
_HERE = Path(__file__).parent


class AlgorithmClientError(Exception):
    """An error that the user can correct. The message is the job's failure reason without the prefix ``ClientError``.

    Parameters
    ----------
    message : str
    caused_by : str
        The cause in AWS's toolkit: the name of an exception.
    detail : str
        AWS's description of the cause.
    """

    def __init__(self, message: str, caused_by: str = "", detail: str = "") -> None:
        cause = f" (caused by {caused_by})" if caused_by else ""
        super().__init__(f"{message}{cause}" + (f"\n\nCaused by: {detail}" if detail else ""))


def declared(name: str) -> dict:
    """The ``algorithm.yaml`` of an algorithm."""
    return table(_HERE / _folder(name) / "algorithm.yaml")


def implementation(name: str) -> ModuleType:
    """The module ``algorithm`` of an algorithm."""
    return importlib.import_module(f"{__name__}.{_folder(name)}.algorithm")


def _folder(name: str) -> str:
    return name.replace("-", "_")
