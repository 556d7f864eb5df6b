"""Transform jobs through boto3: splitting and sending of objects, stored results, failure reasons, and refused requests."""

from __future__ import annotations

import gzip
import json
import sys

import pytest
import xgboost

from course.localaws.images.shared import recordio
from course.localaws.jobs import container_paths
from tests.localaws.boto_clients import shared_key
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.core.test_state_events import Queue
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROWS, booster, booster_file
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, XGBOOST, JobFixtures, targz, trust
from tests.localaws.sagemaker.transform.transform_fixtures import (
    CSV,
    CSV_OUT,
    ECHO,
    SERVING,
    SUM,
    completed,
    data_log,
    ended,
    failed,
    messages,
    model,
    outputs,
    request,
    start,
    streams,
)

# One mode of /opt/ml is enough for work outside of the containers.
pytestmark = pytest.mark.parametrize("aws", ["rewrite"], indirect=True)
CLIENT_ERROR = "ClientError: See job logs for more information"
ALGORITHM_ERROR = "AlgorithmError: See job logs for more information"
LINES = {"ContentType": "application/jsonlines", "SplitType": "Line"}
LINES_OUT = {"Accept": "application/jsonlines", "AssembleWith": "Line"}


@pytest.fixture(scope="module")
def echo(aws: JobFixtures) -> str:
    return model(aws, ECHO)


# How objects are sent


def test_a_manifest_names_objects_that_are_sent_whole(aws: JobFixtures, echo: str) -> None:
    for number in range(4):
        aws.put(f"whole/{number}/x.txt", f"{number}\n{number}\n")
    manifest = aws.put("whole.manifest", json.dumps([{"prefix": f"s3://{BUCKET}/whole/"}, "3/x.txt", "0/x.txt", "1/x.txt"]))
    source = {"DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": manifest}}}
    found = completed(aws, echo, "", Input=source, MaxConcurrentTransforms=3)
    assert found == {f"{number}/x.txt.out": f"[{number}\n{number}\n]" for number in (0, 1, 3)}


def test_records_are_packed_up_to_the_payload_and_come_back_in_order(aws: JobFixtures, echo: str) -> None:
    lines = [f"{number:07d}{'x' * 120}" for number in range(20_000)]  # 2.56 MB
    uri = aws.put("packed/a.txt", "\n".join(lines))
    found = completed(
        aws, echo, uri, Input={"SplitType": "Line"}, Output={"AssembleWith": "Line"}, MaxPayloadInMB=1, MaxConcurrentTransforms=4
    )
    requests = found["a.txt.out"].removeprefix("[").removesuffix("]\n").split("]\n[")
    assert len(requests) == 3 and [line for each in requests for line in each.split("\n") if line] == lines
    assert all((1 << 20) - 129 < len(each) <= 1 << 20 for each in requests[:2])


def test_a_record_of_recordio_is_sent_without_its_frame(aws: JobFixtures, echo: str) -> None:
    uri = aws.put("frames/a", b"".join(piece for record in (b"one", b"twelve") for piece in recordio.frames(len(record), [record])))
    assert completed(aws, echo, uri, Input={"SplitType": "RecordIO"}, BatchStrategy="SingleRecord") == {"a.out": "[one][twelve]"}


def test_gzipped_objects_are_unpacked_and_other_data_is_a_client_error(aws: JobFixtures, echo: str) -> None:
    aws.put("zipped/a.csv.gz", gzip.compress(b"1,2\n3,4\n"))
    aws.put("zipped/b.csv.gz", b"1,2\n")
    reason, log, kept = failed(aws, echo, f"s3://{BUCKET}/zipped/", Input={"CompressionType": "Gzip"} | CSV)
    assert (reason, kept) == (CLIENT_ERROR, {"a.csv.gz.out": "[1,2\n3,4\n]"})
    assert log == [f"{BUCKET}/zipped/b.csv.gz: Not a gzipped file (b'1,')"]


def test_a_record_larger_than_a_payload_is_a_client_error(aws: JobFixtures, echo: str) -> None:
    aws.put("large/a.csv", "1\n")
    aws.put("large/b.csv", b"x" * ((1 << 20) + 1))
    reason, log, kept = failed(aws, echo, f"s3://{BUCKET}/large/", MaxPayloadInMB=1)
    assert (reason, list(kept)) == (CLIENT_ERROR, ["a.csv.out"])
    assert log == [f"{BUCKET}/large/b.csv: Too much data for max payload size"]


