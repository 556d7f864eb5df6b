"""Training jobs through boto3, in both modes of /opt/ml: what a script sees, how jobs end, what they store."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from course.localaws.jobs import container_paths
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, XGBOOST, JobFixtures, channel, targz, trust
from tests.localaws.wheels import wheel

ROOT = Path(__file__).parents[4]
FILE_SYSTEM = {"FileSystemId": "fs-0123456789", "FileSystemAccessMode": "ro", "FileSystemType": "EFS", "DirectoryPath": "/data"}
SAVE = "import os; open(os.environ['SM_MODEL_DIR'] + '/model.txt', 'w').write('model')\n"


@pytest.mark.both_modes
def test_script_mode(aws: JobFixtures) -> None:
    aws.put("training/script/train/a.csv", "1,2\n")
    code = """
import json, os, sys
facts = {"argv": sys.argv[1:], "env": dict(os.environ), "data": open("/opt/ml/input/data/train/a.csv").read(), "cwd": os.listdir(".")}
facts["helper"] = __import__("helper").VALUE
for name in ("hyperparameters", "inputdataconfig", "resourceconfig"):
    facts[name] = json.load(open(f"/opt/ml/input/config/{name}.json"))
json.dump(facts, open("/opt/ml/model/facts.json", "w"))
open("/opt/ml/output/data/report.txt", "w").write("report")
print("loss=0.5"); print("loss=0.25")
print("with\\ta tab")
"""
    name = aws.script(
        code,
        {"depth": "3", "rate": '"0.1"', "kind": "big one"},
        {"helper.py": "VALUE = 7"},
        InputDataConfig=[channel("train", f"s3://{BUCKET}/training/script/train", "text/csv")],
        Environment={"GREETING": "hello", "PLACE": "/opt/ml/model"},
        metrics=[{"Name": "train:loss", "Regex": "loss=([0-9.]+)"}],
    )
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    facts = json.loads(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["facts.json"])
    assert facts["data"] == "1,2\n" and facts["helper"] == 7 and sorted(facts["cwd"]) == ["helper.py", "train.py"]
    assert facts["argv"] == ["--depth", "3", "--kind", "big one", "--rate", "0.1"]
    assert facts["hyperparameters"]["depth"] == "3"
    assert facts["inputdataconfig"] == {
        "train": {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
            "ContentType": "text/csv",
        }
    }
    assert facts["resourceconfig"]["hosts"] == ["algo-1"]
    variables = facts["env"]
    assert json.loads(variables["SM_HPS"]) == {"depth": 3, "kind": "big one", "rate": "0.1"} | {"rate": "0.1"}
    assert variables["SM_HP_DEPTH"] == "3" and variables["SM_CHANNELS"] == '["train"]' and variables["SM_HOSTS"] == '["algo-1"]'
    assert variables["SM_CURRENT_HOST"] == "algo-1" and variables["SM_MODULE_NAME"] == "train" and variables["GREETING"] == "hello"
    assert variables["SM_USER_ARGS"] == json.dumps(facts["argv"], separators=(",", ":"))
    assert json.loads(variables["SM_TRAINING_ENV"])["job_name"] == name == variables["TRAINING_JOB_NAME"]
    assert variables["SM_MODEL_DIR"] == variables["PLACE"] and (aws.mode == "rewrite" or variables["PLACE"] == "/opt/ml/model")
    assert variables["SM_CHANNEL_TRAIN"].endswith("/input/data/train") and variables["SM_OUTPUT_DATA_DIR"].endswith("/output/data")
    assert aws.archive(f"s3://{BUCKET}/out/{name}/output/output.tar.gz") == {"report.txt": b"report"}
    [metric] = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("train:loss", 0.25)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="train:loss",
        Dimensions=[{"Name": "TrainingJobName", "Value": name}],
        StartTime=job["TrainingStartTime"],
        EndTime=job["TrainingEndTime"].replace(second=59),
        Period=60,
        Statistics=["Minimum", "Maximum"],
    )["Datapoints"]
    assert min(point["Minimum"] for point in points) == 0.25 and max(point["Maximum"] for point in points) == 0.5
    assert "with#011a tab" in aws.lines(name)


def test_describe_shows_the_steps_their_times_and_the_request(aws: JobFixtures) -> None:
    job = aws.trained(aws.script(SAVE, {"depth": "3"}))
    steps = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all(step["StartTime"] <= step["EndTime"] for step in job["SecondaryStatusTransitions"])
    assert job["SecondaryStatus"] == "Completed" and job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"] >= 1
    assert job["HyperParameters"]["depth"] == "3" and job["RoleArn"] == ROLE and job["StoppingCondition"] == {"MaxRuntimeInSeconds": 120}
    assert job["EnableManagedSpotTraining"] is False and "FailureReason" not in job
    assert job["OutputDataConfig"]["KmsKeyId"] == ""
    [shown] = aws.sagemaker.list_training_jobs(NameContains=job["TrainingJobName"], StatusEquals="Completed")["TrainingJobSummaries"]
    assert shown["TrainingJobArn"] == job["TrainingJobArn"] and shown["TrainingEndTime"] == job["TrainingEndTime"]


def test_its_s3_calls_are_logged(aws: JobFixtures) -> None:
    aws.put("noted/train/a.csv", "1\n")
    name = aws.train(aws.name("noted"), entrypoint=["true"], InputDataConfig=[channel("train", f"s3://{BUCKET}/noted/train/")])
    [described] = aws.trained(name)["InputDataConfig"]
    assert described["CompressionType"] == described["RecordWrapperType"] == "None"
    done = aws.done_in_s3(f"training-job/{name}")
    assert ("GetObject", f"{BUCKET}/noted/train/a.csv") in done and ("PutObject", f"{BUCKET}/out/{name}/output/model.tar.gz") in done


@pytest.mark.both_modes
def test_a_script_uses_the_local_aws_as_the_jobs_role(aws: JobFixtures) -> None:
    code = (
        "import boto3; print('I am', boto3.client('sts').get_caller_identity()['Arn']); print(boto3.client('s3').list_buckets()['Buckets'])"
    )
    name = aws.script(code)
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
    lines = aws.lines(name)
    assert any("assumed-role/SageMakerRole/" in line for line in lines) and any(BUCKET in line for line in lines)


def test_a_script_that_raises(aws: JobFixtures) -> None:
    job = aws.trained(aws.script("print('starting')\nraise ValueError('no such carrier')", {"depth": "3"}))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    reason = job["FailureReason"]
    assert reason.startswith('AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage "')
    assert "ValueError: no such carrier" in reason and reason.endswith('Command "python3 -- train.py --depth 3", exit code: 1')
    assert aws.keys(f"out/{job['TrainingJobName']}/") == []


@pytest.mark.both_modes
def test_a_traceback_shows_the_paths_of_a_container(aws: JobFixtures) -> None:
    name = aws.script("import helper\nhelper.read('[')", files={"helper.py": "import yaml\nread = yaml.safe_load"})
    reason = aws.trained(name)["FailureReason"]
    log = "\n".join(aws.lines(name))
    for place in ("/opt/ml/code/train.py", f"{container_paths.PACKAGES}/yaml/__init__.py"):
        assert f'File "{place}", line' in log
    for path in (str(ROOT), sys.prefix, str(aws.handle.state)):
        assert path not in log and path not in reason


def test_a_command_that_fails_says_what_it_wrote_or_nothing(aws: JobFixtures) -> None:
    def run(command: str) -> dict:
        return aws.trained(aws.train(aws.name("command"), entrypoint=["/bin/sh", "-c", command]))

    silent = run("exit 3")
    assert silent["FailureReason"] == "AlgorithmError: , exit code: 3"
    explained = aws.trained(
        aws.train(aws.name("explained"), entrypoint=["/bin/sh", "-c", "echo too few rows > /opt/ml/output/failure; exit 2"])
    )
    assert explained["FailureReason"] == "AlgorithmError: too few rows\n, exit code: 2"
    long = aws.trained(aws.train(aws.name("long"), entrypoint=["/bin/sh", "-c", "yes é | head -c 9999 > /opt/ml/output/failure; exit 1"]))
    assert len(long["FailureReason"].encode()) <= 1024 and long["FailureReason"].endswith(", exit code: 1")


def test_a_job_that_writes_no_model_completes(aws: JobFixtures) -> None:
    job = aws.trained(aws.train(aws.name("nothing"), entrypoint=["true"]))
    assert job["TrainingJobStatus"] == "Completed"
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {}


def test_out_of_time(aws: JobFixtures) -> None:
    code = SAVE + "import time; time.sleep(600)"
    job = aws.trained(aws.script(code, StoppingCondition={"MaxRuntimeInSeconds": 2}))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"model.txt": b"model"}


@pytest.mark.both_modes
def test_stop_lets_the_script_save_its_model(aws: JobFixtures) -> None:
    code = "import signal, sys, time\ndef save(*_):\n    " + SAVE + "    sys.exit(0)\nsignal.signal(signal.SIGTERM, save)\n"
    name = aws.script(code + "print('training now')\ntime.sleep(600)")
    aws.until(lambda: "training now" in aws.lines(name))
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.trained(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "Stopping" in [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"model.txt": b"model"}
    code, message = refused(aws.sagemaker.stop_training_job, TrainingJobName=name)
    assert (code, message) == ("ValidationException", "The request was rejected because the training job is in status Stopped.")


def test_delete_takes_ended_jobs_only(aws: JobFixtures) -> None:
    name = aws.train(aws.name("kept"), entrypoint=["sleep", "600"])
    assert refused(aws.sagemaker.delete_training_job, TrainingJobName=name)[0] == "ResourceInUse"
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.trained(name)["TrainingJobStatus"] == "Stopped"
    aws.sagemaker.delete_training_job(TrainingJobName=name)
    assert refused(aws.sagemaker.describe_training_job, TrainingJobName=name) == ("ValidationException", "Requested resource not found.")


def test_what_forks_and_outlives_its_parent_is_ended(aws: JobFixtures) -> None:
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""
    assert aws.trained(aws.script(code))["TrainingJobStatus"] == "Completed"
    assert aws.processes() == [] and aws.boxes() == []


@pytest.mark.nightly  # logs of 40 and of 100 megabytes
@pytest.mark.parametrize("megabytes", [40, 100])
def test_a_job_that_prints_more_than_memory_may_grow(aws: JobFixtures, megabytes: int) -> None:
    aws.client("iam").list_roles()  # the first call loads moto, which takes memory that is not the jobs'
    aws.trained(aws.train(aws.name("quiet"), entrypoint=["/bin/bash", "-c", "echo little"]))
    gateway = psutil.Process(aws.handle.pid)
    before = gateway.memory_info().rss
    lines = megabytes * 1000  # of a thousand digits
    numbers = ["/bin/sh", "-c", f"seq -f %01000.0f 1 {lines}"]
    job = aws.trained(aws.train(aws.name("loud"), entrypoint=numbers))
    assert job["TrainingJobStatus"] == "Completed"
    assert gateway.memory_info().rss - before < 20 << 20
    assert [int(line) for line in aws.lines(job["TrainingJobName"])] == list(range(1, lines + 1))
    assert gateway.memory_info().rss - before < 20 << 20


@pytest.mark.nightly  # installs packages; jobs/test_overlay.py does by day
def test_requirements_go_into_an_overlay(aws: JobFixtures) -> None:
    def installed() -> str:
        return subprocess.run([sys.executable, "-m", "pip", "freeze", "--all"], capture_output=True, text=True, check=True).stdout

    def overlays() -> set[Path]:
        return set((aws.handle.state / "overlays").iterdir())

    before, others = installed(), overlays()
    code = "import localaws_tiny; print('tiny', localaws_tiny.VERSION, localaws_tiny.__file__)"
    for _ in range(2):  # the second job uses the first one's overlay
        name = aws.script(code, files={"requirements.txt": "localaws-tiny==1.0\npsutil\n"})
        job = aws.trained(name)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        [line] = [line for line in aws.lines(name) if line.startswith("tiny")]
        assert line == f"tiny 1.0 {container_paths.PACKAGES}/localaws_tiny.py"
    assert installed() == before
    assert len(overlays() - others) == 1


def test_requirements_that_cannot_be_had(aws: JobFixtures) -> None:
    job = aws.trained(aws.script(SAVE, files={"requirements.txt": "no-such-package-anywhere==1\n"}))
    reason = 'InstallRequirementsError:\nExitCode 1\nErrorMessage ""\nCommand "python3 -m pip install -r requirements.txt", exit code: 1'
    assert job["FailureReason"] == f"AlgorithmError: {reason}"  # the log names it, as the toolkit's log does
    assert any("no-such-package-anywhere" in line for line in aws.lines(job["TrainingJobName"]))


def test_pip_chooses_packages_for_the_images_python(aws: JobFixtures, tmp_path: Path) -> None:
    """AWS's image has Python 3.9, so its script gets the package for it."""
    for version, requires in (("1.0", ">=3.6,<3.10"), ("2.0", ">=3.10")):
        path = wheel(tmp_path, "tiny_thing", version, requires)
        wheels = aws.put(f"wheels/{path.name}", path.read_bytes()).rpartition("/")[0]
    install = "[sys.executable, *'-m pip install --no-index --find-links /opt/ml/input/data/wheels tiny_thing'.split()]"
    code = f"import subprocess, sys; subprocess.run({install}, check=True); import tiny_thing; print('tiny', tiny_thing.VERSION)"
    name = aws.script(code, InputDataConfig=[channel("wheels", wheels)])
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
    assert "tiny 1.0" in aws.lines(name)
    assert any("for Python 3.9, which AWS's image has" in line for line in aws.lines(name))


