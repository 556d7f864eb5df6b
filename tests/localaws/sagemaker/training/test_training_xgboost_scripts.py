"""Scripts for the XGBoost image through boto3: their imports from AWS's container, and checkpoints, also of the built-in algorithm."""

from __future__ import annotations

import json
import pickle

import pytest
import xgboost

from tests.localaws.sagemaker.job_fixtures import BUCKET, XGBOOST, JobFixtures, channel, cluster
from tests.localaws.sagemaker.training.test_training_spot import SPOT
from tests.localaws.sagemaker.training.test_training_xgboost import libsvm
from tests.localaws.sagemaker.tuning.test_tuning import once

# Trains three rounds with checkpoints, two at a time, then waits for a file and trains up to six.
CHECKPOINTS = """
import os, pickle, time
from sagemaker_xgboost_container import checkpointing
from sagemaker_xgboost_container.data_utils import get_dmatrix

folder = "/opt/ml/checkpoints"
data = get_dmatrix(os.environ["SM_CHANNEL_TRAIN"], "libsvm")
import xgboost  # after the container has, which does so in a third of the time
arguments = {"params": {"objective": "binary:logistic"}, "dtrain": data, "evals": [(data, "train")]}
model, done = checkpointing.load_checkpoint(folder)
print("done before", done, model)
if not done:
    xgboost.train(**arguments, num_boost_round=3, callbacks=[checkpointing.save_checkpoint(folder, max_to_keep=2)], verbose_eval=False)
    time.sleep(600)
booster = checkpointing.train({**arguments, "num_boost_round": 6}, folder)
pickle.dump(booster, open("/opt/ml/model/xgboost-model", "wb"))
"""
# Each host trains on its own data; the host that keeps the model saves it.
HOSTS = """
import json, os, pickle
from sagemaker_containers import entry_point
from sagemaker_xgboost_container import distributed
from sagemaker_xgboost_container.data_utils import get_dmatrix

def train(params, dtrain, is_master):
    booster = xgboost.train(params, dtrain, 3, evals=[(dtrain, "train")])
    print("is_master", is_master)
    if is_master:
        pickle.dump(booster, open("/opt/ml/model/xgboost-model", "wb"))

entry_point._wait_hostname_resolution()
data = get_dmatrix(os.environ["SM_CHANNEL_TRAIN"], "libsvm")
import xgboost
distributed.rabit_run(
    exec_fun=train,
    args={"params": {"objective": "binary:logistic"}, "dtrain": data},
    include_in_training=data is not None,
    hosts=json.loads(os.environ["SM_HOSTS"]),
    current_host=os.environ["SM_CURRENT_HOST"],
    update_rabit_args=True,
)
"""


def sharded(uri: str) -> dict:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "ShardedByS3Key"}
    return {"ChannelName": "train", "DataSource": {"S3DataSource": source}}


def rounds(aws: JobFixtures, job: dict) -> int:
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    model: xgboost.Booster = pickle.loads(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["xgboost-model"])
    return model.num_boosted_rounds()


@pytest.mark.nightly  # the algorithm's checkpoints by day above
@once
def test_a_script_goes_on_from_its_checkpoint(aws: JobFixtures) -> None:
    prefix = aws.name("checkpoints")
    data = aws.put(f"{prefix}-data/a.libsvm", libsvm(slice(100)))
    where = {"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/{prefix}/"}}
    name = aws.script(CHECKPOINTS, image=XGBOOST, InputDataConfig=[channel("train", data)], **where, **SPOT)
    aws.until(lambda: f"{prefix}/xgboost-checkpoint.2" in aws.keys(f"{prefix}/"))
    aws.handle.interrupt(name)
    job = aws.trained(name)
    assert rounds(aws, job) == 6
    assert [metric["MetricName"] for metric in job["FinalMetricDataList"]] == ["train:logloss"]
    lines = aws.lines(name)
    assert any(line.startswith("done before 3 ") and line.endswith("xgboost-checkpoint.2") for line in lines)
    assert [line.split("#011")[0] for line in lines if line.startswith("[")] == ["[3]", "[4]", "[5]"]
    assert f"{prefix}/xgboost-checkpoint.5" in aws.keys(f"{prefix}/")


def test_the_algorithm_leaves_checkpoints_and_goes_on_from_them(aws: JobFixtures) -> None:
    prefix = aws.name("checkpoints")
    data = aws.put(f"{prefix}-data/a.libsvm", libsvm(slice(100)))
    for count in ("3", "7"):
        name = aws.train(
            aws.name("xgboost"),
            XGBOOST,
            HyperParameters={"num_round": count, "objective": "binary:logistic"},
            InputDataConfig=[channel("train", data)],
            CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{prefix}/"},
        )
        job = aws.trained(name)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert f"{prefix}/xgboost-checkpoint.{int(count) - 1}" in aws.keys(f"{prefix}/")
    assert [line.split("#011")[0] for line in aws.lines(name) if line.startswith("[") and "#011" in line] == ["[3]", "[4]", "[5]", "[6]"]
    booster = xgboost.Booster(model_file=bytearray(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["xgboost-model"]))
    assert booster.num_boosted_rounds() == 7


@once
def test_a_script_trains_one_model_on_the_hosts_that_have_data(aws: JobFixtures) -> None:
    prefix = aws.name("shards")
    for number, part in enumerate((slice(50), slice(50, 100))):
        aws.put(f"{prefix}/{number}.libsvm", libsvm(part))
    job = aws.trained(aws.script(HOSTS, image=XGBOOST, InputDataConfig=[sharded(f"s3://{BUCKET}/{prefix}/")], ResourceConfig=cluster(3)))
    assert rounds(aws, job) == 3
    said = [line for host in ("algo-1", "algo-2", "algo-3") for line in aws.lines(job["TrainingJobName"], host=host)]
    assert sorted(line for line in said if line.startswith("is_master")) == ["is_master False", "is_master True"]
    assert json.loads(job["HyperParameters"]["sagemaker_program"]) == "train.py"


DEBUGGED = """
import numpy, xgboost
from smdebug import SaveConfig
from smdebug.xgboost import Hook
hook = Hook.create_from_json_file()
Hook(out_dir="/opt/ml/output/tensors", include_collections=["metrics"], save_config=SaveConfig(save_interval=2))
hook.get_collection("losses").save_config = SaveConfig(save_interval=1)
data = xgboost.DMatrix(numpy.eye(8), numpy.arange(8) % 2)
booster = xgboost.train({"objective": "binary:logistic"}, data, 3, callbacks=[hook])
print("rounds", booster.num_boosted_rounds())
"""


def test_a_script_for_debugger_trains_and_is_told_once_that_nothing_is_saved(aws: JobFixtures) -> None:
    hook = {"DebugHookConfig": {"S3OutputPath": f"s3://{BUCKET}/debug"}}
    job = aws.trained(aws.script(DEBUGGED, image=XGBOOST, **hook))
    lines = aws.lines(job["TrainingJobName"], notes=True)
    assert job["TrainingJobStatus"] == "Completed" and "rounds 3" in lines, lines
    assert sum("smdebug's hooks save no tensors here" in line for line in lines) == 1
