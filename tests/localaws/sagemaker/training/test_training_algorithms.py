"""The first-party algorithms through boto3: trained by the SDK's image URI, deployed, and invoked in every format."""

from __future__ import annotations

import json
import re
import uuid

import numpy as np
import pytest

from course.localaws.core.resources import Document
from course.localaws.images.shared import recordio_protobuf
from tests import by_day
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, JobFixtures, channel

ACCOUNT, LDA_ACCOUNT = "382416733822.dkr.ecr.us-east-1.amazonaws.com", "766337827248.dkr.ecr.us-east-1.amazonaws.com"
RECORDIO = "application/x-recordio-protobuf"
FEATURES = np.random.default_rng(1).normal(size=(300, 3)).astype(np.float32)
FEATURES[::3] += 6


def csv(rows: np.ndarray, labels: np.ndarray | None = None) -> str:
    table = rows if labels is None else np.column_stack([labels, rows])
    return "".join(",".join(map(str, row)) + "\n" for row in table.tolist())


def train(aws: JobFixtures, algorithm: str, hyperparameters: dict[str, object], **channels: tuple) -> dict:
    """Train and wait for the end. A channel is its body or its files, its content type, and members of its S3 source."""
    name = aws.name(algorithm)
    inputs = []
    for part, (body, content_type, *more) in channels.items():
        for file, content in (body if isinstance(body, dict) else {"data": body}).items():
            aws.put(f"{name}/{part}/{file}", content)
        inputs.append(channel(part, f"s3://{BUCKET}/{name}/{part}/", content_type))
        inputs[-1]["DataSource"]["S3DataSource"] |= dict(*more)
    text = {key: str(value) for key, value in hyperparameters.items()}
    return aws.trained(aws.train(name, image(algorithm), InputDataConfig=inputs, HyperParameters=text))


def image(algorithm: str) -> str:
    return f"{LDA_ACCOUNT if algorithm == 'lda' else ACCOUNT}/{algorithm}:1"


def completed(job: dict) -> dict:
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job


def metrics(job: dict) -> dict[str, float]:
    return {metric["MetricName"]: metric["Value"] for metric in job.get("FinalMetricDataList", [])}