def test_without_a_limit_an_object_is_sent_in_chunks(aws: JobFixtures) -> None:
    code = ECHO.replace('"[" + text + "]"', "str(len(text))")
    body = b"x" * (7 << 20)
    name = model(aws, code, MAX_CONTENT_LENGTH=str(8 << 20))
    assert completed(aws, name, aws.put("endless/a", body), MaxPayloadInMB=0) == {"a.out": str(len(body))}


def test_the_container_gets_the_batch_variables(aws: JobFixtures) -> None:
    code = """
import json, os
def model_fn(folder): return 0
def transform_fn(model, data, content_type, accept):
    variables = {name: value for name, value in os.environ.items() if name.startswith(("SAGEMAKER_BATCH", "SAGEMAKER_MAX", "MY_"))}
    return json.dumps(variables), accept
"""
    name = model(aws, code, MY_MODEL="model", MY_BOTH="model")
    stored = completed(
        aws,
        name,
        aws.put("variables/a", "1\n2\n"),
        Input=LINES,
        Output=LINES_OUT,
        Environment={"MY_JOB": "job", "MY_BOTH": "job"},
        BatchStrategy="SingleRecord",
        MaxPayloadInMB=2,
        MaxConcurrentTransforms=5,
    )
    first, second = map(json.loads, stored["a.out"].splitlines())
    assert first == second == {
        "MY_MODEL": "model",
        "MY_BOTH": "job",
        "MY_JOB": "job",
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "2",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "5",
    }  # fmt: skip


@pytest.fixture(scope="module")
def boosted(aws: JobFixtures) -> str:
    """A model of the built-in XGBoost."""
    name = aws.name("boosted")
    container = {"Image": XGBOOST, "ModelDataUrl": aws.put(f"models/{name}.tar.gz", targz(booster_file()))}
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    return name


def test_the_built_in_xgboost_answers_a_line_for_each_record(aws: JobFixtures, boosted: str) -> None:
    uri = aws.put("boosted/rows.csv", "\n".join(",".join(map(str, row)) for row in ROWS))
    found = completed(aws, boosted, uri, Input=CSV, Output=CSV_OUT, DataProcessing={"JoinSource": "Input", "OutputFilter": "$[-1]"})
    predicted = booster().predict(xgboost.DMatrix(ROWS))
    assert [float(line) for line in found["rows.csv.out"].splitlines()] == pytest.approx(predicted.tolist())


def test_instances_share_the_objects(aws: JobFixtures) -> None:
    for number in range(5):
        aws.put(f"shared/{number}.csv", f"{number},1\n")
    name = start(aws, model(aws, SUM), f"s3://{BUCKET}/shared/", Input=CSV, Output=CSV_OUT, Resources={"InstanceCount": 2})
    assert ended(aws, name)["TransformJobStatus"] == "Completed"
    assert outputs(aws, name) == {f"{number}.csv.out": f"{number + 1}\n" for number in range(5)}
    containers = [stream for stream in streams(aws, name) if not stream.endswith("/data-log")]
    asked = sorted(sum('"POST /invocations' in event["message"] for event in logged(aws, stream)) for stream in containers)
    assert asked == [2, 3] and len(data_log(aws, name)) == 2


def logged(aws: JobFixtures, stream: str) -> list[dict]:
    return aws.logs.get_log_events(logGroupName="/aws/sagemaker/TransformJobs", logStreamName=stream, startFromHead=True)["events"]


def test_an_inference_pipeline_answers_as_one(aws: JobFixtures, echo: str) -> None:
    data = [aws.sagemaker.describe_model(ModelName=name)["PrimaryContainer"] for name in (model(aws, SUM), echo)]
    containers = [
        {"Image": SKLEARN, "ModelDataUrl": each["ModelDataUrl"], "Environment": SERVING, "ContainerHostname": hostname}
        for each, hostname in zip(data, ("adds", "echoes"), strict=True)
    ]
    name = aws.name("pipeline")
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=containers)
    job = start(aws, name, aws.put("piped-through/a.csv", "1,2\n3,4\n"), Input=CSV, Output={"Accept": "text/csv"})
    assert ended(aws, job)["TransformJobStatus"] == "Completed"
    assert outputs(aws, job) == {"a.csv.out": "[3\n7\n]"}
    assert {stream.split("/")[2] for stream in streams(aws, job) if stream.count("/") == 2} == {"adds", "echoes", "data-log"}


