"""The program ``train`` of the TensorFlow image: script mode, ``model_dir``, and the variables for training on several hosts.

Matches ``training.py`` and ``s3_utils.py`` of `sagemaker-tensorflow-training` 20.5.0, read 2026-11-25: ``model_dir`` of a tuning job,
``TF_CONFIG`` of MultiWorkerMirroredStrategy, MPI, variables for TensorFlow, and the warnings about the saved model. TensorFlow is the
version of this machine or of the job's requirements, whatever version the image's tag names. No GPU. Different: no parameter servers and
none of Amazon's own libraries. TensorFlow needs a package for ``s3://`` that no longer exists.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
from pathlib import Path

from course.localaws import images
from course.localaws.images.shared import launchers, script_mode
from course.sandbox import host_names

FRAMEWORK_MODULE = "sagemaker_tensorflow_container.training:main"
PARAMETER_SERVER = "sagemaker_parameter_server_enabled"
MIRRORED = "sagemaker_multi_worker_mirrored_strategy_enabled"
DATA_PARALLEL = "sagemaker_distributed_dataparallel_enabled"
MIRRORED_PORT = (
    8890  # port of the first host. On AWS every host uses it; here they share a network, and TensorFlow listens on all addresses
)


def launch(code: Path, environment: script_mode.Environment) -> list[str]:
    """Make the command line, once the job's requirements are installed. Raises ClientError for a job that cannot run here."""
    if importlib.machinery.PathFinder.find_spec("tensorflow") is None:
        raise script_mode.ClientError(images.not_installed("tensorflow"))
    if environment.tuned:
        environment.hyperparameters["model_dir"] = _model_dir_of_a_trial(environment.hyperparameters.get("model_dir"))
    region = os.environ.get("SAGEMAKER_REGION", "")
    os.environ |= environment.variables() | {"S3_REGION": region, "S3_USE_HTTPS": "1", "TF_CPP_MIN_LOG_LEVEL": "1"}
    _distribute(environment)
    return launchers.command(code, environment)


def _model_dir_of_a_trial(model_dir: object) -> object:
    """The ``model_dir`` of one job of a tuning job. Without a ``model_dir`` AWS also makes it ``None/...``."""
    below = str(model_dir or "").startswith("/opt/ml")
    return model_dir if below else f"{model_dir}/{os.environ.get('TRAINING_JOB_NAME', '')}/model"


def _distribute(environment: script_mode.Environment) -> None:
    asked, hosts = environment.framework_parameters, environment.distribution_hosts
    if environment.resources["current_group_name"] not in environment.distribution_groups:
        return
    if asked.get(PARAMETER_SERVER) and len(environment.resources["hosts"]) > 1:
        raise script_mode.ClientError(
            "The local AWS runs no parameter servers. With distribution={'multi_worker_mirrored_strategy': {'enabled': True}} the hosts "
            "train together without."
        )
    if asked.get(DATA_PARALLEL):
        raise script_mode.ClientError(f"The local AWS does not run {launchers.NOT_HERE[DATA_PARALLEL]}.")
    if asked.get(MIRRORED):
        if len(hosts) > 1 and host_names.ADDRESSES in os.environ:
            raise script_mode.ClientError(
                "MultiWorkerMirroredStrategy on several instances takes user namespaces, which this machine does not give: without them "
                "the hosts of a job have no network of their own."
            )
        workers = [f"{host}:{MIRRORED_PORT + number}" for number, host in enumerate(hosts)]
        task = {"index": hosts.index(environment.resources["current_host"]), "type": "worker"}
        os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": workers}, "environment": "cloud", "task": task})


def warnings(model: Path) -> list[str]:
    """Warnings that name the reasons why TensorFlow Serving cannot serve the saved model."""
    files = [path for path in model.rglob("*") if path.is_file()]
    bundles = [path.parent.name for path in files if path.name in ("saved_model.pb", "saved_model.pbtxt")]
    if not files:
        return [f"No model artifact is saved under path {model}. Your training job will not save any model files to S3."]
    if not bundles:
        return [
            "Your model will NOT be servable with SageMaker TensorFlow Serving container. The model artifact was not saved in the "
            "TensorFlow SavedModel directory structure: https://www.tensorflow.org/guide/saved_model#structure_of_a_savedmodel_directory"
        ]
    return [
        "Your model will NOT be servable with SageMaker TensorFlow Serving containers. "
        f'The SavedModel bundle is under directory "{name}", not a numeric name.'
        for name in bundles
        if not name.isdigit()
    ]


if __name__ == "__main__":
    exit_code = script_mode.run(FRAMEWORK_MODULE, launch)
    for warning in warnings(script_mode.base_directory() / "model") if exit_code == 0 else ():
        print(f"WARNING - {warning}", file=sys.stderr, flush=True)
    sys.exit(exit_code)
