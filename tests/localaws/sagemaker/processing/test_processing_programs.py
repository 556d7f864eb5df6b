"""What a processing job runs and how it is described: commands combined as by Docker, SDK v2's requests, every member."""

from __future__ import annotations

import datetime
import json

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, JobFixtures, processing_input, processing_output, targz

ECHO = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ.get('ECHO')]))"


def ran(aws: JobFixtures, **specification: object) -> tuple[dict, list[str]]:
    job = aws.processed(aws.process(ECHO, AppSpecification=specification))
    return job, aws.lines(job["ProcessingJobName"], "ProcessingJobs")


def test_arguments_arrive_as_they_are(aws: JobFixtures) -> None:
    arguments = ["with blank", "it's", 'say "yes"', "$HOME", "*", "naïve café ✓", "--a=b", "back\\slash", ""]
    job, lines = ran(aws, ContainerArguments=arguments)
    assert json.loads(lines[0])[0] == arguments
    assert job["AppSpecification"]["ContainerArguments"] == arguments


def test_variables_arrive_as_they_are(aws: JobFixtures) -> None:
    value = "line one\nline two 'quoted' ✓"
    name = aws.process("import os; print(repr(os.environ['VALUE']))", Environment={"VALUE": value})
    job = aws.processed(name)
    assert aws.lines(name, "ProcessingJobs") == [repr(value)] and job["Environment"] == {"VALUE": value}


def test_arguments_alone_take_the_place_of_the_images_command(aws: JobFixtures) -> None:
    job, lines = ran(aws, ContainerEntrypoint=None, ContainerArguments=["python3", "/opt/ml/processing/input/code/process.py", "x"])
    assert job["ProcessingJobStatus"] == "Completed" and json.loads(lines[0])[0] == ["x"]


def test_an_image_without_an_entrypoint_has_nothing_to_do(aws: JobFixtures) -> None:
    """The image's command is a shell with no input."""
    job, lines = ran(aws, ContainerEntrypoint=None)
    assert job["ProcessingJobStatus"] == "Completed" and lines == []


@pytest.mark.parametrize("program", ["no-such-program", "/opt/ml/processing/input/code/process.py"], ids=["missing", "not executable"])
def test_a_program_that_cannot_be_run_fails_the_job(aws: JobFixtures, program: str) -> None:
    job, _ = ran(aws, ContainerEntrypoint=[program])
    assert job["ProcessingJobStatus"] == "Failed" and "exit code: 12" in job["FailureReason"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit(3)", "exit code: 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit code: 137"),
    ],
    ids=["exit", "signal"],
)
def test_the_failure_reason_has_the_exit_code(aws: JobFixtures, code: str, reason: str) -> None:
    job = aws.processed(aws.process(code))
    assert job["FailureReason"] == f"AlgorithmError: See job logs for more information, {reason}"


def test_the_exit_message_has_at_most_a_kilobyte(aws: JobFixtures) -> None:
    job = aws.processed(aws.process("open('/opt/ml/output/message', 'w').write('é' * 2000)"))
    assert job["ProcessingJobStatus"] == "Completed" and job["ExitMessage"] == "é" * 512


