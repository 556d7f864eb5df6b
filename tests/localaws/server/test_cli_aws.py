"""`course aws` in a shell, and programs that use the local AWS only through the environment that it prints."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from course.localaws.core import sdk_environment
from course.localaws.server import launch
from tests import by_day

COURSE = str(Path(sys.executable).with_name("course"))
SECONDS = 120

# A program's first lines: they refuse every look-up and connection beyond loopback, and report them at the end.
GUARD = """
import sys, ipaddress
beyond = []
def guard(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        beyond.append(host)
        raise ConnectionRefusedError(f"beyond loopback: {host}")
sys.addaudithook(guard)
"""


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "state"
    yield path
    if handle := launch.find(path):
        handle.stop()


def outside(**more: str) -> dict[str, str]:
    """The environment of a learner's machine that seems to have a real account configured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BOTOCORE_", "SAGEMAKER_"))}
    return kept | more


def course(*arguments: str | Path, code: int = 0, **more: str) -> str:
    ran = subprocess.run([COURSE, *map(str, arguments)], env=outside(**more), capture_output=True, text=True, timeout=SECONDS)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stdout if code == 0 else ran.stderr + ran.stdout


def program(state: Path, script: str, python: str | Path = sys.executable, seconds: float = SECONDS, **more: str) -> dict:
    """Run a program in a shell that evaluated `course aws env`. Returns the JSON that it prints."""
    command = f'eval "$({COURSE} aws env --state {state})" && exec {python} -c "$SCRIPT"'
    script = GUARD + textwrap.dedent(script) + "\nassert not beyond, beyond\n"
    ran = subprocess.run(["bash", "-c", command], env=outside(SCRIPT=script, **more), capture_output=True, text=True, timeout=seconds)
    assert ran.returncode == 0, ran.stdout + ran.stderr  # SDK v2 prints its tracebacks to stdout
    return json.loads(ran.stdout.splitlines()[-1])


def test_a_whole_life_on_the_command_line(state, tmp_path):
    assert "No local AWS runs" in course("aws", "status", "--state", state, code=1)
    started = course("aws", "start", "--state", state)
    handle = launch.find(state)
    assert handle.endpoint in started and "course aws env" in started
    assert "in use by another local AWS" in course("aws", "start", "--state", state, code=1)
    assert handle.endpoint in course("aws", "status", "--state", state)

    (tmp_path / "seed/my-bucket/a").mkdir(parents=True)
    (tmp_path / "seed/my-bucket/a/b c.csv").write_text("1,2\n")
    (tmp_path / "seed/my-bucket/empty").write_text("")
    (tmp_path / "seed/other").mkdir()
    real = {"AWS_PROFILE": "real", "AWS_ENDPOINT_URL_S3": "https://real.example.com", "HTTP_PROXY": "http://proxy.example.com:3128"}
    for more in ({}, real):  # a second stop is not an error
        assert "Loaded 2 objects" in course("aws", "seed", tmp_path / "seed", "--state", state, **more)
    found = program(
        state,
        """
        import boto3, json
        s3 = boto3.client("s3")
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket="my-bucket")["Contents"]]
        body = s3.get_object(Bucket="my-bucket", Key="a/b c.csv")["Body"].read().decode()
        print(json.dumps([keys, body, [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]]))
        """,
    )
    assert found == [["a/b c.csv", "empty"], "1,2\n", ["my-bucket", "other"]]

    assert "s3:GetObject" in course("aws", "events", "--state", state)
    events = [json.loads(line) for line in course("aws", "events", "--json", "--state", state).splitlines()]
    assert events[-1]["operation"] == "ListBuckets"
    assert course("aws", "events", "--json", "--since", str(events[-2]["id"]), "--state", state).count("\n") == 1
    before = time.time()
    assert "as this machine's" in course("aws", "clock", "--state", state)
    assert "UTC, 1 d 12 h ahead" in course("aws", "advance", "1d12h", "--state", state)
    assert "1 d 12 h ahead" in course("aws", "clock", "--state", state) and handle.clock() >= before + 129_600
    for wrong in ("1w", "-5", "1h x", "", "nan"):
        assert "such as 90s, 15m" in course("aws", "advance", f"--state={state}", "--", wrong, code=2)
    assert "100 years" in course("aws", "advance", "40000d", "--state", state, code=1)
    course("aws", "reset", "--state", state)
    assert course("aws", "events", "--state", state) == ""
    course("aws", "stop", "--state", state)
    assert launch.find(state) is None
    assert "No local AWS runs" in course("aws", "stop", "--state", state)
    assert "Start it with" in course("aws", "env", "--state", state, code=1)


def test_a_port_in_use_is_reported_in_one_line_and_leaves_nothing(state):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert f"port {port} on 127.0.0.1 is in use" in course("aws", "start", "--state", state, "--port", port, code=1)
    assert "No local AWS runs" in course("aws", "status", "--state", state, code=1)
    assert not (state / "instance.json").exists()


@pytest.mark.nightly  # every lane of `make test` names it so
def test_the_state_folder_can_be_named_by_the_environment(state):
    course("aws", "start", COURSE_LOCALAWS_STATE=str(state))
    assert launch.find(state)
    course("aws", "stop", COURSE_LOCALAWS_STATE=str(state))
    assert launch.find(state) is None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: None, "is not a folder"),
        (lambda folder: (folder.mkdir(), (folder / "loose.csv").write_text("")), "loose.csv"),
        (lambda folder: (folder / "Not_A_Bucket").mkdir(parents=True), "Not_A_Bucket"),
    ],
)
def test_a_folder_that_cannot_be_loaded_is_named(local_aws, tmp_path, make, says):
    make(tmp_path / "seed")
    assert says in course("aws", "seed", tmp_path / "seed", "--state", local_aws.state, code=1)