class Endpoint:
    """An endpoint of a job's model; ``ask(body, type, accept)`` is the body of the answer."""

    def __init__(self, aws: JobFixtures, job: dict) -> None:
        self.aws, self.name = aws, f"algorithm-{uuid.uuid4().hex[:8]}"
        container = {
            "Image": job["AlgorithmSpecification"]["TrainingImage"],
            "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
        }
        client = aws.sagemaker
        client.create_model(ModelName=self.name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {"VariantName": "AllTraffic", "ModelName": self.name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        client.create_endpoint_config(EndpointConfigName=self.name, ProductionVariants=[variant])
        client.create_endpoint(EndpointName=self.name, EndpointConfigName=self.name)
        described = aws.until(lambda: client.describe_endpoint(EndpointName=self.name), lambda it: it["EndpointStatus"] != "Creating")
        assert described["EndpointStatus"] == "InService", described.get("FailureReason")
        self.runtime = aws.client("sagemaker-runtime")

    def ask(self, body: bytes | str, content_type: str = "text/csv", accept: str | None = None) -> bytes:
        more = {"Accept": accept} if accept else {}
        return self.runtime.invoke_endpoint(EndpointName=self.name, Body=body, ContentType=content_type, **more)["Body"].read()

    def refusal(self, *request: str) -> Document:
        with pytest.raises(self.runtime.exceptions.ModelError) as caught:
            self.ask(*request)
        return caught.value.response

    def in_every_format(self, rows: np.ndarray, response: str) -> list[dict]:
        """The predictions for ``rows``, which are the same in every format of request and response."""
        lists = rows.tolist()
        keyed = [{"keys": list(range(len(row))), "shape": [len(row)], "values": row} for row in lists]
        questions = [
            (csv(rows), "text/csv"),
            (recordio_protobuf.write_arrays(rows), RECORDIO),
            (json.dumps({"instances": [{"features": row} for row in lists]}), "application/json"),
            (json.dumps({"instances": [{"data": {"features": {"values": row}}} for row in lists]}), "application/json"),
            ("\n".join(json.dumps({"data": {"features": element}}) for element in keyed), "application/jsonlines"),
        ]
        [answer] = {self.ask(*question) for question in questions}
        predictions = json.loads(answer)[response]
        lines = self.ask(csv(rows), accept="application/jsonlines").decode()
        assert [json.loads(line) for line in lines.splitlines()] == predictions and lines.endswith("\n")
        records = recordio_protobuf.read(self.ask(csv(rows), accept=RECORDIO))
        for record, prediction in zip(records, predictions, strict=True):
            assert record.features == {} and set(record.label) == set(prediction)
            for name, value in prediction.items():
                np.testing.assert_allclose(record.label[name].values, np.atleast_1d(value), rtol=1e-6)
        return predictions

    def close(self) -> None:
        self.aws.sagemaker.delete_endpoint(EndpointName=self.name)


@pytest.fixture
def deploy(aws: JobFixtures):
    """``deploy(job)``: an endpoint that is deleted after the test."""
    endpoints: list[Endpoint] = []

    def make(job: dict) -> Endpoint:
        endpoints.append(Endpoint(aws, completed(job)))
        return endpoints[-1]

    yield make
    for endpoint in endpoints:
        endpoint.close()


def test_kmeans_from_data_to_answers(aws: JobFixtures, deploy) -> None:
    body = csv(FEATURES)
    job = completed(
        train(
            aws,
            "kmeans",
            {"feature_dim": 3, "k": 2, "eval_metrics": '["msd", "ssd"]'},
            train=(body, "text/csv;label_size=0"),
            test=(recordio_protobuf.write_arrays(FEATURES), RECORDIO),
        )
    )
    found = metrics(job)
    assert set(found) == {"train:progress", "train:throughput", "train:msd", "test:msd", "test:ssd"}
    assert found["train:progress"] == 100 and found["test:ssd"] == pytest.approx(300 * found["test:msd"])
    assert found["train:msd"] == pytest.approx(found["test:msd"], rel=1e-4)
    lines = aws.lines(job["TrainingJobName"])
    assert any(re.fullmatch(r"\[\S+ \S+ INFO \d+\] #quality_metric: host=algo-1, train msd <loss>=\S+", line) for line in lines)
    written = [json.loads(line.removeprefix("#metrics ")) for line in lines if line.startswith("#metrics ")]
    assert written[0]["Dimensions"]["Algorithm"] == "KMeansWebscale"
    shown = aws.client("cloudwatch").list_metrics(
        Namespace="/aws/sagemaker/TrainingJobs", Dimensions=[{"Name": "TrainingJobName", "Value": job["TrainingJobName"]}]
    )["Metrics"]
    assert {metric["MetricName"] for metric in shown} == set(found)
    assert list(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])) == ["model_algo-1"]
    endpoint = deploy(job)
    answers = endpoint.in_every_format(FEATURES[:4], "predictions")
    assert {frozenset(answer) for answer in answers} == {frozenset({"closest_cluster", "distance_to_cluster"})}
    clusters = [answer["closest_cluster"] for answer in answers]
    assert clusters[0] == clusters[3] != clusters[1] == clusters[2] and set(clusters) == {0.0, 1.0}
    for request, status, words in (
        (("1,2",), 400, "its records have 2 features, the model was trained on 3"),
        (("1,2,x",), 400, "unable to evaluate payload provided"),
        (('{"rows": []}', "application/json"), 400, "'instances' is missing"),
        (("1,2,3", "text/libsvm"), 415, "text/libsvm is not supported"),
        (("1,2,3", "text/csv", "image/png"), 406, "image/png is not supported"),
    ):
        refused = endpoint.refusal(*request)
        assert (refused["OriginalStatusCode"], words in refused["OriginalMessage"]) == (status, True), refused


