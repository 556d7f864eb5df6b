"""Processing jobs through boto3, in both modes of /opt/ml."""

from __future__ import annotations

import json

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, JobFixtures, processing_input, processing_output, without_none


@pytest.mark.both_modes
def test_inputs_outputs_arguments_and_environment(aws: JobFixtures) -> None:
    aws.put("raw/2013/a.csv", "1,2\n")
    aws.put("raw/2013/02/b.csv", "3,4\n")
    code = """
import json, os, sys
facts = {"argv": sys.argv[1:], "greeting": os.environ["GREETING"], "place": os.environ["PLACE"]}
facts["files"] = sorted(os.path.join(folder, file) for folder, _, files in os.walk("/opt/ml/processing/input/raw") for file in files)
facts["job"] = json.load(open("/opt/ml/config/processingjobconfig.json"))
facts["resources"] = json.load(open("/opt/ml/config/resourceconfig.json"))
os.makedirs("/opt/ml/processing/train/part")
json.dump(facts, open("/opt/ml/processing/train/part/facts.json", "w"))
open("/opt/ml/processing/report/empty", "w")
open("/opt/ml/output/message", "w").write("kept 2 rows")
print("done")
"""
    name = aws.process(
        code,
        AppSpecification={"ContainerArguments": ["--out", "/opt/ml/processing/train", "--share", "0.2"]},
        ProcessingInputs=[processing_input("raw", f"s3://{BUCKET}/raw/2013", "/opt/ml/processing/input/raw")],
        ProcessingOutputConfig={
            "Outputs": [
                processing_output("train", f"s3://{BUCKET}/prepared/train", "/opt/ml/processing/train"),
                processing_output("report", f"s3://{BUCKET}/prepared/report/", "/opt/ml/processing/report"),
            ]
        },
        Environment={"GREETING": "hello", "PLACE": "/opt/ml/processing"},
    )
    job = aws.processed(name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ExitMessage"] == "kept 2 rows" and job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceType"] == "ml.m5.large" and job["RoleArn"] == ROLE
    facts = json.loads(aws.get(f"s3://{BUCKET}/prepared/train/part/facts.json"))
    assert aws.get(f"s3://{BUCKET}/prepared/report/empty") == b""
    assert facts["argv"] == ["--out", facts["argv"][1], "--share", "0.2"] and facts["argv"][1].endswith("/processing/train")
    assert facts["greeting"] == "hello" and facts["place"].endswith("/processing")
    assert [path.rpartition("/raw/")[2] for path in facts["files"]] == ["02/b.csv", "a.csv"]
    assert facts["job"]["ProcessingJobName"] == name and facts["job"]["Environment"]["GREETING"] == "hello"
    assert facts["resources"] == {"current_host": "algo-1", "hosts": ["algo-1"]}
    assert aws.lines(name, "ProcessingJobs") == ["done"]
    done = aws.done_in_s3(f"processing-job/{name}")
    assert ("GetObject", f"{BUCKET}/raw/2013/a.csv") in done and ("PutObject", f"{BUCKET}/prepared/train/part/facts.json") in done
    [shown] = aws.sagemaker.list_processing_jobs(NameContains=name)["ProcessingJobSummaries"]
    assert shown["ProcessingJobStatus"] == "Completed" and shown["ExitMessage"] == "kept 2 rows"


def test_a_script_starts_in_the_root_and_may_write_there(aws: JobFixtures) -> None:
    """As in AWS's images, which name no WORKDIR."""
    if aws.mode == "rewrite":
        return  # the root is this machine's
    code = """
import os, tarfile
os.makedirs("packed"), open("packed/a.csv", "w").write("1,2")
with tarfile.open("a.tar.gz", "w:gz") as packed:
    packed.add("packed")
os.remove("packed/a.csv")
with tarfile.open("a.tar.gz") as packed:
    packed.extractall("..", filter="data")
print(os.getcwd(), open("opt/ml/config/resourceconfig.json").read()[:1], open("/packed/a.csv").read())
"""
    name = aws.process(code)
    assert aws.processed(name)["ProcessingJobStatus"] == "Completed"
    assert aws.lines(name, "ProcessingJobs") == ["/ { 1,2"]