# Filters, joins, capture


def test_csv_is_filtered_joined_marked_and_captured_with_keys(aws: JobFixtures) -> None:
    aws.put("joined/a.csv", 'id-1,"x, y",1,2\nid-2,z,3,4\n')
    key = shared_key(aws.client("kms"))
    destination = f"s3://{BUCKET}/captured/{aws.name('capture')}"
    name = start(
        aws,
        model(aws, SUM),
        f"s3://{BUCKET}/joined/",
        Input=CSV,
        Output=CSV_OUT | {"KmsKeyId": key["KeyId"]},
        DataProcessing={"InputFilter": "$[2:]", "JoinSource": "Input", "OutputFilter": "$[0,1,-1]"},
        DataCaptureConfig={"DestinationS3Uri": destination, "GenerateInferenceId": True, "KmsKeyId": key["KeyId"]},
    )
    job = ended(aws, name)
    assert job["TransformJobStatus"] == "Completed", data_log(aws, name)
    began = job["TransformStartTime"]
    rows = outputs(aws, name)["a.csv.out"].splitlines()
    assert [row.rsplit(",", 2)[0] for row in rows] == ['id-1,"x, y",3', "id-2,z,7"]
    ids, times = zip(*(row.split(",")[-2:] for row in rows), strict=True)
    assert len(set(ids)) == 2 and set(times) == {f"{began:%Y-%m-%dT%H:%M:%SZ}"}

    place = f"{destination.removeprefix(f's3://{BUCKET}/')}/"
    first, second = aws.keys(place)
    assert first.startswith(f"{place}input/{began:%Y/%m/%d/%H}/") and second.startswith(f"{place}output/{began:%Y/%m/%d/%H}/")
    assert json.loads(aws.get(f"s3://{BUCKET}/{first}")) == [{"prefix": f"s3://{BUCKET}/joined/"}, "a.csv"]
    assert json.loads(aws.get(f"s3://{BUCKET}/{second}")) == [{"prefix": f"s3://{BUCKET}/transformed/{name}/"}, "a.csv.out"]
    for stored in (f"transformed/{name}/a.csv.out", first, second):
        head = aws.s3.head_object(Bucket=BUCKET, Key=stored)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])


def test_a_captured_manifest_is_the_input_of_a_job(aws: JobFixtures, echo: str) -> None:
    """Objects of a key name prefix, below two folders: what one job captured, the next job reads as its manifest."""
    for name in ("one.txt", "deep/two.txt"):
        aws.put(f"recaptured/part-{name}", f"{name}\n")
    destination = f"s3://{BUCKET}/captured/{aws.name('capture')}"
    found = completed(aws, echo, f"s3://{BUCKET}/recaptured/part", DataCaptureConfig={"DestinationS3Uri": destination})
    assert found == {"part-deep/two.txt.out": "[deep/two.txt\n]", "part-one.txt.out": "[one.txt\n]"}
    first, second = aws.keys(f"{destination.removeprefix(f's3://{BUCKET}/')}/")
    assert json.loads(aws.get(f"s3://{BUCKET}/{first}"))[0] == {"prefix": f"s3://{BUCKET}/recaptured/"}
    start, *names = json.loads(aws.get(f"s3://{BUCKET}/{second}"))
    assert {start["prefix"].rpartition("/")[0].rpartition("/")[0], *names} == {f"s3://{BUCKET}/transformed", *found}
    source = {"DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": f"s3://{BUCKET}/{first}"}}}
    assert completed(aws, echo, "", Input=source) == found
    assert aws.s3.head_object(Bucket=BUCKET, Key=first)["ServerSideEncryption"] == "AES256"


def test_json_lines_keep_what_the_model_does_not_see(aws: JobFixtures) -> None:
    code = """
import json
def model_fn(folder): return 0
def transform_fn(model, data, content_type, accept):
    rows = [json.loads(line) for line in (data if isinstance(data, str) else data.decode()).splitlines()]
    return "\\n".join(json.dumps({"score": sum(row)}) for row in rows), accept
"""
    records = [{"id": number, "features": [number, 1]} for number in range(3)]
    uri = aws.put("objects/a.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    given = {"InputFilter": "$.features", "JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}
    found = completed(aws, model(aws, code), uri, Input=LINES, Output=LINES_OUT, DataProcessing=given)
    assert [json.loads(line) for line in found["a.jsonl.out"].splitlines()] == [
        {"id": number, "SageMakerOutput": {"score": number + 1}} for number in range(3)
    ]