def test_pca_from_data_to_answers(aws: JobFixtures, deploy) -> None:
    parameters = {"feature_dim": 3, "num_components": 2, "mini_batch_size": 100}
    job = completed(train(aws, "pca", parameters, train=(recordio_protobuf.write_arrays(FEATURES), RECORDIO)))
    assert set(metrics(job)) == {"train:progress", "train:throughput"}
    assert any("Test data is not provided." in line for line in aws.lines(job["TrainingJobName"]))
    answers = deploy(job).in_every_format(FEATURES[:4], "projections")
    projections = np.array([answer["projection"] for answer in answers])
    centred = FEATURES - FEATURES.mean(axis=0)
    variance = (centred @ np.linalg.svd(centred, full_matrices=False)[2][0])[:4]
    np.testing.assert_allclose(np.abs(projections[:, -1]), np.abs(variance), rtol=1e-4)  # the largest component is the last


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_knn_from_data_to_answers(aws: JobFixtures, deploy, kind: str) -> None:
    labels = (FEATURES[:, 0] > 3).astype(np.float32)
    parameters = {"feature_dim": 3, "k": 3, "sample_size": 200, "predictor_type": kind}
    job = train(
        aws,
        "knn",
        parameters,
        train=(csv(FEATURES[:200], labels[:200]), "text/csv"),
        test=(csv(FEATURES[200:], labels[200:]), "text/csv;label_size=1"),
    )
    score = metrics(completed(job))
    assert score["test:accuracy"] > 0.95 if kind == "classifier" else score["test:mse"] < 0.05
    endpoint = deploy(job)
    answers = endpoint.in_every_format(FEATURES[200:205], "predictions")
    assert all(set(answer) == {"predicted_label"} for answer in answers)
    [verbose] = json.loads(endpoint.ask(csv(FEATURES[:1]), accept="application/json; verbose=true"))["predictions"]
    assert verbose["distances"][0] == pytest.approx(0, abs=1e-3) and verbose["distances"] == sorted(verbose["distances"])
    assert len(verbose["labels"]) == 3 and verbose["labels"][0] == labels[0]
    [record] = recordio_protobuf.read(endpoint.ask(csv(FEATURES[:1]), accept=f"{RECORDIO}; verbose=true"))
    assert set(record.label) == {"predicted_label", "distances", "labels"}