def test_a_script_finds_the_variables_of_the_image(aws: JobFixtures) -> None:
    """Those that AWS's Dockerfile sets for training are there in each job of the image."""
    name = aws.process("import os; print(os.environ['SAGEMAKER_SKLEARN_VERSION'], os.environ['SM_INPUT_DATA_CONFIG_FILE'])")
    assert aws.processed(name)["ProcessingJobStatus"] == "Completed"
    assert aws.lines(name, "ProcessingJobs") == ["1.2-1 /opt/ml/input/config/inputdataconfig.json"]


def test_one_object_lies_below_its_name(aws: JobFixtures) -> None:
    uri = aws.put("single/flights.csv", "1\n")
    name = aws.process(
        "import os; print(os.listdir('/opt/ml/processing/input/one'))",
        ProcessingInputs=[processing_input("one", uri, "/opt/ml/processing/input/one")],
    )
    assert aws.processed(name)["ProcessingJobStatus"] == "Completed"
    assert aws.lines(name, "ProcessingJobs") == ["['flights.csv']"]


def test_a_script_that_raises(aws: JobFixtures) -> None:
    code = "open('/opt/ml/output/message', 'w').write('no rows left'); raise ValueError('empty')"
    output = {"Outputs": [processing_output("x", f"s3://{BUCKET}/never", "/opt/ml/processing/x")]}
    job = aws.processed(aws.process("open('/opt/ml/processing/x/a', 'w').close()\n" + code, ProcessingOutputConfig=output))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 1"
    assert job["ExitMessage"] == "no rows left"
    assert any("ValueError: empty" in line for line in aws.lines(job["ProcessingJobName"], "ProcessingJobs"))
    assert aws.keys("never") == [] and aws.boxes() == []


def test_no_data_under_the_prefix(aws: JobFixtures) -> None:
    uri = f"s3://{BUCKET}/not/there"
    job = aws.processed(aws.process("pass", ProcessingInputs=[processing_input("raw", uri, "/opt/ml/processing/input/raw")]))
    assert job["FailureReason"].startswith(f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}"')


