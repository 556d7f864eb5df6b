"""The built-in XGBoost algorithm through boto3: formats, hyperparameters, metrics, and how it fails."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import xgboost

from course.localaws.images.shared import recordio_protobuf as records
from tests import by_day
from tests.localaws.sagemaker.job_fixtures import BUCKET, XGBOOST, JobFixtures, channel, cluster

BINARY = {"num_round": "5", "objective": "binary:logistic"}
RANDOM = np.random.default_rng(7)
FEATURES = RANDOM.normal(size=(400, 3)).round(3)
LABELS = (FEATURES[:, 0] + 0.3 * RANDOM.normal(size=400) > 0).astype(int)


def csv(rows: slice, header: str = "", weights: bool = False) -> str:
    lines = []
    for label, features in zip(LABELS[rows], FEATURES[rows], strict=True):
        lines.append(",".join(map(str, [label, *([2] if weights else []), *features])))
    return header + "\n".join(lines) + "\n"


def libsvm(rows: slice) -> str:
    return "".join(f"{label} 0:{a} 1:{b} 2:{c}\n" for label, (a, b, c) in zip(LABELS[rows], FEATURES[rows], strict=True))


def parquet(rows: slice) -> bytes:
    table = pyarrow.table({"label": LABELS[rows], **{f"f{index}": FEATURES[rows, index] for index in range(3)}})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def recordio_protobuf(rows: slice) -> bytes:
    return records.write_arrays(FEATURES[rows].astype(np.float32), LABELS[rows].astype(np.float32))


def train(
    aws: JobFixtures, train: str | bytes, validation: str | bytes | None = None, content_type: str = "text/csv", **hyperparameters: str
) -> dict:
    name = aws.name("xgboost")
    channels = []
    for part, body in (("train", train), ("validation", validation)):
        if body is not None:
            aws.put(f"{name}/{part}/data", body)
            channels.append(channel(part, f"s3://{BUCKET}/{name}/{part}/", content_type or None))
    return aws.trained(aws.train(name, XGBOOST, InputDataConfig=channels, HyperParameters=BINARY | hyperparameters))


def booster(aws: JobFixtures, job: dict) -> xgboost.Booster:
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    files = aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])
    assert list(files) == ["xgboost-model"]
    if files["xgboost-model"].startswith(b"\x80"):
        return pickle.loads(files["xgboost-model"])
    model = xgboost.Booster()
    model.load_model(bytearray(files["xgboost-model"]))
    return model


def metrics(job: dict) -> dict[str, float]:
    return {metric["MetricName"]: metric["Value"] for metric in job.get("FinalMetricDataList", [])}


def auc(model: xgboost.Booster, rows: slice) -> float:
    model.set_param({"eval_metric": "auc"})
    score = model.eval(xgboost.DMatrix(FEATURES[rows], label=LABELS[rows]))
    return float(score.rpartition(":")[2])


HEAD, TAIL = slice(0, 300), slice(300, 400)
FORMATS = [(csv, "text/csv"), (libsvm, ""), (parquet, "application/x-parquet")]
FORMATS_AT_NIGHT = [(csv, "csv"), (libsvm, "text/libsvm"), (recordio_protobuf, "application/x-recordio-protobuf")]


@pytest.mark.parametrize(
    ("write", "content_type"), [*FORMATS, *(pytest.param(*each, marks=pytest.mark.nightly) for each in FORMATS_AT_NIGHT)]
)
def test_formats_give_the_same_model(aws: JobFixtures, write, content_type: str) -> None:
    job = train(aws, write(HEAD), write(TAIL), content_type, eval_metric="auc")
    model = booster(aws, job)
    assert metrics(job)["validation:auc"] == pytest.approx(auc(model, TAIL), abs=1e-4)
    wanted = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(FEATURES[HEAD], label=LABELS[HEAD]), 5)
    assert np.allclose(model.inplace_predict(FEATURES[TAIL]), wanted.inplace_predict(FEATURES[TAIL]), atol=1e-3)


def test_log_and_metrics(aws: JobFixtures) -> None:
    job = train(aws, csv(HEAD), csv(TAIL), eval_metric="auc,logloss")
    lines = aws.lines(job["TrainingJobName"])
    rounds = [line for line in lines if re.match(r"\[\d+\]", line)]
    assert len(rounds) == 5
    assert re.fullmatch(
        r"\[4\]#011train-auc:[\d.]+#011train-logloss:[\d.]+#011validation-auc:[\d.]+#011validation-logloss:[\d.]+", rounds[-1]
    )
    assert any("Train matrix has 300 rows and 3 columns" in line for line in lines)
    assert set(metrics(job)) == {"train:auc", "train:logloss", "validation:auc", "validation:logloss"}
    assert f"validation-auc:{metrics(job)['validation:auc']:.5f}" in rounds[-1]
    shown = aws.client("cloudwatch").list_metrics(
        Namespace="/aws/sagemaker/TrainingJobs", Dimensions=[{"Name": "TrainingJobName", "Value": job["TrainingJobName"]}]
    )["Metrics"]
    assert {metric["MetricName"] for metric in shown} == set(metrics(job))
    assert "validation:auc" in [definition["Name"] for definition in job["AlgorithmSpecification"]["MetricDefinitions"]]


def test_without_validation_only_train_is_measured(aws: JobFixtures) -> None:
    assert set(metrics(train(aws, csv(HEAD)))) == {"train:logloss"}


@pytest.mark.nightly  # other metrics by day above
def test_metrics_of_the_container(aws: JobFixtures) -> None:
    job = train(aws, csv(HEAD), csv(TAIL), eval_metric="accuracy,f1,mse", _tuning_objective_metric="validation:auc")
    classes = booster(aws, job).inplace_predict(FEATURES[TAIL]) > 0.5
    assert metrics(job)["validation:accuracy"] == pytest.approx(np.mean(classes == LABELS[TAIL]), abs=1e-4)
    assert {"validation:f1", "validation:mse", "validation:auc"} <= set(metrics(job))


def test_early_stopping_keeps_the_best_model(aws: JobFixtures) -> None:
    job = train(aws, csv(HEAD), csv(TAIL), eval_metric="logloss", num_round="300", eta="0.9", early_stopping_rounds="3")
    rounds = [line for line in aws.lines(job["TrainingJobName"]) if line.startswith("[") and "#011" in line]
    losses = [float(line.rpartition(":")[2]) for line in rounds]
    assert len(rounds) < 300 and booster(aws, job).num_boosted_rounds() == int(np.argmin(losses)) + 1


def test_weights_in_the_second_column(aws: JobFixtures) -> None:
    weighted = booster(aws, train(aws, csv(HEAD, weights=True), csv_weights="1"))
    assert weighted.num_features() == 3


def test_gaps_are_missing_values(aws: JobFixtures) -> None:
    job = train(aws, csv(HEAD) + "1,,0.5,\n")
    assert booster(aws, job).num_features() == 3


def test_files_of_a_channel_are_read_together(aws: JobFixtures) -> None:
    name = aws.name("xgboost")
    for month, rows in (("2013/01/a", slice(0, 150)), ("2013/02/a", slice(150, 300)), ("_SUCCESS", slice(0, 1))):
        aws.put(f"{name}/train/{month}", csv(rows))
    aws.train(name, XGBOOST, InputDataConfig=[channel("train", f"s3://{BUCKET}/{name}/train", "text/csv")], HyperParameters=BINARY)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed"
    assert any("Train matrix has 300 rows" in line for line in aws.lines(name))


def test_images_before_1_3_leave_a_pickle(aws: JobFixtures) -> None:
    """So the evaluation scripts of AWS's pipeline examples read it. Source: aws/sagemaker-xgboost-container#192, "Release 1.3-1"."""
    data = [channel("train", aws.put("pickled/train/a.csv", csv(HEAD)), "csv")]
    job = aws.trained(aws.train(aws.name("pickled"), XGBOOST.replace("1.7-1", "1.2-2"), InputDataConfig=data, HyperParameters=BINARY))
    model = pickle.loads(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["xgboost-model"])
    assert model.num_boosted_rounds() == 5