@pytest.mark.both_modes
def test_checkpoints_go_both_ways(aws: JobFixtures) -> None:
    aws.put("checkpoints/first.txt", "1")
    code = "import os; print(os.listdir('/opt/ml/checkpoints')); open('/opt/ml/checkpoints/second.txt', 'w').write('2')"
    name = aws.script(code, CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints"})
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
    assert "['first.txt']" in aws.lines(name) and aws.get(f"s3://{BUCKET}/checkpoints/second.txt") == b"2"


def test_a_model_may_stay_uncompressed(aws: JobFixtures) -> None:
    job = aws.trained(aws.script(SAVE, OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/plain/", "CompressionType": "NONE"}))
    assert aws.get(job["ModelArtifacts"]["S3ModelArtifacts"] + "model.txt") == b"model"


@pytest.mark.both_modes
def test_manifest_and_fast_file(aws: JobFixtures) -> None:
    large = b"z" * (2 << 20)
    aws.put("many/2013/01/a.csv", "a")
    aws.put("many/2013/02/b.csv", large)
    manifest = aws.put("many/list.manifest", json.dumps([{"prefix": f"s3://{BUCKET}/many/"}, "2013/01/a.csv", "2013/02/b.csv"]))
    code = """
import os
folder = "/opt/ml/input/data/fast/2013"
print("sizes", os.path.getsize(f"{folder}/01/a.csv"), os.stat(f"{folder}/02/b.csv").st_nlink)
"""
    name = aws.script(code, InputDataConfig=[channel("fast", manifest, kind="ManifestFile", InputMode="FastFile")])
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
    assert "sizes 1 2" in aws.lines(name)
    assert aws.get(f"s3://{BUCKET}/many/2013/02/b.csv") == large


def test_data_that_is_gone_when_it_is_fetched(aws: JobFixtures) -> None:
    manifest = aws.put("gone/list.manifest", json.dumps([{"prefix": f"s3://{BUCKET}/gone/"}, "a.csv"]))
    job = aws.trained(aws.script(SAVE, InputDataConfig=[channel("train", manifest, kind="ManifestFile")]))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed:NoSuchKey (404)") and "gone/a.csv" in job["FailureReason"]
    broken = aws.put("gone/broken.manifest", "[{]")
    job = aws.trained(aws.script(SAVE, InputDataConfig=[channel("train", broken, kind="ManifestFile")]))
    assert "could not be parsed" in job["FailureReason"] and aws.boxes() == []


def test_data_that_is_deleted_after_the_request(aws: JobFixtures) -> None:
    """Data is checked at creation only, so it may be gone when the job downloads it."""
    uri = aws.put("went/a.csv", "1")
    blockers = [aws.train(aws.name("blocker"), entrypoint=["sleep", "600"]) for _ in range(os.cpu_count() + 1)]
    name = aws.train(aws.name("went"), entrypoint=["true"], InputDataConfig=[channel("train", uri)])
    aws.s3.delete_object(Bucket=BUCKET, Key="went/a.csv")
    for blocker in blockers:
        aws.sagemaker.stop_training_job(TrainingJobName=blocker)
    reason = aws.trained(name)["FailureReason"]
    assert reason == f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}" given in input data source.'


def test_code_that_is_not_there(aws: JobFixtures) -> None:
    parameters = {"sagemaker_program": "train.py", "sagemaker_submit_directory": f"s3://{BUCKET}/code/missing.tar.gz"}
    job = aws.trained(aws.train(aws.name("nocode"), HyperParameters=parameters))
    assert "(404) when calling the HeadObject operation" in job["FailureReason"]


def test_code_that_is_not_an_archive_fails_the_job(aws: JobFixtures) -> None:
    parameters = {"sagemaker_program": "train.py", "sagemaker_submit_directory": aws.put("code/broken.tar.gz", "not a tar")}
    job = aws.trained(aws.train(aws.name("badcode"), HyperParameters=parameters))
    assert "cannot be unpacked" in job["FailureReason"]


class TestRefusedAtOnce:
    """Requests that AWS or the local AWS refuses."""

    def test_an_unknown_image_is_refused(self, aws: JobFixtures) -> None:
        code, message = refused(aws.train, aws.name("image"), image="210987654321.dkr.ecr.us-east-1.amazonaws.com/mine:1")
        assert code == "ValidationException" and "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine:1" in message
        assert len(re.findall(r"\d{12}\.dkr\.ecr\.us-east-1\.amazonaws\.com/[\w-]+:[\w.-]+", message)) == 4  # and the three nearest

    def test_an_image_of_no_repository(self, aws: JobFixtures) -> None:
        code, message = refused(aws.train, aws.name("image"), image="123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1")
        assert code == "ValidationException" and ROLE in message
        assert message.startswith("Cannot find repository: mine in registry ID: 123456789012 Please check if your ECR repository exists")

    def test_no_data_under_the_prefix(self, aws: JobFixtures) -> None:
        uri = f"s3://{BUCKET}/nothing/here"
        code, message = refused(aws.train, aws.name("empty"), InputDataConfig=[channel("train", uri)])
        assert code == "ValidationException"
        assert message.startswith(f'No S3 objects found under S3 URL "{uri}" given in input data source.') and ROLE in message

    def test_no_such_buckets(self, aws: JobFixtures) -> None:
        code, message = refused(aws.train, aws.name("b"), InputDataConfig=[channel("train", "s3://no-such-bucket-here/x")])
        assert code == "ValidationException" and "no-such-bucket-here" in message
        output = {"S3OutputPath": "s3://no-such-bucket-here/x"}  # looked for at the end of the job only, as on AWS
        job = aws.trained(aws.train(aws.name("b"), OutputDataConfig=output, entrypoint=["true"]))
        assert job["FailureReason"].startswith("ClientError: Artifact upload failed:NoSuchBucket (404)")

    def test_a_name_taken(self, aws: JobFixtures) -> None:
        name = aws.train(aws.name("taken"), entrypoint=["true"])
        code, message = refused(aws.train, name, entrypoint=["true"])
        assert code == "ResourceInUse" and "training job with this name already exists" in message

    def test_a_role_that_sagemaker_may_not_assume(self, aws: JobFixtures) -> None:
        iam = aws.client("iam")
        arn = iam.create_role(RoleName="NotForSageMaker", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))["Role"]["Arn"]
        for role in (arn, "arn:aws:iam::123456789012:role/Nobody"):
            code, message = refused(aws.train, aws.name("role"), RoleArn=role)
            assert code == "ValidationException" and message.startswith(f"Could not assume role {role}.")

    def test_a_role_without_rights_on_the_data(self, aws: JobFixtures) -> None:
        aws.put("private/a.csv", "1")
        iam = aws.client("iam")
        arn = iam.create_role(RoleName="Blind", AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))["Role"]["Arn"]
        code, message = refused(aws.train, aws.name("blind"), RoleArn=arn, InputDataConfig=[channel("train", f"s3://{BUCKET}/private")])
        assert code == "ValidationException" and "No S3 objects found" in message and "Access Denied" in message
        job = aws.trained(aws.train(aws.name("blind"), RoleArn=arn, entrypoint=["true"]))
        assert job["FailureReason"].startswith("ClientError: Artifact upload failed:AccessDenied")

    def test_metric_definitions_of_a_built_in_algorithm(self, aws: JobFixtures) -> None:
        code, message = refused(aws.train, aws.name("m"), image=XGBOOST, metrics=[{"Name": "x", "Regex": "x=(.*)"}])
        assert code == "ValidationException" and message.startswith("You can't override the metric definitions")

    def test_metric_definitions_that_are_none(self, aws: JobFixtures) -> None:
        for regex in ("x=(", "x=.*"):
            code, message = refused(aws.train, aws.name("m"), metrics=[{"Name": "x", "Regex": regex}])
            assert code == "ValidationException" and regex in message

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"InputDataConfig": [{"ChannelName": "train", "DataSource": {"FileSystemDataSource": FILE_SYSTEM}}]}, "FileSystemDataSource"),
            ({"InputDataConfig": [channel("train", f"s3://{BUCKET}/x", kind="Converse")]}, "Converse"),
            ({"AlgorithmSpecification": {"AlgorithmName": "mine", "TrainingInputMode": "File"}}, "TrainingImage"),
        ],
    )
    def test_what_the_local_aws_does_not_do(self, aws: JobFixtures, changes: dict, word: str) -> None:
        code, message = refused(aws.train, aws.name("more"), **changes)
        assert code == "NotSupportedByLocalAws" and word in message

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"InputDataConfig": [channel("a", f"s3://{BUCKET}/x"), channel("a", f"s3://{BUCKET}/x")]}, "unique"),
            ({"InputDataConfig": [channel("a", f"s3://{BUCKET}/x", CompressionType="Gzip")]}, "Pipe input mode"),
            ({"StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxWaitTimeInSeconds": 9}}, "EnableManagedSpotTraining"),
            ({"EnableManagedSpotTraining": True}, "MaxWaitTimeInSeconds"),
        ],
    )
    def test_requests_that_contradict_themselves(self, aws: JobFixtures, changes: dict, word: str) -> None:
        code, message = refused(aws.train, aws.name("odd"), **changes)
        assert code == "ValidationException" and word in message


