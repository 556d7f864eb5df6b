"""LDA and NTM through boto3 and SDK v2: trained on every channel and format, tuned, deployed, invoked in every format, and transformed."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from course.localaws.images.shared import recordio_protobuf
from course.localaws.server import launch
from course.regression import package_sets
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, JobFixtures, channel, cluster, needs_torch
from tests.localaws.sagemaker.training.test_training_algorithms import RECORDIO, Endpoint, completed, csv, image, metrics, train
from tests.localaws.sagemaker.transform import transform_fixtures
from tests.localaws.sagemaker.tuning.tuning_fixtures import TuningFixtures
from tests.localaws.server.test_cli_aws import program

PROGRAMS = Path(__file__).parents[2] / "programs"
WORDS = ("sun", "rain", "snow", "bike", "car", "train")
LOG = re.compile(r"\[\S+ \S+ INFO \d+\] (.*)")
RANDOM = np.random.default_rng(2)
# Each document is about the weather or about traffic.
ABOUT = np.arange(200) % 2
COUNTS = np.float32([RANDOM.multinomial(30, np.repeat([1 - about, about], 3) / 3) for about in ABOUT])
DENSE = (csv(COUNTS), "text/csv;label_size=0")
SOME = (csv(COUNTS[:50]), "text/csv;label_size=0")
TUNED = {
    "lda": (
        "Maximize",
        "test:pwll",
        {"max_restarts": "1"},
        {"IntegerParameterRanges": [{"Name": "num_topics", "MinValue": "1", "MaxValue": "3"}]},
    ),
    "ntm": (
        "Minimize",
        "validation:total_loss",
        {"num_topics": "2", "epochs": "3"},
        {"ContinuousParameterRanges": [{"Name": "weight_decay", "MinValue": "0.0", "MaxValue": "0.1"}]},
    ),
}


def sparse(rows: np.ndarray) -> bytes:
    records = []
    for row in rows:
        [keys] = row.nonzero()
        records.append(recordio_protobuf.Record({"values": recordio_protobuf.Tensor(row[keys], keys.astype(np.uint64), row.shape)}))
    return recordio_protobuf.write(records)


def topics_of(weights: list[list[float]]) -> list[int]:
    """The main topic of each document. The weights of a document sum to 1."""
    assert all(min(row) >= 0 and sum(row) == pytest.approx(1, rel=1e-4) for row in weights)
    return np.argmax(weights, axis=1).tolist()


def saved(aws: JobFixtures, job: dict) -> dict[str, np.ndarray]:
    """The arrays of a job's model."""
    with np.load(io.BytesIO(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["model_algo-1"])) as model:
        return dict(model)


@pytest.mark.nightly  # the algorithm by day in images/test_algorithms_topics.py
def test_lda_from_data_to_answers(aws: JobFixtures) -> None:
    parameters = {"feature_dim": 6, "num_topics": 2, "mini_batch_size": 200, "max_restarts": 3, "alpha0": 0.2}
    job = completed(train(aws, "lda", parameters, train=(sparse(COUNTS), RECORDIO), test=SOME))
    found = metrics(job)
    assert set(found) == {"train:progress", "train:throughput", "test:pwll"}
    assert np.log(1 / 6) + 0.5 < found["test:pwll"] < 0  # three of six words are likely in each document
    model = saved(aws, job)
    assert model["alpha"].shape == (2,) and model["beta"].shape == (2, 6)
    with contextlib.closing(Endpoint(aws, job)) as endpoint:
        answers = endpoint.in_every_format(COUNTS[:4], "predictions")
        refusal = endpoint.refusal("1,2")
    assert all(set(answer) == {"topic_mixture"} for answer in answers)
    first, second, third, fourth = topics_of([answer["topic_mixture"] for answer in answers])
    assert first == third != second == fourth
    assert refusal["OriginalStatusCode"] == 400 and "its records have 2 features, the model was trained on 6" in refusal["OriginalMessage"]

    uri = aws.put(f"{job['TrainingJobName']}/batch/documents.csv", csv(COUNTS[:10]))
    lines, out = {"ContentType": "text/csv", "SplitType": "Line"}, {"Accept": "application/jsonlines", "AssembleWith": "Line"}
    [answer] = transform_fixtures.completed(aws, endpoint.name, uri, Input=lines, Output=out).values()
    mixtures = [json.loads(line)["topic_mixture"] for line in answer.splitlines() if line]
    assert topics_of(mixtures) == [first, second] * 5