FIRST = "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest"


def test_the_first_image_knows_no_scripts(aws: JobFixtures) -> None:
    """AWS's XGBoost 0.72 is the algorithm alone. As a hyperparameter, the name of a script is one that it does not know."""
    request = {"InputDataConfig": [channel("train", aws.put("first/train/a.csv", csv(HEAD)), "csv")], "HyperParameters": BINARY}
    booster(aws, aws.trained(aws.train(aws.name("first"), FIRST, **request, Environment={"SAGEMAKER_PROGRAM": "train.py"})))
    request["HyperParameters"] = BINARY | {"sagemaker_program": "train.py"}
    refused = aws.trained(aws.train(aws.name("first"), FIRST, **request))
    assert refused["TrainingJobStatus"] == "Failed" and "Extraneous hyperparameter found: sagemaker_program" in refused["FailureReason"]


@pytest.mark.nightly  # a detail of the first images
def test_the_first_images_know_silent(aws: JobFixtures) -> None:
    data = aws.put("silent/train/a.csv", csv(HEAD))
    for image in (FIRST, XGBOOST.replace("1.7-1", "0.90-2")):
        request = {"InputDataConfig": [channel("train", data, "csv")], "HyperParameters": BINARY | {"silent": "0"}}
        booster(aws, aws.trained(aws.train(aws.name("silent"), image, **request)))


