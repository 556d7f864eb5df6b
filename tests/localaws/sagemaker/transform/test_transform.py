"""Transform jobs through boto3, in both modes of /opt/ml: their results, their ends, and the clean-up after them."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.processing.test_processing import refused
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


@pytest.mark.second_mode_nightly  # objects are read the same way in both modes
def test_every_object_below_the_prefix_has_an_output_in_its_order(world: JobFixtures) -> None:
    world.put("objects-below/a.csv", "1,2\n3,4\n5,6")
    world.put("objects-below/2013/b.csv", "7,8\n")
    world.put("objects-below/2013/", "")  # a folder, as the console creates one
    name = start(
        world, model(world, SUM), f"s3://{BUCKET}/objects-below/", Input=CSV, Output=CSV_OUT, Tags=[{"Key": "team", "Value": "delays"}]
    )
    job = ended(world, name)
    assert job["TransformJobStatus"] == "Completed", (job.get("FailureReason"), list(messages(world, name, data=False)))
    assert outputs(world, name) == {"a.csv.out": "3\n7\n11\n", "2013/b.csv.out": "15\n"}

    assert job["TransformJobArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:transform-job/{name}"
    assert job["TransformStartTime"] <= job["TransformEndTime"] and "FailureReason" not in job
    assert job["TransformInput"]["CompressionType"] == "None" and job["TransformOutput"]["AssembleWith"] == "Line"
    assert job["TransformOutput"]["KmsKeyId"] == ""
    assert job["DataProcessing"] == {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    [listed] = world.sagemaker.list_transform_jobs(NameContains=name, StatusEquals="Completed")["TransformJobSummaries"]
    assert listed["TransformJobName"] == name and listed["TransformEndTime"] == job["TransformEndTime"]
    assert world.sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"] == [{"Key": "team", "Value": "delays"}]

    containers, data = sorted(streams(world, name))
    assert containers.startswith(f"{name}/i-") and data == f"{containers}/data-log"
    assert data_log(world, name) == ["MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"]
    assert sum('"POST /invocations HTTP/1.1" 200' in line for line in messages(world, name, data=False)) == 2
    done = world.done_in_s3(f"transform-job/{name}")
    assert ("GetObject", f"{BUCKET}/objects-below/a.csv") in done and ("PutObject", f"{BUCKET}/transformed/{name}/a.csv.out") in done
    assert world.processes() == [] and world.boxes() == []


@pytest.mark.second_mode_nightly  # a stop is the same in both modes
def test_a_job_that_is_stopped_stores_nothing(world: JobFixtures) -> None:
    world.put("stopped/a.csv", "1,2\n")
    world.put("stopped/b.csv", "wait,1\n")
    name = start(world, model(world, SLOW), f"s3://{BUCKET}/stopped/", Input=CSV, Output=CSV_OUT)
    world.until(lambda: any('"POST /invocations' in line for line in messages(world, name, data=False)))  # one object is done
    world.sagemaker.stop_transform_job(TransformJobName=name)
    assert world.sagemaker.describe_transform_job(TransformJobName=name)["TransformJobStatus"] in ("Stopping", "Stopped")
    job = ended(world, name)
    assert job["TransformJobStatus"] == "Stopped", job.get("FailureReason")
    assert job["TransformEndTime"] and outputs(world, name) == {}
    assert refused(world.sagemaker.stop_transform_job, TransformJobName=name) == (
        "ValidationException",
        "The request was rejected because the transform job is in status Stopped.",
    )
    assert world.processes() == [] and world.boxes() == []


def test_an_object_with_a_bad_record_has_no_output_and_the_others_have(world: JobFixtures) -> None:
    world.put("bad/a.csv", "1\n2\n")
    world.put("bad/b.csv", "4\n0\n5\n")
    world.put("bad/c.csv", "8\n")
    once = {"ModelClientConfig": {"InvocationsMaxRetries": 0}, "BatchStrategy": "SingleRecord"}
    reason, log, kept = failed(world, model(world, PICKY), f"s3://{BUCKET}/bad/", Input=CSV, Output=CSV_OUT, **once)
    assert reason == "AlgorithmError: See job logs for more information"
    assert kept == {"a.csv.out": "1\n0.5\n", "c.csv.out": "0.125\n"}
    assert log[:3] == [f"{BUCKET}/bad/b.csv: {line}" for line in ("Bad HTTP status received from algorithm: 500", "", "Message:")]
    assert any("Internal Server Error" in line for line in log[3:])
    assert world.processes() == [] and world.boxes() == []