@pytest.mark.nightly  # seven seconds of a core; LDA takes the same path by day, and test_algorithms_topics.py trains NTM
@needs_torch
def test_ntm_from_data_to_answers(aws: JobFixtures) -> None:
    parameters = {
        "feature_dim": 6,
        "num_topics": 2,
        "epochs": 10,
        "num_patience_epochs": 10,
        "mini_batch_size": 10,
        "encoder_layers": "[8]",
    }
    job = completed(
        train(
            aws,
            "ntm",
            parameters | {"optimizer": "adam", "learning_rate": 0.05, "mini_batch_size": 10},
            train=(sparse(COUNTS), RECORDIO),
            validation=SOME,
            test=(recordio_protobuf.write_arrays(COUNTS[:50]), RECORDIO),
            auxiliary=({"vocab.txt": "".join(f"{word}\n" for word in WORDS)}, "text/plain"),
        )
    )
    found = metrics(job)
    losses = {"train:total_loss", "validation:total_loss", "test:total_loss"}
    assert set(found) == {"train:progress", "train:throughput"} | losses and found["train:progress"] == 100
    assert found["test:total_loss"] <= found["validation:total_loss"] + 1e-4  # the best epoch, and the last
    lines = [match[1] for match in map(LOG.fullmatch, aws.lines(job["TrainingJobName"])) if match]
    assert sum(bool(re.match(r"#quality_metric: host=algo-1, epoch=\d+, validation total_loss <loss>=", line)) for line in lines) == 10
    assert any(re.fullmatch(r"Best model based on early stopping at epoch \d+\. Best loss: \S+", line) for line in lines)
    [place] = [number for number, line in enumerate(lines) if line.startswith("Topics from epoch:final (num_topics:2) [wetc ")]
    top = [re.fullmatch(r"\[-?\d\.\d\d, \d\.\d\d\] (.*)", line)[1].split() for line in lines[place + 1 : place + 3]]
    assert {frozenset(words[:3]) for words in top} == {frozenset(WORDS[:3]), frozenset(WORDS[3:])}
    assert saved(aws, job)["projection_weight"].shape == (6, 2)
    with contextlib.closing(Endpoint(aws, job)) as endpoint:
        answers = endpoint.in_every_format(COUNTS[:4], "predictions")
    assert all(set(answer) == {"topic_weights"} for answer in answers)
    first, second, third, fourth = topics_of([answer["topic_weights"] for answer in answers])
    assert first == third != second == fourth


def test_ntm_is_refused_where_pytorch_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with launch.forked_from(""):  # a new process, which reads the variable
        handle = launch.start(tmp_path / "state")
    try:
        here = JobFixtures(handle, "")
        calls = (
            lambda: here.train("ntm", image("ntm"), InputDataConfig=[channel("train", f"s3://{BUCKET}/any/")]),
            lambda: here.sagemaker.create_model(ModelName="ntm", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image("ntm")}),
        )
        for call in calls:
            code, message = refused(call)
            assert code == "NotSupportedByLocalAws" and "torch: make extra-torch" in message
    finally:
        handle.stop()