@pytest.mark.both_modes
def test_stop_and_time_limit(aws: JobFixtures) -> None:
    name = aws.process("print('working'); import time; time.sleep(600)")
    aws.until(lambda: "working" in aws.lines(name, "ProcessingJobs"))
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.processed(name)["ProcessingJobStatus"] == "Stopped"
    code, message = refused(aws.sagemaker.stop_processing_job, ProcessingJobName=name)
    assert (code, message) == ("ValidationException", "The request was rejected because the processing job is in status Stopped.")
    late = aws.processed(aws.process("import time; time.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1}))
    assert late["ProcessingJobStatus"] == "Stopped"


def test_names_are_unique_until_deleted(aws: JobFixtures) -> None:
    name = aws.process("pass")
    aws.processed(name)
    request = {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": aws.sagemaker.describe_processing_job(ProcessingJobName=name)["AppSpecification"],
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
    }
    assert refused(aws.sagemaker.create_processing_job, **request)[0] == "ResourceInUse"
    aws.sagemaker.delete_processing_job(ProcessingJobName=name)
    code, message = refused(aws.sagemaker.describe_processing_job, ProcessingJobName=name)
    assert code == "ValidationException" and name in message


def cluster(**changes: object) -> dict:
    """ProcessingResources; a member that is None is left out."""
    return {"ClusterConfig": without_none({"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5} | changes)}


def given(**changes: object) -> dict:
    """An input; a member of its S3Input that is None is left out."""
    made = processing_input("raw", f"s3://{BUCKET}/x", "/opt/ml/processing/input/raw")
    return made | {"S3Input": without_none(made["S3Input"] | changes)}


REFUSED = [
    ({"ProcessingResources": cluster(InstanceCount=21)}, "'Maximum number of instances per processing job' is 20 Instances"),
    ({"ProcessingResources": cluster(InstanceCount=5)}, "for processing job usage' is 4 Instances"),
    ({"ProcessingResources": cluster(InstanceType=None)}, "exactly one of InstanceType and InstancePreferences"),
    ({"ProcessingResources": cluster(InstancePreferences=[{"InstanceType": "ml.m5.large"}])}, "exactly one of InstanceType"),
    ({"ProcessingResources": cluster(SelectedInstanceType="ml.m5.large")}, "SelectedInstanceType is read-only"),
    ({"StoppingCondition": {"MaxRuntimeInSeconds": 432_001}}, "'Longest run time for a processing job' is 432000 Seconds"),
    ({"ProcessingInputs": [processing_input("raw", f"s3://{BUCKET}/x", "/tmp/x")]}, "must begin with /opt/ml/processing/"),
    ({"ProcessingInputs": [given(LocalPath="/opt/ml/processing/../x")]}, "must begin with /opt/ml/processing/"),
    ({"ProcessingInputs": [given(LocalPath="/opt/ml/processing/input/code/")]}, "input code has '/opt/ml/processing/input/code', too"),
    ({"ProcessingInputs": [given(LocalPath=None)]}, 'missing one or more required fields for SageMaker-managed S3Input: "LocalPath"'),
    ({"ProcessingInputs": [given(S3InputMode=None)]}, '"LocalPath", "S3DownloadMode", "S3InputMode"'),
    ({"ProcessingInputs": [given(S3CompressionType="Gzip")]}, "Gzip of input raw can only be used if Pipe mode"),
    ({"ProcessingInputs": [{"InputName": "raw"}]}, "exactly one of S3Input and DatasetDefinition"),
    (
        {"ProcessingInputs": [{"InputName": "raw", "DatasetDefinition": {}}]},
        "exactly one of AthenaDatasetDefinition and RedshiftDatasetDefinition",
    ),
    (
        {"ProcessingInputs": [processing_input(f"i{n}", f"s3://{BUCKET}/x", f"/opt/ml/processing/{n}") for n in range(10)]},
        "processingInputs' failed to satisfy constraint: Member must have length less than or equal to 10",
    ),
    (
        {"ProcessingOutputConfig": {"Outputs": [processing_output("o", f"s3://{BUCKET}/x", "/opt/ml/processing/input/code")]}},
        "LocalPath of output o must be unique",
    ),
    (
        {"ProcessingOutputConfig": {"Outputs": [processing_output("o", f"s3://{BUCKET}/x", "/opt/ml/model")]}},
        "LocalPath of output o must begin with /opt/ml/processing/",
    ),
    (
        {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "o", "FeatureStoreOutput": {"FeatureGroupName": "f"}}]}},
        "FeatureStoreOutput of output o is only supported when AppManaged is True",
    ),
    ({"Environment": {f"V{number}": "x" for number in range(101)}}, "Member must have length less than or equal to 100"),
    ({"Environment": {"1A": "x"}}, "[a-zA-Z_][a-zA-Z0-9_]*"),
    ({"NetworkConfig": {"VpcConfig": {"SecurityGroupIds": ["sg-1"] * 6, "Subnets": ["subnet-1"]}}}, "less than or equal to 5"),
    (
        {"AppSpecification": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"}},
        "Cannot find repository: mine in registry ID",
    ),
    ({"AppSpecification": {"ImageUri": "busybox"}}, "does not know the image busybox"),
    ({"RoleArn": "arn:aws:iam::123456789012:role/Nobody"}, "Could not assume role"),
    ({"ProcessingInputs": [processing_input("code", f"s3://{BUCKET}/x", "/opt/ml/processing/input/x")]}, "unique"),
    ({"AppSpecification": {"ContainerEntrypoint": ["x"] * 101}}, "containerEntrypoint"),
]


@pytest.mark.parametrize(("changes", "word"), REFUSED, ids=[word for _, word in REFUSED])
def test_refused_at_once(aws: JobFixtures, changes: dict, word: str) -> None:
    code, message = refused(aws.process, "pass", **changes)
    assert code in ("ValidationException", "NotSupportedByLocalAws", "ResourceLimitExceeded") and word in message