def test_a_wrong_command_lists_the_commands():
    assert "there is no command 'awz'" in course("awz", code=2)
    assert "aws" in course("--help")
    assert "start" in course("aws", "--help")
    assert "invalid choice" in course("aws", "launch", code=2)


def test_a_short_command_needs_neither_boto3_nor_the_server():
    script = "import sys; from course.cli import main; main(['aws', 'status', '--state', '/nowhere']); print(sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], env=outside(), capture_output=True, text=True, timeout=SECONDS)
    loaded = {name.partition(".")[0] for name in eval(ran.stdout.splitlines()[-1])}
    assert not loaded & {"boto3", "botocore", "uvicorn", "moto", "sagemaker", "pandas"}


# --- what the environment does ----------------------------------------------------------------------------------------


def test_plain_boto3_is_the_role_and_never_leaves_loopback(local_aws, tmp_path):
    # As the SageMaker SDKs make it: STS at a hard-coded regional address; and other addresses that AWS_ENDPOINT_URL does not reach.
    (tmp_path / "config").write_text("[profile real]\nregion = eu-west-1\nendpoint_url = https://real.example.com\n")
    found = program(
        local_aws.state,
        """
        import boto3, json
        from botocore.config import Config
        sts = boto3.client("sts", region_name="eu-west-1", endpoint_url="https://sts.eu-west-1.amazonaws.com")
        identity = sts.get_caller_identity()
        s3 = boto3.client("s3", endpoint_url="https://s3.us-east-1.amazonaws.com", config=Config(s3={"addressing_style": "virtual"}))
        s3.create_bucket(Bucket="virtual")
        s3.put_object(Bucket="virtual", Key="k", Body=b"x")
        url = s3.generate_presigned_url("get_object", {"Bucket": "virtual", "Key": "k"})
        dual = boto3.client("sqs", config=Config(use_dualstack_endpoint=True, use_fips_endpoint=False))
        dual.list_queues()
        control = boto3.client("s3control", endpoint_url="https://s3-control.us-east-1.amazonaws.com")
        try:
            control.list_access_points(AccountId="123456789012")
        except control.exceptions.ClientError as error:
            refused = error.response["Error"]["Code"]
        print(json.dumps([identity["Arn"], identity["Account"], url, boto3.Session().region_name, refused]))
        """,
        AWS_PROFILE="real",
        AWS_CONFIG_FILE=str(tmp_path / "config"),
        AWS_ENDPOINT_URL_STS="https://real.example.com",
        AWS_ENDPOINT_URL_S3="https://real.example.com",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true",
        HTTP_PROXY="http://proxy.example.com:3128",
        HTTPS_PROXY="http://proxy.example.com:3128",
    )
    arn, account, url, region, refused = found
    assert arn == "arn:aws:sts::123456789012:assumed-role/Administrator/learner"
    assert (account, region, refused) == ("123456789012", "us-east-1", "NotSupportedByLocalAws")
    assert url.startswith(f"{local_aws.endpoint}/virtual/k?")