@pytest.mark.nightly  # several jobs on several hosts
def test_the_first_image_takes_exact_for_approx_on_several_hosts(aws: JobFixtures) -> None:
    """XGBoost before 1.0 did; the later ones fail, as here."""
    data = [channel("train", aws.put("exact/train/a.csv", csv(HEAD)), "csv")]
    exact = {"InputDataConfig": data, "HyperParameters": BINARY | {"tree_method": "exact"}, "ResourceConfig": cluster(2)}
    booster(aws, aws.trained(aws.train(aws.name("exact"), FIRST, **exact)))
    refused = aws.trained(aws.train(aws.name("exact"), XGBOOST, **exact))
    assert refused["TrainingJobStatus"] == "Failed" and "doesn't support distributed training" in refused["FailureReason"]


BAD_HYPERPARAMETERS = [
    ({"eta": "1.5"}, "Hyperparameter eta: 1.5 is not in [0, 1]"),
    ({"subsample": "0"}, "Hyperparameter subsample: 0.0 is not in (0, 1]"),
    ({"max_depth": "deep"}, "Hyperparameter max_depth: could not parse value"),
    ({"max_depth": "5.5"}, "Hyperparameter max_depth: could not parse value"),
    ({"booster": "rocket"}, "Hyperparameter booster: rocket is not in"),
    ({"maxdepth": "5"}, "Extraneous hyperparameter found: maxdepth"),
    ({"silent": "1"}, "Extraneous hyperparameter found: silent"),
    ({"objective": "multi:softmax"}, "Require input for parameter 'num_class'"),
    ({"eval_metric": "auk"}, "Hyperparameter eval_metric: value ['auk'] not in range"),
    ({"objective": "reg:squarederror", "eval_metric": "auc"}, "Metric 'auc' can only be applied for classification"),
    ({"num_round": "0"}, "Hyperparameter num_round: 0 is not in [1, +inf)"),
    ({"_kfold": "5"}, "does not cross-validate"),
]


@pytest.mark.parametrize(
    ("hyperparameters", "message"), by_day.first(BAD_HYPERPARAMETERS, 4), ids=[str(bad) for bad, _ in BAD_HYPERPARAMETERS]
)
def test_hyperparameters_out_of_the_table(aws: JobFixtures, hyperparameters: dict, message: str) -> None:
    job = train(aws, csv(HEAD), **hyperparameters)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: framework error: \nTraceback") and job["FailureReason"].endswith(
        ", exit code: 1"
    )
    assert message in job["FailureReason"]