@pytest.mark.parametrize(
    ("processing", "word"),
    [
        ({"InputFilter": "$[0:1,3:]"}, "Invalid JsonPath: $[0:1,3:]: only single range filters of format (eg: [1:5]) are supported."),
        ({"InputFilter": "$[7]"}, "Invalid JsonPath: $[7]: index 7 is not within the dimension size 2"),
    ],
    ids=["of no path", "beyond the columns"],
)
def test_a_bad_filter_is_the_clients_fault(aws: JobFixtures, echo: str, processing: dict, word: str) -> None:
    uri = aws.put("filtered/a.csv", "1,2\n3,4\n")
    reason, log, kept = failed(aws, echo, uri, Input=CSV, Output=CSV_OUT, DataProcessing=processing)
    assert (reason, kept) == (CLIENT_ERROR, {}) and log[0].startswith(f"{BUCKET}/filtered/a.csv: {word}")


# Client errors and algorithm errors


def test_a_status_of_400_is_the_clients_fault_and_is_not_tried_again(aws: JobFixtures) -> None:
    """The container answers too long requests with 413."""
    name = start(aws, model(aws, SUM, MAX_CONTENT_LENGTH="9"), aws.put("refused/a.csv", "1,2,3,4,5\n"), Input=CSV)
    job = ended(aws, name)
    assert (job["TransformJobStatus"], job["FailureReason"]) == ("Failed", CLIENT_ERROR)
    assert data_log(aws, name)[1:4] == [f"{BUCKET}/refused/a.csv: {line}" for line in ("ClientError: 413", "", "Message:")]
    assert sum('"POST /invocations' in line for line in messages(aws, name, data=False)) == 1


def test_the_data_log_shows_the_paths_of_the_container(aws: JobFixtures, boosted: str) -> None:
    """XGBoost's own errors have a stack trace."""
    reason, log, _ = failed(aws, boosted, aws.put("infinite/a.csv", "1,2,inf\n"), Input=CSV)
    text = "\n".join(log)
    assert reason == CLIENT_ERROR and f"{container_paths.PACKAGES}/xgboost/lib/libxgboost.so" in text and sys.prefix not in text


@pytest.mark.nightly  # waits for the time limit
def test_an_answer_that_does_not_come_in_time(aws: JobFixtures) -> None:
    code = "import time\n" + SUM.replace("return [sum", "time.sleep(60); return [sum")
    limits = {"ModelClientConfig": {"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 1}}
    reason, log, _ = failed(aws, model(aws, code), aws.put("late/a.csv", "1,2\n"), Input=CSV, **limits)
    assert (reason, log) == (ALGORITHM_ERROR, [f"{BUCKET}/late/a.csv: Unable to get response from algorithm"])
    assert aws.processes() == []


# It ends on "bye": always, or only at the first request.
CRASH = """
import os
def model_fn(folder): return 0
def transform_fn(model, data, content_type, accept):
    text = data if isinstance(data, str) else data.decode()
    mark = os.path.join(os.environ["TMPDIR"], "crashed")
    if text.startswith("bye") and not (os.environ.get("ONCE") and os.path.exists(mark)):
        open(mark, "w").close()
        os._exit(3)
    return text, accept or "text/csv"
"""


@pytest.mark.nightly  # one that ends once by day
def test_a_container_that_ends_on_a_record_every_time(aws: JobFixtures) -> None:
    aws.put("crash/a.csv", "hello\n")
    aws.put("crash/b.csv", "bye\n")
    reason, log, kept = failed(aws, model(aws, CRASH), f"s3://{BUCKET}/crash/", Input=CSV, ModelClientConfig={"InvocationsMaxRetries": 1})
    assert (reason, kept) == (ALGORITHM_ERROR, {"a.csv.out": "hello\n"})
    assert log == [f"{BUCKET}/crash/b.csv: Unable to get response from algorithm"]
    assert aws.processes() == [] and aws.boxes() == []


def test_a_container_that_ends_once_is_asked_again(aws: JobFixtures) -> None:
    uri = aws.put("once/a.csv", "hello\nbye\nhello\n")
    assert completed(aws, model(aws, CRASH, ONCE="1"), uri, Input=CSV, BatchStrategy="SingleRecord") == {"a.csv.out": "hello\nbye\nhello\n"}


def test_a_model_that_does_not_load_or_does_not_exist_is_an_error(aws: JobFixtures) -> None:
    uri = aws.put("unloadable/a.csv", "1\n")
    name = start(aws, model(aws, "def model_fn(folder): raise ValueError('no model')"), uri, Input=CSV)
    assert ended(aws, name)["FailureReason"] == ALGORITHM_ERROR
    assert any("no model" in line for line in messages(aws, name, data=False))
    gone = model(aws, SUM)
    aws.s3.delete_object(Bucket=BUCKET, Key=f"models/{gone}.tar.gz")
    job = ended(aws, start(aws, gone, uri, Input=CSV))
    assert job["FailureReason"].startswith("ClientError: Failed to download model data for container") and aws.boxes() == []


def test_a_role_that_may_not_store(aws: JobFixtures) -> None:
    iam = aws.client("iam")
    role = iam.create_role(RoleName=aws.name("Reader"), AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))["Role"]
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="read", PolicyDocument=policy)
    container = aws.sagemaker.describe_model(ModelName=model(aws, SUM))["PrimaryContainer"]
    name = aws.name("reads")
    primary = {member: container[member] for member in ("Image", "ModelDataUrl", "Environment")}
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=role["Arn"], PrimaryContainer=primary)
    reason, _, kept = failed(aws, name, aws.put("reader/a.csv", "1,2\n"), Input=CSV)
    assert reason.startswith("ClientError: Artifact upload failed:AccessDenied (403): Access Denied when the role") and kept == {}