@pytest.mark.nightly  # by day a metric of the XGBoost image is tuned
@pytest.mark.parametrize("name", ["lda", pytest.param("ntm", marks=needs_torch)])
def test_the_objective_metric_of_a_topic_model_is_tuned(aws: JobFixtures, name: str) -> None:
    kind, metric, static, ranges = TUNED[name]
    folder, inputs = aws.name(f"tuned-{name}"), []
    for part in ("train", metric.partition(":")[0]):
        inputs.append(channel(part, aws.put(f"{folder}/{part}/data.csv", DENSE[0]), DENSE[1]))
    definition = {
        "StaticHyperParameters": {"feature_dim": "6", "mini_batch_size": "100"} | static,
        "AlgorithmSpecification": {"TrainingImage": image(name), "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": inputs,
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/tuned"},
        "ResourceConfig": cluster(1),
        "StoppingCondition": {"MaxRuntimeInSeconds": 120},
    }
    objective = {"HyperParameterTuningJobObjective": {"Type": kind, "MetricName": metric}, "ParameterRanges": ranges}
    request = TuningFixtures(aws).request(2, **objective, request={"TrainingJobDefinition": definition})
    aws.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = TuningFixtures(aws).ended(request["HyperParameterTuningJobName"])
    assert job["HyperParameterTuningJobStatus"] == "Completed" and job["TrainingJobStatusCounters"]["Completed"] == 2
    best = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert best["MetricName"] == metric and np.isfinite(best["Value"])


TWO = ("1,2\n", "text/csv;label_size=0")
FAILURES = {
    "negative": ("lda", {"train": ("1,2\n-1,0\n", "text/csv;label_size=0")}, "The channel 'train' holds the value -1."),
    "validation": ("lda", {"train": TWO, "validation": TWO}, "Additional properties are not allowed ('validation' was unexpected)"),
    "sharded": (
        "ntm",
        {"train": TWO, "validation": (*TWO, {"S3DataDistributionType": "ShardedByS3Key"})},
        "'ShardedByS3Key' is not one of ['FullyReplicated'] (S3DataDistributionType of channel 'validation')",
    ),
    "vocabulary": (
        "ntm",
        {"train": TWO, "auxiliary": ("a\nb\n", "text/plain")},
        "The channel 'auxiliary' must hold the vocabulary in the file vocab.txt. It holds data.",
    ),
}


# Each is a job, so one runs by day.
@pytest.mark.parametrize("case", [case if case == "validation" else pytest.param(case, marks=pytest.mark.nightly) for case in FAILURES])
def test_what_a_topic_model_refuses(aws: JobFixtures, case: str) -> None:
    name, channels, words = FAILURES[case]
    if name == "ntm":
        pytest.importorskip("torch", reason="PyTorch is not installed: make extra-torch adds it, until 2027-05-24")
    job = train(aws, name, {"feature_dim": 2, "num_topics": 2, "mini_batch_size": 10}, **channels)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ") and words in job["FailureReason"], job["FailureReason"]


@pytest.mark.parametrize("algorithm", ["factorization-machines", "object2vec", "forecasting-deepar", "blazingtext", "seq2seq"])
def test_an_algorithm_that_is_not_built_is_refused_before_it_runs(aws: JobFixtures, algorithm: str) -> None:
    inputs = [channel("train", f"s3://{BUCKET}/any/")]
    for call in (
        lambda: aws.train(aws.name(algorithm), image(algorithm), InputDataConfig=inputs),
        lambda: aws.sagemaker.create_model(ModelName="any", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image(algorithm)}),
    ):
        code, message = refused(call)
        assert code == "ValidationException" and "is not built here; " in message and "The nearest images are " in message


@needs_torch
@pytest.mark.nightly  # installs the SDK, which takes minutes
@pytest.mark.timeout(1200)
def test_the_estimators_of_sdk_v2(local_aws, tmp_path: Path) -> None:
    python = package_sets.clean(tmp_path / "venv", ["sagemaker==2.257.0", "pandas<3"])
    code = (PROGRAMS / "topics_v2.py").read_text()
    assert program(local_aws.state, code, python, seconds=900) == {"lda": True, "tuned": "Completed", "ntm": True}