def test_a_program_that_is_not_there(aws: JobFixtures) -> None:
    job = aws.trained(aws.train(aws.name("noprogram"), image=SKLEARN, entrypoint=["no-such-program"]))
    assert job["FailureReason"] == "AlgorithmError: , exit code: 127"
    assert any("no-such-program" in line for line in aws.lines(job["TrainingJobName"]))


@pytest.mark.both_modes
def test_network_isolation(aws: JobFixtures) -> None:
    code = "import os, urllib.request\nurllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'], timeout=5)"
    if aws.mode == "rewrite":
        assert "EnableNetworkIsolation" in refused(aws.script, code, EnableNetworkIsolation=True)[1]
        return
    job = aws.trained(aws.script(code, EnableNetworkIsolation=True))
    assert job["TrainingJobStatus"] == "Failed" and "Connection refused" in job["FailureReason"] and job["EnableNetworkIsolation"]


def test_code_in_a_channel(aws: JobFixtures) -> None:
    aws.put("inchannel/sourcedir.tar.gz", targz({"train.py": SAVE}))
    parameters = {"sagemaker_program": "train.py", "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz"}
    name = aws.train(aws.name("channel"), HyperParameters=parameters, InputDataConfig=[channel("code", f"s3://{BUCKET}/inchannel/")])
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