def test_everything_is_described(aws: JobFixtures, key: str, vpc: dict) -> None:
    uri = aws.put("described/a.csv", "1")
    request = {
        "ProcessingInputs": [processing_input("raw", uri, "/opt/ml/processing/raw") | {"AppManaged": False}],
        "ProcessingOutputConfig": {
            "Outputs": [processing_output("out", f"s3://{BUCKET}/described/out", "/opt/ml/processing/out") | {"AppManaged": False}],
            "KmsKeyId": "alias/models",
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 7, "VolumeKmsKeyId": key}
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 432_000},
        "Environment": {"A": "1"},
        "NetworkConfig": {
            "EnableInterContainerTrafficEncryption": True,
            "EnableNetworkIsolation": False,
            "VpcConfig": vpc,
        },
        "Tags": [{"Key": "team", "Value": "flights"}],
    }
    name = aws.process("pass", **request)
    job = aws.processed(name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    given = {member: value for member, value in request.items() if member != "Tags"}
    assert {member: job[member] for member in given} == given | {"ProcessingInputs": job["ProcessingInputs"]}
    assert job["ProcessingInputs"][1:] == request["ProcessingInputs"]
    assert job["RoleArn"] == ROLE and job["AppSpecification"]["ImageUri"] == SKLEARN
    assert job["ProcessingJobArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}"
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"] <= job["LastModifiedTime"]
    assert aws.sagemaker.list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"] == request["Tags"]
    assert "Tags" not in job


def test_lists_are_filtered_and_sorted(aws: JobFixtures) -> None:
    stem = aws.name("listed")
    aws.processed(aws.process("pass", ProcessingJobName=f"{stem}-b"))
    aws.processed(aws.process("raise SystemExit(1)", ProcessingJobName=f"{stem}-a"))

    def names(**params: object) -> list[str]:
        found = aws.sagemaker.list_processing_jobs(NameContains=stem, **params)["ProcessingJobSummaries"]
        return [summary["ProcessingJobName"].removeprefix(stem) for summary in found]

    assert names() == ["-a", "-b"] and names(SortBy="Name", SortOrder="Ascending") == ["-a", "-b"]
    assert names(SortBy="Status", SortOrder="Ascending") == ["-b", "-a"]
    assert names(StatusEquals="Failed") == ["-a"] and names(StatusEquals="Stopped") == []
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    assert names(CreationTimeAfter=later) == [] and names(LastModifiedTimeBefore=later) == ["-a", "-b"]
    page = aws.sagemaker.list_processing_jobs(NameContains=stem, MaxResults=1)
    rest = aws.sagemaker.list_processing_jobs(NameContains=stem, MaxResults=1, NextToken=page["NextToken"])
    assert [page["ProcessingJobSummaries"][0]["ProcessingJobName"], rest["ProcessingJobSummaries"][0]["ProcessingJobName"]] == [
        f"{stem}-a",
        f"{stem}-b",
    ]


def test_lines_are_read_while_the_job_runs(aws: JobFixtures) -> None:
    name = aws.process("print('now', flush=True); import time; time.sleep(600)")
    aws.until(lambda: aws.lines(name, "ProcessingJobs") == ["now"])
    job = aws.sagemaker.describe_processing_job(ProcessingJobName=name)
    assert job["ProcessingJobStatus"] == "InProgress" and "ProcessingEndTime" not in job
    code, _ = refused(aws.sagemaker.delete_processing_job, ProcessingJobName=name)
    assert code == "ResourceInUse"
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] in ("Stopping", "Stopped")
    job = aws.processed(name)
    assert job["ProcessingJobStatus"] == "Stopped" and "FailureReason" not in job


def test_a_stop_before_the_program_begins(aws: JobFixtures) -> None:
    for number in range(50):
        aws.put(f"many/{number}", "x")
    inputs = [processing_input(f"many-{n}", f"s3://{BUCKET}/many/", f"/opt/ml/processing/many/{n}") for n in range(9)]
    prefix = aws.name("never")
    made = processing_output("out", f"s3://{BUCKET}/{prefix}", "/opt/ml/processing/out")
    name = aws.process("import time; time.sleep(600)", ProcessingInputs=inputs, ProcessingOutputConfig={"Outputs": [made]})
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.processed(name)["ProcessingJobStatus"] == "Stopped" and aws.boxes() == [] and aws.keys(prefix) == []


RUNPROC = """#!/bin/bash

cd /opt/ml/processing/input/code/
tar -xzf sourcedir.tar.gz
set -e
if [[ -f 'requirements.txt' ]]; then
    if ! hash aws 2>/dev/null; then
        echo "no command line of AWS"
    fi
    pip uninstall --yes typing
    python -m pip install -r requirements.txt
fi
python3 prepare.py "$@"
"""


@pytest.mark.nightly  # test_framework_processor covers version 3 by day
def test_a_framework_processor_of_the_sdk_v2(aws: JobFixtures) -> None:
    """The request of ``FrameworkProcessor.run`` with ``source_dir`` of sagemaker 2.257.7."""
    stem = aws.name("v2")
    code = """
import os, sys, helper, localaws_tiny
print(helper.GREETING, sys.argv[1:], localaws_tiny.VERSION, sorted(os.listdir("/opt/ml/processing/input/code")))
open("/opt/ml/processing/output/train/x.txt", "w").write("x")
"""
    files = {
        "prepare.py": code,
        "helper.py": "GREETING = 'hello'",
        "requirements.txt": "--prefer-binary\nlocalaws-tiny\n",
    }  # installed by the job itself
    source = aws.put(f"{stem}/source/sourcedir.tar.gz", targz(files))
    entry = aws.put(f"{stem}/source/runproc.sh", RUNPROC)

    def given(name: str, uri: str, path: str) -> dict:
        data = {"S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}
        made = processing_input(name, uri, path)
        return made | {"AppManaged": False, "S3Input": made["S3Input"] | data}

    made = processing_output("train", f"s3://{BUCKET}/{stem}/output/train", "/opt/ml/processing/output/train") | {"AppManaged": False}
    aws.sagemaker.create_processing_job(
        ProcessingJobName=stem,
        RoleArn=ROLE,
        ProcessingInputs=[
            given("code", source, "/opt/ml/processing/input/code/"),
            given("entrypoint", entry, "/opt/ml/processing/input/entrypoint"),
        ],
        ProcessingOutputConfig={"Outputs": [made]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}},
        AppSpecification={
            "ImageUri": SKLEARN,
            "ContainerArguments": ["--share", "0.2"],
            "ContainerEntrypoint": ["/bin/bash", "/opt/ml/processing/input/entrypoint/runproc.sh"],
        },
    )
    job = aws.processed(stem)
    lines = aws.lines(stem, "ProcessingJobs")
    assert job["ProcessingJobStatus"] == "Completed", lines
    files = ["helper.py", "prepare.py", "requirements.txt", "sourcedir.tar.gz"]
    assert f"hello ['--share', '0.2'] 1.0 {files}" in lines
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86_400}
    assert aws.get(f"s3://{BUCKET}/{stem}/output/train/x.txt") == b"x"