def test_num_round_is_required(aws: JobFixtures) -> None:
    aws.put("required/train/a.csv", csv(HEAD))
    channels = [channel("train", f"s3://{BUCKET}/required/train", "text/csv")]
    job = aws.trained(aws.train(aws.name("xgboost"), XGBOOST, InputDataConfig=channels, HyperParameters={"eta": "0.2"}))
    assert "Missing required hyperparameter: num_round" in job["FailureReason"]


BAD_DATA = {
    "header": (csv(HEAD, header="label,a,b,c\n"), "text/csv", "CSV for training has no header"),
    "text": (csv(HEAD) + "1,AA,2,3\n", "text/csv", "line 301"),
    "ragged": (csv(HEAD) + "1,2\n", "text/csv", "line 301 has 2 columns, line 1 has 4"),
    "not libsvm": (csv(HEAD), "text/libsvm", "is not 'LIBSVM' format"),
    "no content type": (csv(HEAD), "", "is not 'LIBSVM' format"),
    "unknown content type": (csv(HEAD), "application/json", "application/json is not an accepted ContentType"),
    "label_size": (csv(HEAD), "text/csv;label_size=2", "label_size must be equal to 1"),
    "not parquet": (csv(HEAD), "application/x-parquet", "Failed to load parquet data"),
    "not recordio": (csv(HEAD), "application/x-recordio-protobuf", "does not start with a valid magic number"),
    "recordio without labels": (records.write_arrays(FEATURES), "application/x-recordio-protobuf", "have no labels"),
    "labels": ("7,0,0,0\n" + csv(HEAD), "text/csv", "label must be in [0,1] for logistic regression"),
    "empty": ("", "text/csv", "No data in training channel path"),
    "labels only": ("1\n0\n", "text/csv", "no features"),
}


@pytest.mark.parametrize("case", by_day.first(BAD_DATA, 4))  # each is a job
def test_data_that_cannot_be_used(aws: JobFixtures, case: str) -> None:
    body, content_type, message = BAD_DATA[case]
    job = train(aws, body, content_type=content_type)
    assert job["TrainingJobStatus"] == "Failed" and message in job["FailureReason"]


def test_channels_it_does_not_know(aws: JobFixtures) -> None:
    aws.put("test-channel/a.csv", csv(HEAD))
    for name, message in (("test", "Missing required channel: train"), ("train", "Extraneous channel found: test")):
        channels = [channel(part, f"s3://{BUCKET}/test-channel/", "text/csv") for part in {name, "test"}]
        job = aws.trained(aws.train(aws.name("xgboost"), XGBOOST, InputDataConfig=channels, HyperParameters=BINARY))
        assert message in job["FailureReason"]


def test_stop_saves_the_model_if_the_job_asks_for_it(aws: JobFixtures) -> None:
    for saved, files in (("true", ["xgboost-model"]), ("false", [])):
        name = aws.name("xgboost")
        aws.put(f"{name}/train/a.csv", csv(HEAD))
        channels = [channel("train", f"s3://{BUCKET}/{name}/train", "text/csv")]
        hyperparameters = BINARY | {"num_round": "1000000", "save_model_on_termination": saved}
        aws.train(name, XGBOOST, InputDataConfig=channels, HyperParameters=hyperparameters)
        aws.until(lambda name=name: len(aws.lines(name)) > 20)
        aws.sagemaker.stop_training_job(TrainingJobName=name)
        job = aws.trained(name)
        assert job["TrainingJobStatus"] == "Stopped"
        assert list(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])) == files


def test_script_mode_in_the_xgboost_image(aws: JobFixtures) -> None:
    job = aws.trained(aws.script("import xgboost, os\nprint('version', xgboost.__version__)", {"depth": "2"}, image=XGBOOST))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert f"version {xgboost.__version__}" in aws.lines(job["TrainingJobName"])


def channels(aws: JobFixtures, content_type: str, files: dict[str, str | bytes], **members: object) -> list[dict]:
    """A channel for each first part of a name in ``files``."""
    name = aws.name("xgboost")
    for key, body in files.items():
        aws.put(f"{name}/{key}", body)
    parts = dict.fromkeys(key.split("/")[0] for key in files)
    return [channel(part, f"s3://{BUCKET}/{name}/{part}/", content_type, **members) for part in parts]