@pytest.mark.nightly  # imports the SDK, which takes seconds; lessons use it without an edit by day
def test_the_sdk_needs_no_edit_and_sends_no_telemetry(local_aws):
    found = program(
        local_aws.state,
        """
        import json
        from sagemaker.core.helper.session_helper import Session, get_execution_role
        session = Session()
        bucket = session.default_bucket()
        session.upload_string_as_file_body("1,2", bucket, "a.csv")
        print(json.dumps([session.account_id(), get_execution_role(), bucket, session.read_s3_file(bucket, "a.csv")]))
        """,
    )
    assert found == [
        "123456789012",
        "arn:aws:iam::123456789012:role/Administrator",
        "sagemaker-us-east-1-123456789012",
        "1,2",
    ]


def test_what_is_there_already_is_kept(tmp_path):
    kept = sdk_environment.variables(tmp_path, "http://127.0.0.1:1", {"PYTHONPATH": "/mine", "NO_PROXY": "example.com,localhost"})
    assert kept["PYTHONPATH"] == f"{sdk_environment.PLUGIN_FOLDER}{os.pathsep}/mine"
    assert kept["NO_PROXY"] == kept["no_proxy"] == "127.0.0.1,localhost,.amazonaws.com,example.com"


def test_forked_processes_have_connections_of_their_own(local_aws):
    failed = program(
        local_aws.state,
        """
        import boto3, json, multiprocessing
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="forked")
        def put(process):
            failed = []
            for number in range(20):
                try:
                    s3.put_object(Bucket="forked", Key=f"{process}/{number}", Body=b"x" * 500_000)
                except Exception as error:
                    failed.append(str(error))
            return failed
        with multiprocessing.get_context("fork").Pool(4) as pool:
            print(json.dumps(sum(pool.map(put, range(4)), put("parent"))))
        """,
    )
    assert failed == []


def test_the_plugin_folder_holds_nothing_else():
    # Every Python program of the shell can import what is in it.
    names = {path.name for path in sdk_environment.PLUGIN_FOLDER.iterdir() if path.name != "__pycache__"}
    assert names == {"localaws_endpoint.py"}


@pytest.mark.parametrize("inside", by_day.first(["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"], 1))
def test_a_client_for_another_server_on_this_machine_is_left_alone(local_aws, inside):
    url = program(
        local_aws.state,
        f"""
        import boto3, json
        print(json.dumps(boto3.client("s3", endpoint_url="{inside}").generate_presigned_url("get_object", {{"Bucket": "b", "Key": "k"}})))
        """,
    )
    assert url.startswith(f"{inside}/b/k?")


# --- the SDKs in environments of their own ----------------------------------------------------------------------------

ROLE = "arn:aws:iam::123456789012:role/Administrator"
PROGRAMS = Path(__file__).parents[1] / "programs"
V2 = {"role": ROLE, "accuracy": 1.0, "noted": "script", "tuned": True, "served": [True, True, True], "monitors": [], "batch": [True, False]}
V3 = {"role": ROLE, "trained": ["Completed"] * 2, "tuned": "Completed", "best": True, "served": True, "batch": [True, False]}


@pytest.mark.nightly  # installs a gigabyte, and the SDKs take their time
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("release", "script", "found"),
    [("2.257.0", "sdk_v2.py", V2), ("2.257.7", "sdk_v2.py", V2), ("3.27.0", "sdk_v3.py", V3)],
    ids=["v2 of Studio", "v2", "v3"],
)
def test_programs_of_clean_sdks_run_without_a_look_beyond_loopback(local_aws, tmp_path, release, script, found):
    uv = shutil.which("uv") or str(Path(__file__).parents[3] / ".venv-uv/bin/uv")
    python = tmp_path / "venv/bin/python"
    for arguments in (
        ["venv", "--python", sys.executable, tmp_path / "venv"],
        ["pip", "install", "--python", python, f"sagemaker=={release}"],
    ):
        subprocess.run([uv, *map(str, arguments)], check=True, capture_output=True)
    assert program(local_aws.state, (PROGRAMS / script).read_text(), python, seconds=600) == found