def test_data_as_the_sdks_record_set_stores_them(aws: JobFixtures) -> None:
    """RecordIO files listed in a manifest, without a content type, sharded over the instances."""
    name = aws.name("records")
    for number, rows in enumerate(np.array_split(FEATURES, 3)):
        aws.put(f"{name}/matrix_{number}.pbr", recordio_protobuf.write_arrays(rows))
    names = [f"matrix_{number}.pbr" for number in range(3)]
    manifest = aws.put(f"{name}/.amazon.manifest", json.dumps([{"prefix": f"s3://{BUCKET}/{name}/"}, *names]))
    source = channel("train", manifest, kind="ManifestFile")
    source["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    parameters = {"feature_dim": "3", "k": "2", "force_dense": "True"}
    job = aws.trained(aws.train(name, f"{ACCOUNT}/kmeans:1", InputDataConfig=[source], HyperParameters=parameters))
    completed(job)
    assert any("Channel 'train' holds 300 records of 3 features." in line for line in aws.lines(name))


def test_a_stopped_job_leaves_no_model(aws: JobFixtures) -> None:
    name = aws.name("stopped")
    uri = aws.put(f"{name}/train.csv", csv(FEATURES, FEATURES[:, 0]))
    parameters = {"predictor_type": "regressor", "epochs": "10000000", "early_stopping_patience": "10000000"}
    inputs = [channel("train", uri, "text/csv")]
    aws.train(name, f"{ACCOUNT}/linear-learner:1", InputDataConfig=inputs, HyperParameters=parameters)
    aws.until(lambda: any("#progress_metric" in line for line in aws.lines(name)))
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Stopped" and "train:objective_loss" in metrics(job)
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {}


PREDICTORS = {
    "binary_classifier": ((FEATURES[:, 0] > 3).astype(np.float32), {"score", "predicted_label"}, "binary_classification_accuracy"),
    "multiclass_classifier": (
        (np.digitize(FEATURES[:, 0], [0, 3])).astype(np.float32),
        {"score", "predicted_label"},
        "multiclass_accuracy",
    ),
    "regressor": (FEATURES @ np.float32([1, -2, 3]) + 5, {"score"}, "mse"),
}


@pytest.mark.parametrize("kind", PREDICTORS)
def test_linear_learner_from_data_to_answers(aws: JobFixtures, deploy, kind: str) -> None:
    labels, members, metric = PREDICTORS[kind]
    parameters = {"feature_dim": 3, "predictor_type": kind, "mini_batch_size": 20, "epochs": 40}
    parameters |= {"num_classes": 3} if kind == "multiclass_classifier" else {}
    channels = {
        part: (recordio_protobuf.write_arrays(FEATURES[rows], labels[rows]), RECORDIO)
        for part, rows in (("train", slice(200)), ("validation", slice(200, 250)), ("test", slice(250, 300)))
    }
    job = completed(train(aws, "linear-learner", parameters, **channels))
    found = metrics(job)
    assert {"train:objective_loss", "validation:objective_loss", "validation:objective_loss:final", "test:objective_loss"} <= set(found)
    assert {f"validation:{metric}", f"test:{metric}", "train:progress"} <= set(found)
    assert found[f"test:{metric}"] < 0.1 if kind == "regressor" else found[f"test:{metric}"] > 0.9
    lines = aws.lines(job["TrainingJobName"])
    assert any("#early_stopping_criteria_metric: host=algo-1, epoch=0, criteria=" in line for line in lines)
    assert any("Best model found for hyperparameters: {" in line for line in lines)
    answers = deploy(job).in_every_format(FEATURES[:20], "predictions")
    assert all(set(answer) == members for answer in answers)
    predicted = np.array([answer.get("predicted_label", answer["score"]) for answer in answers])
    if kind == "regressor":
        np.testing.assert_allclose(predicted, labels[:20], atol=1)
    else:
        assert np.mean(predicted == labels[:20]) > 0.9 and all(isinstance(answer["predicted_label"], int) for answer in answers)


def test_linear_learner_without_validation_data_measures_its_training_data(aws: JobFixtures) -> None:
    body = csv(FEATURES, PREDICTORS["binary_classifier"][0])
    job = completed(train(aws, "linear-learner", {"predictor_type": "binary_classifier"}, train=(body, "text/csv")))
    found = metrics(job)
    assert {"train:recall", "train:precision", "train:binary_f_beta", "train:objective_loss:final"} <= set(found)
    assert not any(name.startswith(("validation", "test")) for name in found)


def test_what_linear_learner_refuses(aws: JobFixtures) -> None:
    for parameters, labels, words in (
        ({"predictor_type": "binary_classifier"}, np.full(300, 2), "the channel 'train' holds the label 2"),
        (
            {"predictor_type": "regressor", "loss": "logistic"},
            np.ones(300),
            "The value 'logistic' is not valid for the 'loss' hyperparameter",
        ),
        ({"predictor_type": "classifier"}, np.ones(300), "accepts one of the following: 'binary_classifier', 'multiclass_classifier'"),
    ):
        job = train(aws, "linear-learner", {"feature_dim": 3, **parameters}, train=(csv(FEATURES, labels), "text/csv"))
        assert job["FailureReason"].startswith("ClientError: ") and words in job["FailureReason"]
    body = recordio_protobuf.write_arrays(FEATURES)
    job = train(aws, "linear-learner", {"feature_dim": 3, "predictor_type": "regressor"}, train=(body, RECORDIO))
    assert "Labeled train data required with label size equal 1. Label size on train dataset found to be 0." in job["FailureReason"]


SHARDED = {"S3DataDistributionType": "ShardedByS3Key"}


def test_random_cut_forest_from_data_to_answers(aws: JobFixtures, deploy) -> None:
    far = np.full((5, 3), 40, np.float32)
    labels = np.append(np.zeros(300), np.ones(5))
    job = train(
        aws,
        "randomcutforest",
        {"feature_dim": 3, "num_trees": 50, "eval_metrics": '["accuracy", "precision_recall_fscore"]'},
        train=(csv(FEATURES), "text/csv;label_size=0", SHARDED),
        test=(csv(np.vstack([FEATURES, far]), labels), "text/csv;label_size=1"),
    )
    found = metrics(completed(job))
    assert found["test:f1"] == found["test:recall"] == found["test:accuracy"] == found["test:precision"] == 1
    endpoint = deploy(job)
    answers = endpoint.in_every_format(np.vstack([FEATURES[:3], far[:1]]), "scores")
    scores = [answer["score"] for answer in answers]
    assert all(set(answer) == {"score"} for answer in answers) and scores[3] > 2 * max(scores[:3])
    assert endpoint.refusal("1,2,nan")["OriginalStatusCode"] == 400


def test_what_random_cut_forest_refuses(aws: JobFixtures) -> None:
    parameters = {"feature_dim": 3, "num_trees": 50}
    job = train(aws, "randomcutforest", parameters, train=(csv(FEATURES), "text/csv;label_size=0"))
    assert "Failed to validate input data configuration. (caused by ValidationError)" in job["FailureReason"]
    assert "'FullyReplicated' is not one of ['ShardedByS3Key']" in job["FailureReason"]
    for changes, words in (({"num_trees": 49}, "an integer in [50, 1000]"), ({"feature_dim": 10001}, "an integer in [1, 10000]")):
        job = train(aws, "randomcutforest", parameters | changes, train=(csv(FEATURES), "text/csv;label_size=0", SHARDED))
        assert job["FailureReason"].startswith("ClientError: The value") and words in job["FailureReason"]


KMEANS = {"feature_dim": 3, "k": 2}
GOOD = (csv(FEATURES), "text/csv;label_size=0")
FAILURES = {
    "missing": (
        {"k": 2},
        {"train": GOOD},
        "ClientError: No value(s) were specified for 'feature_dim' which are required hyperparameter(s) (caused by ValidationError), "
        "exit code: 2",
    ),
    "unknown": (
        KMEANS | {"clusters": 3},
        {"train": GOOD},
        "ClientError: Additional hyperparameters are not allowed ('clusters' was unexpected) (caused by ValidationError), exit code: 2",
    ),
    "out of range": (KMEANS | {"k": 0}, {"train": GOOD}, "ClientError: The value '0' is not valid for the 'k' hyperparameter"),
    "not a choice": (
        KMEANS | {"init_method": "best"},
        {"train": GOOD},
        "ClientError: The value 'best' is not valid for the 'init_method' hyperparameter which accepts one of the following: 'random', "
        "'kmeans++' (caused by ValidationError)",
    ),
    "no train channel": (KMEANS, {"test": GOOD}, "Caused by: 'train' is a required property, exit code: 2"),
    "unknown channel": (KMEANS, {"train": GOOD, "validation": GOOD}, "not allowed ('validation' was unexpected)"),
    "content type": (
        KMEANS,
        {"train": (csv(FEATURES), "application/json")},
        "ClientError: No iterator has been registered for ContentType ('application/json', '1.0'), exit code: 2",
    ),
    "csv without content type": (
        KMEANS,
        {"train": (csv(FEATURES), None)},
        "ClientError: Unable to read data channel 'train'. Please verify the correct data channel configuration is provided. (caused by "
        "MXNetError)\n\nCaused by: (Input Error) The header of the MXNet RecordIO record at position 0 in the dataset does not start with "
        "a valid magic number.",
    ),
    "csv as records": (
        KMEANS,
        {"train": (csv(FEATURES), RECORDIO)},
        "Unable to read data channel 'train'. Requested content-type is 'application/x-recordio-protobuf'. Please verify the data matches "
        "the requested content-type. (caused by MXNetError)",
    ),
    "header": (KMEANS, {"train": ("a,b,c\n" + csv(FEATURES), "text/csv;label_size=0")}, "A CSV file for training has no header."),
    "label_size": (
        KMEANS,
        {"train": (csv(FEATURES), "text/csv")},
        "The value of feature_dim hyperparameter '3' doesn't match train data dimensionality '2'. Please set feature_dim to the number of "
        "features in train dataset. The first column was taken for the label; 'text/csv;label_size=0' says that there is none.",
    ),
    "few records": (KMEANS, {"train": ("1,2,3\n", "text/csv;label_size=0")}, "k is 2, and the channel 'train' holds only 1 records."),
    "missing values": (KMEANS, {"train": ("1,2,nan\n" * 3, "text/csv;label_size=0")}, "Found missing (NaN) values."),
    "infinite values": (KMEANS, {"train": ("1,2,inf\n" * 3, "text/csv;label_size=0")}, "Found infinite floating point values."),
    "ragged": (KMEANS, {"train": ("1,2,3\n1,2\n", "text/csv;label_size=0")}, "line 2 has 2 columns, line 1 has 3"),
}


@pytest.mark.parametrize("case", by_day.first(FAILURES, 5))  # each is a job
def test_what_the_user_did_wrong_fails_the_job_as_a_client_error(aws: JobFixtures, case: str) -> None:
    hyperparameters, channels, words = FAILURES[case]
    job = train(aws, "kmeans", hyperparameters, **channels)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ") and words in job["FailureReason"], job["FailureReason"]


def test_a_file_that_is_not_an_xgboost_model_fails_the_endpoint(aws: JobFixtures) -> None:
    job = completed(train(aws, "kmeans", KMEANS, train=GOOD))
    job["AlgorithmSpecification"]["TrainingImage"] = f"{ACCOUNT}/pca:1"
    with pytest.raises(AssertionError, match="Failed"):
        Endpoint(aws, job)