@pytest.mark.parametrize(
    ("content_type", "write"),
    [
        pytest.param("text/csv", csv, marks=pytest.mark.nightly),
        pytest.param("application/x-parquet", parquet, marks=pytest.mark.nightly),
        ("application/x-recordio-protobuf", recordio_protobuf),
    ],
)
def test_pipe_mode_trains_the_model_of_file_mode(aws: JobFixtures, content_type: str, write: Callable) -> None:
    files = {"train/a": write(slice(0, 150)), "train/b": write(slice(150, 300)), "validation/c": write(slice(300, 400))}
    models = []
    for mode in ("File", "Pipe"):
        inputs = channels(aws, content_type, files, InputMode=mode)
        job = aws.trained(aws.train(aws.name("xgboost"), XGBOOST, InputDataConfig=inputs, HyperParameters=BINARY))
        models.append(booster(aws, job).get_dump())
    assert models[0] == models[1]


def test_what_pipe_mode_does_not_read(aws: JobFixtures) -> None:
    inputs = channels(aws, "text/libsvm", {"train/a": libsvm(slice(0, 300))}, InputMode="Pipe")
    job = aws.trained(aws.train(aws.name("xgboost"), XGBOOST, InputDataConfig=inputs, HyperParameters=BINARY))
    reason = "Channel configuration for 'train' channel is not supported"
    assert job["TrainingJobStatus"] == "Failed" and reason in job["FailureReason"]


@pytest.mark.nightly  # hosts of a script by day in test_training_xgboost_scripts.py
def test_two_hosts_train_the_model_of_one(aws: JobFixtures) -> None:
    files = {
        "train/a": csv(slice(0, 200)),
        "train/b": csv(slice(200, 400)),
        "validation/c": csv(slice(0, 100)),
        "validation/d": csv(slice(100, 200)),
    }
    logged, models = [], []
    for count in (1, 2):
        inputs = channels(aws, "text/csv", files)
        for each in inputs:
            each["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
        name = aws.train(aws.name("xgboost"), XGBOOST, InputDataConfig=inputs, HyperParameters=BINARY, ResourceConfig=cluster(count))
        job = aws.trained(name)
        models.append(booster(aws, job))
        logged.append({metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]})
    whole = xgboost.DMatrix(FEATURES)
    assert np.allclose(models[0].predict(whole), models[1].predict(whole), atol=0.1)
    assert logged[0] == pytest.approx(logged[1], abs=0.02)
    assert any("Distributed node training with 2 hosts" in line for line in aws.lines(name, host="algo-2"))
    assert not any(line.startswith("[0]") for line in aws.lines(name, host="algo-2"))


def test_a_host_without_data_is_left_out(aws: JobFixtures) -> None:
    inputs = channels(aws, "text/csv", {"train/a": csv(slice(0, 400))})
    inputs[0]["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    name = aws.train(aws.name("xgboost"), XGBOOST, InputDataConfig=inputs, HyperParameters=BINARY, ResourceConfig=cluster(2))
    booster(aws, aws.trained(name))
    assert any("Host algo-2 does not have data" in line for line in aws.lines(name, host="algo-2"))


@pytest.mark.nightly  # test_training_hosts.py covers a stop by day
def test_hosts_that_are_stopped_end_in_the_same_round(aws: JobFixtures) -> None:
    inputs = channels(aws, "text/csv", {"train/a": csv(slice(0, 200)), "train/b": csv(slice(200, 400))})
    inputs[0]["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    parameters = BINARY | {"num_round": "100000", "save_model_on_termination": "true"}
    name = aws.train(aws.name("xgboost"), XGBOOST, InputDataConfig=inputs, HyperParameters=parameters, ResourceConfig=cluster(2))
    aws.until(lambda: any(line.startswith("[3]") for line in aws.lines(name)))
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Stopped"
    model = xgboost.Booster()
    model.load_model(bytearray(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["xgboost-model"]))
    assert 3 < model.num_boosted_rounds() < 100000
