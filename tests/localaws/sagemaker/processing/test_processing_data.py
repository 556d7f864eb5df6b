"""Inputs and outputs of processing jobs: shards, pipes, manifests, and uploads while they run."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, processing_input, processing_output


def outputs(*made: dict) -> dict:
    return {"Outputs": list(made)}


def changed(made: dict, **changes: object) -> dict:
    """An input or output with some members of its S3Input or S3Output replaced."""
    [kind] = [name for name in made if name.startswith("S3")]
    return made | {kind: made[kind] | changes}


def completed(aws: JobFixtures, code: str, **changes: object) -> str:
    job = aws.processed(aws.process(code, **changes))
    assert job["ProcessingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["ProcessingJobName"], "ProcessingJobs"))
    return job["ProcessingJobName"]


@pytest.mark.both_modes
def test_a_manifest_names_what_is_downloaded(aws: JobFixtures) -> None:
    for key in ("a.csv", "part/b.csv", "c.csv"):
        aws.put(f"listed/{key}", key)
    uri = aws.put("manifests/some.manifest", json.dumps([{"prefix": f"s3://{BUCKET}/listed/"}, "a.csv", "part/b.csv"]))
    name = completed(
        aws,
        "import os; print(sorted(f for _, _, fs in os.walk('/opt/ml/processing/input/raw') for f in fs))",
        ProcessingInputs=[changed(processing_input("raw", uri, "/opt/ml/processing/input/raw"), S3DataType="ManifestFile")],
    )
    assert aws.lines(name, "ProcessingJobs") == ["['a.csv', 'b.csv']"]


@pytest.mark.parametrize("compression", ["None", "Gzip"])
def test_a_pipe_gives_the_objects_one_after_the_other_and_again(aws: JobFixtures, compression: str) -> None:
    pack = gzip.compress if compression == "Gzip" else bytes
    for number in range(3):
        aws.put(f"piped/{compression}/{number}.csv", pack(f"row {number};".encode() * (50_000 if number == 1 else 1)))
    code = """
import os
whole = open("/opt/ml/processing/input/raw_0", "rb").read()
print(len(whole), whole[:14], whole[-6:])
print(open("/opt/ml/processing/input/raw_1", "rb").read(6))   # no more than that: the next pipe begins anew
print(open("/opt/ml/processing/input/raw_2", "rb").read() == whole)
print(sorted(os.listdir("/opt/ml/processing/input")))
"""
    given = changed(
        processing_input("raw", f"s3://{BUCKET}/piped/{compression}/", "/opt/ml/processing/input/raw"),
        S3InputMode="Pipe",
        S3CompressionType=compression,
    )
    name = completed(aws, code, ProcessingInputs=[given])
    lines = aws.lines(name, "ProcessingJobs")
    assert lines[:3] == [f"{50_002 * 6} b'row 0;row 1;ro' b'row 2;'", "b'row 0;'", "True"]
    assert lines[3] == "['code', 'raw_3']"  # FIFOs that were read are gone, and the next one exists
    assert aws.done_in_s3(f"processing-job/{name}").count(("GetObject", f"{BUCKET}/piped/{compression}/0.csv")) >= 3


def test_a_pipe_of_data_that_is_not_gzip_fails_the_job(aws: JobFixtures) -> None:
    uri = aws.put("piped/plain.csv", "plain")
    given = changed(processing_input("raw", uri, "/opt/ml/processing/input/raw"), S3InputMode="Pipe", S3CompressionType="Gzip")
    job = aws.processed(aws.process("open('/opt/ml/processing/input/raw_0').read()", ProcessingInputs=[given]))
    assert job["FailureReason"].startswith(f"ClientError: Data download failed:{uri} could not be streamed: Not a gzipped file")


def test_a_job_ends_though_its_pipe_was_never_read(aws: JobFixtures) -> None:
    uri = aws.put("piped/unread.csv", "x")
    completed(aws, "pass", ProcessingInputs=[changed(processing_input("raw", uri, "/opt/ml/processing/input/raw"), S3InputMode="Pipe")])


def test_continuous_outputs_are_seen_while_the_job_runs(aws: JobFixtures) -> None:
    prefix = aws.name("seen")
    code = """
import os, time
os.makedirs("/opt/ml/processing/out/part")
open("/opt/ml/processing/out/part/first.csv", "w").write("complete")
os.symlink("/etc/hostname", "/opt/ml/processing/out/link")
growing = open("/opt/ml/processing/out/growing.csv", "w")
while not os.path.exists("/opt/ml/processing/go-on"):
    growing.write("more"); growing.flush(); time.sleep(0.005)
