"""AWS's first-party algorithms: k-means, PCA, k-NN, linear learner and Random Cut Forest, as local images.

AWS's are closed. What these match is what AWS documents: hyperparameters (``kmeans.yaml`` and the like), channels and content
types, the steps of each algorithm, log lines and the metrics that SageMaker reads from them, requests and responses, failures that
are the user's fault (``AlgorithmClientError`` and exit code 2) in AWS's words where they are known. Different: one instance, no GPU and no
Pipe mode; sparse records are made dense; the model file has AWS's name, ``model_algo-1``, but is NumPy's (``numpy.load`` reads it),
not MXNet's, so that neither side reads the other's; the same data and hyperparameters give the same model.

Sources: the pages of each algorithm and "Common Data Formats" in the SageMaker developer guide (awsdocs/amazon-sagemaker-developer-guide
and docs.aws.amazon.com), logs of jobs in public notebooks, and for exit codes and the words of what is refused ``vw_serving`` in
aws/sagemaker-rl-container, which has the same toolkit inside. Read 2026-11-25.

An algorithm is a module named like its table with ``train(configuration, data, report) -> arrays``, ``MODEL``, a class made from
``(arrays, configuration)`` with ``predict(features, verbose) -> list of dict``, and ``RESPONSE``, the name of the list in its JSON answers.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from course.localaws.core.data_files import table

ARTEFACT = "model_algo-1"
_HERE = Path(__file__).parent


class AlgorithmClientError(Exception):
    """What the user of an algorithm can mend: the job's failure reason, without its first word.

    Parameters
    ----------
    message : str
    caused_by : str
        Name of the exception that AWS's toolkit names as the cause.
    detail : str
        What AWS's toolkit adds about the cause.
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