def test_a_bucket_that_does_not_exist(aws: JobFixtures, echo: str) -> None:
    name = start(aws, echo, aws.put("nowhere/a.csv", "1\n"), Input=CSV, Output={"S3OutputPath": "s3://no-such-bucket-here/x"})
    assert ended(aws, name)["FailureReason"].startswith("ClientError: Artifact upload failed:NoSuchBucket (404)")


def test_stopped_at_once(aws: JobFixtures, echo: str) -> None:
    name = start(aws, echo, aws.put("at-once/a.csv", "1\n"), Input=CSV)
    aws.sagemaker.stop_transform_job(TransformJobName=name)
    assert ended(aws, name)["TransformJobStatus"] == "Stopped" and outputs(aws, name) == {}
    assert aws.processes() == [] and aws.boxes() == []


# Around a job


def test_its_trial_component_and_its_events(aws: JobFixtures, echo: str) -> None:
    experiment, trial = aws.name("experiment"), aws.name("trial")
    aws.sagemaker.create_experiment(ExperimentName=experiment)
    aws.sagemaker.create_trial(TrialName=trial, ExperimentName=experiment)
    queue = Queue(aws, {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Transform Job State Change"]})
    uri = aws.put("noticed/a.csv", "1\n")
    name = start(aws, echo, uri, Input=CSV, ExperimentConfig={"TrialName": trial, "TrialComponentDisplayName": "scores"})
    job = ended(aws, name)
    events = aws.until(queue.events, lambda events: len(events) >= 2)
    queue.close()
    assert [event["detail"]["TransformJobStatus"] for event in events] == ["InProgress", "Completed"]
    assert events[-1]["resources"] == [job["TransformJobArn"]] and events[-1]["detail"]["ModelName"] == echo
    component = aws.sagemaker.describe_trial_component(TrialComponentName=f"{name}-aws-transform-job")
    assert component["DisplayName"] == "scores" and component["Source"]["SourceArn"] == job["TransformJobArn"]
    assert component["InputArtifacts"]["SageMaker.TransformInput"] == {"Value": uri, "MediaType": "text/csv"}
    assert component["OutputArtifacts"]["SageMaker.TransformOutput"]["Value"] == job["TransformOutput"]["S3OutputPath"]
    assert component["Parameters"]["SageMaker.ModelName"] == {"StringValue": echo}
    where = {"Filters": [{"Name": "TrialComponentName", "Operator": "Equals", "Value": component["TrialComponentName"]}]}
    [found] = aws.sagemaker.search(Resource="ExperimentTrialComponent", SearchExpression=where)["Results"]
    assert found["TrialComponent"]["SourceDetail"]["TransformJob"]["TransformJobStatus"] == "Completed"


def test_names_are_unique_and_jobs_are_kept(aws: JobFixtures, echo: str) -> None:
    asked = request(aws, echo, aws.put("unique/a.csv", "1\n"))
    aws.sagemaker.create_transform_job(**asked)
    code, message = refused(aws.sagemaker.create_transform_job, **asked)
    assert code == "ResourceInUse" and f"transform-job/{asked['TransformJobName']}" in message
    assert refused(aws.sagemaker.describe_transform_job, TransformJobName="never-made")[0] == "ValidationException"
    assert ended(aws, asked["TransformJobName"])["TransformJobStatus"] == "Completed"


def source(**members: str) -> dict:
    return {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/unique/"} | members}}


REFUSED = [
    ({"ModelName": "never-made"}, 'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/never-made"'),
    ({"MaxPayloadInMB": 101}, "MaxPayloadInMB cannot be greater than 100; got 101"),
    ({"MaxPayloadInMB": 20, "MaxConcurrentTransforms": 6}, "cannot exceed 100; got 6 * 20 = 120"),
    ({"MaxConcurrentTransforms": 17}, "cannot exceed 100; got 17 * 6 = 102"),
    ({"Environment": {f"V{number}": "x" for number in range(17)}}, "Member must have length less than or equal to 16"),
    ({"ModelClientConfig": {"InvocationsMaxRetries": 4}}, "Member must have value less than or equal to 3"),
    ({"Resources": {"InstanceCount": 21}}, "'Maximum number of instances per transform job' is 20 Instances"),
    ({"Resources": {"InstanceCount": 5}}, "'ml.m5.large for transform job usage' is 4 Instances"),
    ({"Resources": {"InstanceType": "ml.g5.xlarge"}}, "'ml.g5.xlarge for transform job usage' is 0 Instances"),
    ({"Input": source(S3Uri=f"s3://{BUCKET}/not/there")}, f'No S3 objects found under S3 URL "s3://{BUCKET}/not/there"'),
    ({"Input": source(S3DataType="AugmentedManifestFile")}, "AugmentedManifestFile is not compatible with batch transform"),
    ({"Output": {"KmsKeyId": "alias/none"}}, "The KMS key 'alias/none' does not exist"),
    ({"Resources": {"VolumeKmsKeyId": "alias/none"}}, "The KMS key 'alias/none' does not exist"),
    ({"DataCaptureConfig": {"DestinationS3Uri": f"s3://{BUCKET}/x", "KmsKeyId": "alias/none"}}, "The KMS key 'alias/none' does not exist"),
    (
        {"DataProcessing": {"JoinSource": "Input"}},
        "need ContentType to be one of text/csv, application/json, application/jsonlines; got ''",
    ),
    ({"DataProcessing": {"JoinSource": "Input"}, "Input": CSV, "Output": LINES_OUT}, "to be both CSV or both JSON"),
    ({"DataProcessing": {"InputFilter": "$[1:]"}, "Input": CSV | {"SplitType": "TFRecord"}}, "need SplitType to be Line or None"),
    ({"ExperimentConfig": {"TrialName": "never-made"}}, "never-made"),
]


@pytest.mark.parametrize(("changes", "word"), REFUSED, ids=[word for _, word in REFUSED])
def test_refused_at_once(aws: JobFixtures, echo: str, changes: dict, word: str) -> None:
    aws.put("unique/a.csv", "1\n")
    code, message = refused(aws.sagemaker.create_transform_job, **request(aws, echo, f"s3://{BUCKET}/unique/", **dict(changes)))
    assert code in ("ValidationException", "ResourceLimitExceeded", "ResourceNotFound") and word in message


def test_models_of_which_something_is_called_by_name(aws: JobFixtures) -> None:
    name, data = aws.name("named"), aws.put("models/named/a.tar.gz", targz({"code/inference.py": SUM}))
    containers = [{"Image": SKLEARN, "ModelDataUrl": data, "Environment": SERVING, "ContainerHostname": each} for each in ("one", "two")]
    direct = {"Containers": containers, "InferenceExecutionConfig": {"Mode": "Direct"}}
    many = {"PrimaryContainer": {"Image": SKLEARN, "ModelDataUrl": f"s3://{BUCKET}/models/named/", "Mode": "MultiModel"}}
    for number, (given, what) in enumerate(((direct, "containers"), (many, "models"))):
        aws.sagemaker.create_model(ModelName=f"{name}-{number}", ExecutionRoleArn=ROLE, **given)
        asked = request(aws, f"{name}-{number}", f"s3://{BUCKET}/models/named/")
        code, message = refused(aws.sagemaker.create_transform_job, **asked)
        assert code == "ValidationException" and message.startswith(f"The {what} of {name}-{number} are called by name")