"""
    made = changed(processing_output("out", f"s3://{BUCKET}/{prefix}/", "/opt/ml/processing/out"), S3UploadMode="Continuous")
    late = processing_output("late", f"s3://{BUCKET}/{prefix}-late", "/opt/ml/processing/late")
    name = aws.process(code, ProcessingOutputConfig=outputs(made, late))
    assert aws.until(lambda: aws.keys(f"{prefix}/")) == [f"{prefix}/part/first.csv"]
    assert aws.get(f"s3://{BUCKET}/{prefix}/part/first.csv") == b"complete"
    assert aws.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "InProgress"
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.processed(name)["ProcessingJobStatus"] == "Stopped"
    assert aws.keys(f"{prefix}/") == [f"{prefix}/growing.csv", f"{prefix}/part/first.csv"]


def test_continuous_outputs_that_changed_again_are_whole_at_the_end(aws: JobFixtures) -> None:
    prefix = aws.name("changed")
    code = f"""
import boto3, time
path = "/opt/ml/processing/out/model.txt"
open(path, "w").write("first")
s3 = boto3.client("s3")
while not s3.list_objects_v2(Bucket="{BUCKET}", Prefix="{prefix}/").get("Contents"):
    time.sleep(0.05)
print(s3.get_object(Bucket="{BUCKET}", Key="{prefix}/model.txt")["Body"].read())
open(path, "w").write("second")
open("/opt/ml/processing/out/last.txt", "w").write("last")
"""
    made = changed(processing_output("out", f"s3://{BUCKET}/{prefix}", "/opt/ml/processing/out"), S3UploadMode="Continuous")
    name = completed(aws, code, ProcessingOutputConfig=outputs(made))
    assert aws.lines(name, "ProcessingJobs") == ["b'first'"]
    assert {key: aws.get(f"s3://{BUCKET}/{key}") for key in aws.keys(prefix)} == {
        f"{prefix}/model.txt": b"second",
        f"{prefix}/last.txt": b"last",
    }


@pytest.mark.both_modes
def test_a_directory_that_became_a_link_is_not_followed(aws: JobFixtures) -> None:
    prefix = aws.name("linked")
    code = """
import os, time
os.rmdir("/opt/ml/processing/out")
os.symlink("/usr/share/zoneinfo", "/opt/ml/processing/out")
os.mkdir("/opt/ml/processing/second/inner")
os.symlink("/usr/share/zoneinfo", "/opt/ml/processing/second/inner/zones")
open("/opt/ml/processing/second/inner/own", "w").write("own")
print("linked", flush=True)
time.sleep(1.5)   # longer than two looks
"""
    made = [
        changed(processing_output(name, f"s3://{BUCKET}/{prefix}/{name}", f"/opt/ml/processing/{name}"), S3UploadMode="Continuous")
        for name in ("out", "second")
    ]
    completed(aws, code, ProcessingOutputConfig=outputs(*made))
    assert aws.keys(prefix) == [f"{prefix}/second/inner/own"]


def test_an_upload_that_cannot_be_made_fails_the_job_at_its_end(aws: JobFixtures) -> None:
    code = """
import time
open("/opt/ml/processing/out/x", "w").write("x")
time.sleep(1.5)
print("went on")
"""
    made = changed(processing_output("out", "s3://no-such-bucket-here/out", "/opt/ml/processing/out"), S3UploadMode="Continuous")
    job = aws.processed(aws.process(code, ProcessingOutputConfig=outputs(made)))
    assert job["FailureReason"].startswith("ClientError: Artifact upload failed:NoSuchBucket (404)")
    assert aws.lines(job["ProcessingJobName"], "ProcessingJobs") == ["went on"]


def test_what_the_application_manages_is_left_to_it(aws: JobFixtures) -> None:
    prefix = aws.name("managed")
    given = processing_input("mine", f"s3://{BUCKET}/{prefix}/none", "/opt/ml/processing/mine") | {"AppManaged": True}
    del given["S3Input"]["LocalPath"], given["S3Input"]["S3InputMode"]
    made = processing_output("out", f"s3://{BUCKET}/{prefix}/out", "/opt/ml/processing/out") | {"AppManaged": True}
    code = """
import json, os
job = json.load(open("/opt/ml/config/processingjobconfig.json"))
print([entry["AppManaged"] for entry in (job["ProcessingInputs"][1], job["ProcessingOutputConfig"]["Outputs"][0])])
os.makedirs("/opt/ml/processing/out", exist_ok=True)
open("/opt/ml/processing/out/x", "w").close()
"""
    name = completed(aws, code, ProcessingInputs=[given], ProcessingOutputConfig=outputs(made))
    assert aws.lines(name, "ProcessingJobs") == ["[True, True]"] and aws.keys(f"{prefix}/") == []
    assert aws.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingInputs"][1] == given
