"""The TensorFlow image through boto3: script mode, ``model_dir``, and the framework parameters that SDK v2's ``distribution=`` writes."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

from course.localaws.images.shared.script_mode import ClientError
from course.localaws.images.tensorflow import train
from course.sandbox import host_names
from tests.localaws.sagemaker.job_fixtures import JobFixtures, cluster, needs_tensorflow
from tests.localaws.sagemaker.training.test_training_pytorch import environment

TENSORFLOW = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19.0-cpu-py312"
MIRRORED = {"sagemaker_multi_worker_mirrored_strategy_enabled": "true"}


def test_a_script_sees_tensorflow_or_the_command_that_adds_it(aws: JobFixtures) -> None:
    code = "import tensorflow as tf; open('/opt/ml/model/version', 'w').write(tf.__version__)"
    job = aws.trained(aws.script(code, image=TENSORFLOW))
    if importlib.util.find_spec("tensorflow") is None:
        assert job["TrainingJobStatus"] == "Failed" and "make extra-tensorflow" in job["FailureReason"]
        return
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["version"]
    assert any("Your model will NOT be servable" in line for line in aws.lines(job["TrainingJobName"]))


ALL_REDUCE = """
import json, os
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
with strategy.scope():
    total = strategy.run(lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(index + 1.0)))
    if index == 0:
        open("/opt/ml/model/total", "w").write(f"{float(total)} of {strategy.num_replicas_in_sync}")
"""


@needs_tensorflow
def test_mirrored_workers_on_two_instances_or_what_they_lack(aws: JobFixtures) -> None:
    job = aws.trained(aws.script(ALL_REDUCE, MIRRORED, image=TENSORFLOW, ResourceConfig=cluster(2)))
    if aws.mode != "namespace":
        assert job["TrainingJobStatus"] == "Failed" and "takes user namespaces" in job["FailureReason"]
        return
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["TrainingJobName"]))
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"total": b"3.0 of 2"}


@pytest.fixture
def launched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``launched(groups, current, parameters)``: the command line of a host where there is a TensorFlow, and its variables."""
    (tmp_path / "installed/tensorflow").mkdir(parents=True)
    (tmp_path / "installed/tensorflow/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "installed")
    monkeypatch.setattr(os, "environ", {"TRAINING_JOB_NAME": "trial-7", "SAGEMAKER_REGION": "eu-west-1"})

    def launch(groups: dict[str, int], current: int, parameters: dict[str, str]) -> tuple[list[str], dict[str, str]]:
        host = environment(tmp_path / "job", groups, current, parameters)
        return train.launch(tmp_path / "job/ml/code", host), dict(os.environ)

    return launch


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"model_dir": '"s3://bucket/tuned"'}, "s3://bucket/tuned/trial-7/model"),
        ({"model_dir": '"/opt/ml/model"'}, "/opt/ml/model"),
        ({}, "None/trial-7/model"),  # as AWS's container prints for every job without model_dir
    ],
)
def test_each_trial_of_a_tuning_job_has_a_model_dir_of_its_own(launched, given: dict[str, str], wanted: str) -> None:
    command, variables = launched({"all": 1}, 0, given | {"_tuning_objective_metric": '"loss"'})
    assert command == ["python3", "--", "train.py", "--depth", "3", "--model_dir", wanted]
    assert variables["SM_HP_MODEL_DIR"] == wanted and variables["S3_REGION"] == "eu-west-1"


def test_a_single_job_keeps_its_model_dir(launched) -> None:
    command, _ = launched({"all": 1}, 0, {"model_dir": '"s3://bucket/job/model"'})
    assert command[-2:] == ["--model_dir", "s3://bucket/job/model"]


def test_mirrored_workers_get_each_others_addresses(launched) -> None:
    parameters = MIRRORED | {"sagemaker_distribution_instance_groups": '["trainers"]'}
    _, variables = launched({"loaders": 1, "trainers": 2}, 2, parameters)
    assert json.loads(variables["TF_CONFIG"]) == {
        "cluster": {"worker": ["algo-2:8890", "algo-3:8891"]},
        "environment": "cloud",
        "task": {"index": 1, "type": "worker"},
    }


def test_a_host_outside_the_workers_groups_gets_no_tf_config(launched) -> None:
    _, variables = launched({"loaders": 1, "trainers": 2}, 0, MIRRORED | {"sagemaker_distribution_instance_groups": '["trainers"]'})
    assert "TF_CONFIG" not in variables


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"sagemaker_parameter_server_enabled": "true"}, "multi_worker_mirrored_strategy"),
        ({"sagemaker_distributed_dataparallel_enabled": "true"}, "Amazon's own library"),
    ],
)
def test_ways_to_distribute_that_are_not_here(launched, parameters: dict[str, str], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        launched({"all": 2}, 0, parameters)


def test_hosts_without_a_network_of_their_own_cannot_be_mirrored_workers(launched) -> None:
    os.environ[host_names.ADDRESSES] = "algo-1=127.0.0.2 algo-2=127.0.0.3"
    with pytest.raises(ClientError, match="takes user namespaces"):
        launched({"all": 2}, 0, MIRRORED)


def test_without_tensorflow_the_reason_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = environment(tmp_path, {"all": 1}, 0, {})
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(ClientError, match="make extra-tensorflow"):
        train.launch(tmp_path / "ml/code", host)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "No model artifact is saved"),
        (["model.keras"], "was not saved in the TensorFlow SavedModel directory structure"),
        (["latest/saved_model.pb"], 'under directory "latest", not a numeric name'),
        (["export/1/saved_model.pb"], ""),
    ],
)
def test_what_cannot_be_served_is_said_when_it_is_saved(tmp_path: Path, files: list[str], words: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    warnings = train.warnings(tmp_path)
    assert len(warnings) == (1 if words else 0) and words in "".join(warnings)
