"""Transform jobs through boto3, in both modes of /opt/ml: their results, their ends, and the clean-up after them."""

from __future__ import annotations

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.transform.transform_fixtures import (
    CSV,
    CSV_OUT,
    SUM,
    data_log,
    ended,
    failed,
    messages,
    model,
    outputs,
    start,
    streams,
)

SLOW = "import time\n" + SUM.replace("return [sum", "time.sleep(600 if text.startswith('wait') else 0); return [sum")
PICKY = """
def model_fn(folder): return 0
def input_fn(data, content_type): return data if isinstance(data, str) else data.decode()
def predict_fn(text, model): return [float(line) for line in text.splitlines()]
def output_fn(numbers, accept): return "".join(f"{1 / each:g}\\n" for each in numbers), "text/csv"
"""


def test_every_object_below_the_prefix_has_an_output_in_its_order(aws: JobFixtures) -> None:
    aws.put("objects-below/a.csv", "1,2\n3,4\n5,6")
    aws.put("objects-below/2013/b.csv", "7,8\n")
    aws.put("objects-below/2013/", "")  # a folder, as the console creates one
    name = start(
        aws, model(aws, SUM), f"s3://{BUCKET}/objects-below/", Input=CSV, Output=CSV_OUT, Tags=[{"Key": "team", "Value": "delays"}]
    )
    job = ended(aws, name)
    assert job["TransformJobStatus"] == "Completed", (job.get("FailureReason"), list(messages(aws, name, data=False)))
    assert outputs(aws, name) == {"a.csv.out": "3\n7\n11\n", "2013/b.csv.out": "15\n"}

    assert job["TransformJobArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:transform-job/{name}"
    assert job["TransformStartTime"] <= job["TransformEndTime"] and "FailureReason" not in job
    assert job["TransformInput"]["CompressionType"] == "None" and job["TransformOutput"]["AssembleWith"] == "Line"
    assert job["TransformOutput"]["KmsKeyId"] == ""
    assert job["DataProcessing"] == {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    [listed] = aws.sagemaker.list_transform_jobs(NameContains=name, StatusEquals="Completed")["TransformJobSummaries"]
    assert listed["TransformJobName"] == name and listed["TransformEndTime"] == job["TransformEndTime"]
    assert aws.sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"] == [{"Key": "team", "Value": "delays"}]

    containers, data = sorted(streams(aws, name))
    assert containers.startswith(f"{name}/i-") and data == f"{containers}/data-log"
    assert data_log(aws, name) == ["MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"]
    assert sum('"POST /invocations HTTP/1.1" 200' in line for line in messages(aws, name, data=False)) == 2
    done = aws.done_in_s3(f"transform-job/{name}")
    assert ("GetObject", f"{BUCKET}/objects-below/a.csv") in done and ("PutObject", f"{BUCKET}/transformed/{name}/a.csv.out") in done
    assert aws.processes() == [] and aws.boxes() == []


def test_a_job_that_is_stopped_stores_nothing(aws: JobFixtures) -> None:
    aws.put("stopped/a.csv", "1,2\n")
    aws.put("stopped/b.csv", "wait,1\n")
    name = start(aws, model(aws, SLOW), f"s3://{BUCKET}/stopped/", Input=CSV, Output=CSV_OUT)
    aws.until(lambda: any('"POST /invocations' in line for line in messages(aws, name, data=False)))  # one object is done
    aws.sagemaker.stop_transform_job(TransformJobName=name)
    assert aws.sagemaker.describe_transform_job(TransformJobName=name)["TransformJobStatus"] in ("Stopping", "Stopped")
    job = ended(aws, name)
    assert job["TransformJobStatus"] == "Stopped", job.get("FailureReason")
    assert job["TransformEndTime"] and outputs(aws, name) == {}
    assert refused(aws.sagemaker.stop_transform_job, TransformJobName=name) == (
        "ValidationException",
        "The request was rejected because the transform job is in status Stopped.",
    )
    assert aws.processes() == [] and aws.boxes() == []


def test_an_object_with_a_bad_record_has_no_output_and_the_others_have(aws: JobFixtures) -> None:
    aws.put("bad/a.csv", "1\n2\n")
    aws.put("bad/b.csv", "4\n0\n5\n")
    aws.put("bad/c.csv", "8\n")
    once = {"ModelClientConfig": {"InvocationsMaxRetries": 0}, "BatchStrategy": "SingleRecord"}
    reason, log, kept = failed(aws, model(aws, PICKY), f"s3://{BUCKET}/bad/", Input=CSV, Output=CSV_OUT, **once)
    assert reason == "AlgorithmError: See job logs for more information"
    assert kept == {"a.csv.out": "1\n0.5\n", "c.csv.out": "0.125\n"}
    assert log[:3] == [f"{BUCKET}/bad/b.csv: {line}" for line in ("Bad HTTP status received from algorithm: 500", "", "Message:")]
    assert any("Internal Server Error" in line for line in log[3:])
    assert aws.processes() == [] and aws.boxes() == []
