"""The life cycle of a local AWS: it starts, excludes others, survives a kill, and leaves nothing behind."""

from __future__ import annotations

import fcntl
import http.client
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import botocore.exceptions
import psutil
import pytest

from course.localaws.core.clock import FURTHEST
from course.localaws.server import launch
from course.localaws.server.instance import ServerError, ServerInfo, pid_namespace
from tests import by_day
from tests.localaws.boto_clients import client_factory

PATIENCE = 30  # seconds for what should take less than one


@pytest.fixture
def state(tmp_path):
    """A state folder. A local AWS that still runs on it at the end is stopped."""
    path = tmp_path / "state"
    yield path
    if handle := launch.find(path):
        handle.stop()


def wait_until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "not within the limit"
        time.sleep(0.02)


def ended(pid: int) -> bool:
    """Whether a process has ended. A child of this process is reaped."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not psutil.pid_exists(pid)


def refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# --- start and stop ---------------------------------------------------------------------------------------------------


def test_it_answers_when_start_returns_and_is_gone_when_stop_returns(state):
    handle = launch.start(state)
    assert launch.find(state) == handle
    client_factory(handle)("sqs").create_queue(QueueName="q")
    instance = ServerInfo.read(state)
    assert (instance.pid, instance.endpoint) == (handle.pid, handle.endpoint)
    processes = psutil.Process(handle.pid).children(recursive=True)
    handle.stop()
    assert launch.find(state) is None
    assert ended(handle.pid) and not any(process.is_running() for process in processes)
    assert refuses(instance.port)
    assert not (state / "instance.json").exists()
    assert not list(state.glob("*.new")) and not list(state.glob("*-wal"))


def test_it_listens_on_loopback_only_and_keeps_its_files_to_itself(state):
    handle = launch.start(state)
    listening = {c.laddr.ip for c in psutil.Process(handle.pid).net_connections() if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert mode(state) == 0o700
    assert {mode(state / name) for name in ("instance.json", "keys.json", "requests.db")} == {0o600}


def test_a_port_can_be_chosen(state):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert launch.start(state, port=port).endpoint == f"http://127.0.0.1:{port}"


def test_its_own_environment_does_not_reach_it(state, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "of-somebody")
    handle = launch.start(state)
    assert not [name for name in psutil.Process(handle.pid).environ() if name.startswith("AWS_")]


@pytest.mark.parametrize("number", by_day.first([signal.SIGTERM, signal.SIGINT], 1))
def test_a_signal_ends_it_cleanly(state, tmp_path, number):
    handle = launch.start(state, socket=tmp_path / "s")
    client_factory(handle)("sqs").create_queue(QueueName="q")
    port = ServerInfo.read(state).port
    os.kill(handle.pid, number)
    wait_until(lambda: ended(handle.pid))
    assert refuses(port)
    assert not (state / "instance.json").exists() and not (tmp_path / "s").exists()
    assert "Traceback" not in (state / "server.log").read_text()


@pytest.mark.nightly  # starts two
def test_two_of_them_are_two_accounts(tmp_path):
    first, second = launch.start(tmp_path / "1"), launch.start(tmp_path / "2")
    try:
        one, two = client_factory(first)("sqs"), client_factory(second)("sqs")
        one.create_queue(QueueName="q")
        assert "QueueUrls" not in two.list_queues()
        stranger = client_factory(launch.Handle(second.endpoint, first.state, second.pid))("sqs")
        with pytest.raises(stranger.exceptions.ClientError, match="security token"):
            stranger.list_queues()
    finally:
        first.stop()
        second.stop()


TEMPORARY = """
import json, signal
from course.localaws.server import launch as server
with server.temporary() as handle:
    print(json.dumps([handle.pid, handle.endpoint, str(handle.state)]), flush=True)
    input()
"""


@pytest.mark.parametrize("killed", by_day.first([True, False], 1))
def test_a_temporary_one_ends_with_its_starter(tmp_path, killed):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", TEMPORARY], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        pid, endpoint, state = json.loads(starter.stdout.readline())
        assert launch.find(Path(state)).pid == pid and Path(state).is_relative_to(tmp_path)
        if killed:
            starter.kill()
    wait_until(lambda: not psutil.pid_exists(pid))
    assert refuses(int(endpoint.rpartition(":")[2]))
    assert list(tmp_path.iterdir()) == []


# --- errors at the start -----------------------------------------------------------------------------------


@pytest.mark.nightly  # `course aws start` says so by day in test_cli_aws.py
def test_a_port_in_use_is_named(state):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} on 127.0.0.1 is in use"):
            launch.start(state, port=port)
    assert not (state / "instance.json").exists()
    launch.start(state)  # the lock was released


def test_a_second_start_on_the_same_state_names_the_process_that_has_it(state):
    first = launch.start(state)
    with pytest.raises(ServerError) as error:
        launch.start(state)
    assert str(first.pid) in str(error.value) and first.endpoint in str(error.value)
    assert launch.find(state) == first


@pytest.mark.nightly  # concurrent callers by day
def test_of_several_starts_at_once_one_wins(state):
    outcomes = []

    def try_start() -> None:
        try:
            outcomes.append(launch.start(state))
        except ServerError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=try_start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [outcome for outcome in outcomes if isinstance(outcome, launch.Handle)]
    assert [launch.find(state)] == winners
    assert all("in use by another local AWS" in outcome for outcome in outcomes if isinstance(outcome, str))


def test_concurrent_callers_get_the_same_local_aws(state):
    handles = []
    threads = [threading.Thread(target=lambda: handles.append(launch.find_or_start(state))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert handles == [launch.find(state)] * 3


@pytest.mark.parametrize("place", ["file/state", "/proc/nowhere"])
def test_a_state_folder_that_cannot_be_made_is_named(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerError, match="cannot be written"):
        launch.start(tmp_path / place)


def test_a_state_that_cannot_be_used_is_named(state):
    state.mkdir()
    (state / "requests.db").mkdir()
    with pytest.raises(ServerError, match="cannot be used"):
        launch.start(state)
    assert not (state / "instance.json").exists()


def test_a_full_disk_is_named(tmp_path):
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("needs a kernel that lets users make mount namespaces, for a disk of 64 KiB, until 2027-05-24")
    script = f"""
        from pathlib import Path
        from course.localaws.server import launch as server
        try:
            server.start(Path({str(tmp_path)!r}) / "state").stop()
        except server.ServerError as error:
            print(error)
    """
    command = f'mount -t tmpfs -o size=64k tmpfs {tmp_path} && {sys.executable} -c "$SCRIPT"'
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command],
        env={**os.environ, "SCRIPT": textwrap.dedent(script)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "no space is left on the disk" in ran.stdout, ran.stdout + ran.stderr


def test_an_end_while_starting_shows_the_log(state, monkeypatch):
    monkeypatch.setattr(launch.sys, "executable", "/bin/false")
    with pytest.raises(ServerError, match="ended while starting"):
        launch.start(state)


def test_an_interrupted_start_leaves_no_process(state, monkeypatch):
    spawned, others = [], psutil.Process().children()

    def interrupt(*_):
        spawned.extend(child for child in psutil.Process().children() if child not in others)
        raise KeyboardInterrupt

    monkeypatch.setattr(launch.select, "select", interrupt)
    with pytest.raises(KeyboardInterrupt):
        launch.start(state)
    assert spawned and not any(process.is_running() for process in spawned)
    assert not (state / "instance.json").exists()


# --- after a kill -----------------------------------------------------------------------------------------------------


def test_acknowledged_writes_survive_a_kill(state):
    first = launch.start(state)
    client = client_factory(first)
    client("s3").create_bucket(Bucket="kept")
    client("s3").put_object(Bucket="kept", Key="a", Body=b"data")
    queue = client("sqs").create_queue(QueueName="kept")["QueueUrl"]
    first.advance(3600)
    seen = first.events()[-1]["id"]
    os.kill(first.pid, signal.SIGKILL)
    assert launch.find(state) is None

    second = launch.start(state)
    assert (second.pid, first.environment()["AWS_SECRET_ACCESS_KEY"]) != (first.pid, "")
    assert first.environment()["AWS_SECRET_ACCESS_KEY"] == second.environment()["AWS_SECRET_ACCESS_KEY"]
    client = client_factory(second)
    assert client("s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"data"
    assert client("sqs").get_queue_url(QueueName="kept")["QueueUrl"].rpartition("/")[2] == queue.rpartition("/")[2]
    assert second.advance(0) > time.time() + 3500
    assert {event["operation"] for event in second.events() if event["id"] <= seen} >= {"CreateBucket", "PutObject", "CreateQueue"}


@pytest.mark.nightly  # kills by day in other tests
def test_a_socket_left_by_a_killed_process_is_replaced(state, tmp_path):
    first = launch.start(state, socket=tmp_path / "s")
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: ended(first.pid))
    assert (tmp_path / "s").is_socket()
    launch.start(state, socket=tmp_path / "s")


def test_it_ends_when_its_state_folder_is_deleted(state):
    first = launch.start(state)
    while state.exists():  # the local AWS may write a file in between
        shutil.rmtree(state, ignore_errors=True)
    second = launch.start(state)  # a new local AWS keeps its own files
    wait_until(lambda: ended(first.pid))
    assert launch.find(state) == second


# --- the Unix socket --------------------------------------------------------------------------------------------------


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def test_the_unix_socket_is_its_owners_and_answers(state, tmp_path):
    handle = launch.start(state, socket=tmp_path / "s")
    assert mode(tmp_path / "s") == 0o600
    url = client_factory(handle)("s3").generate_presigned_url("list_buckets")
    connection = UnixConnection(tmp_path / "s")
    connection.request("GET", url.removeprefix(handle.endpoint), headers={"Host": handle.endpoint.removeprefix("http://")})
    response = connection.getresponse()
    assert response.status == 200 and b"ListAllMyBucketsResult" in response.read()
    connection.close()


def test_a_socket_in_use_or_with_an_impossible_name_is_refused(state, tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(ServerError, match=f"socket {path} cannot be made"):
            launch.start(state, socket=path)
        assert path.is_socket()
    with pytest.raises(ServerError, match="cannot be made"):
        launch.start(state, socket=tmp_path / ("x" * 120))


# --- the control API -------------------------------------------------------------------------------------------------


def ask(handle, method: str, path: str, token: str | None = None, body: bytes | None = None) -> tuple[int, dict]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"{handle.endpoint}/_localaws/{path}", body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_control_api_needs_its_token(local_aws):
    token = ServerInfo.read(local_aws.state).token
    assert ask(local_aws, "GET", "health", token)[0] == 200
    for wrong in (None, "wrong", token[:-1]):
        status, answer = ask(local_aws, "POST", "stop", wrong)
        assert status == 401 and "token" in answer["error"]
    assert launch.find(local_aws.state) == local_aws


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("GET", "nothing", None, 404, "GET health"),
        ("GET", "stop", None, 404, "POST stop"),
        ("POST", "clock", b"{}", 400, "advance"),
        ("POST", "clock", b"nonsense", 400, "advance"),
        ("POST", "clock", b'{"advance": -1}', 400, "forward"),
        ("POST", "clock", b'{"advance": NaN}', 400, "forward"),
        ("GET", "events?since=x", None, 400, "x"),
    ],
)
def test_a_malformed_control_request_is_an_error(local_aws, method, path, body, status, says):
    got, answer = ask(local_aws, method, path, ServerInfo.read(local_aws.state).token, body)
    assert got == status and says in answer["error"]


def test_reset_empties_every_service_and_keeps_the_keys(state):
    handle = launch.start(state)
    client = client_factory(handle)
    client("s3").create_bucket(Bucket="gone")
    client("s3").put_object(Bucket="gone", Key="a", Body=b"x")
    client("sqs").create_queue(QueueName="gone")
    client("logs").create_log_group(logGroupName="gone")
    client("cloudwatch").put_metric_data(Namespace="gone", MetricData=[{"MetricName": "m", "Value": 1}])
    client("iam").create_user(UserName="gone")
    image = {"Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}
    role = "arn:aws:iam::123456789012:role/SageMakerRole"
    client("sagemaker").create_model(ModelName="gone", ExecutionRoleArn=role, PrimaryContainer=image)
    handle.reset()
    assert handle.events() == []
    assert client("s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in client("sqs").list_queues()
    assert client("logs").describe_log_groups()["logGroups"] == []
    assert client("cloudwatch").list_metrics()["Metrics"] == []
    assert client("iam").list_users()["Users"] == []
    assert client("sagemaker").list_models()["Models"] == []
    assert client("iam").get_role(RoleName="SageMakerRole")["Role"]["Arn"].endswith(":role/SageMakerRole")
    assert not [path for path in (state / "objects").rglob("*") if path.is_file()]


def test_a_handle_of_an_ended_local_aws_says_so(state):
    handle = launch.start(state)
    handle.stop()
    with pytest.raises(ServerError, match="no longer runs"):
        handle.events()


@pytest.mark.parametrize("seconds", [1e300, math.inf, math.nan, -1.0, 1e17, FURTHEST + 1, 10**400])
def test_a_clock_that_cannot_be_set_goes_on(state, tmp_path, seconds):
    handle = launch.start(state)
    handle.invite(tmp_path / "guest")
    guest = launch.find(tmp_path / "guest")
    with pytest.raises(ServerError, match="a number of seconds from 0 to 3155760000|a JSON body with 'advance', a float"):
        guest.advance(seconds)
    client_factory(guest)("s3").create_bucket(Bucket="still")
    assert time.time() + 60 <= guest.advance(60) < time.time() + 120


def test_all_goes_on_a_hundred_years_ahead_and_not_beyond(state):
    handle = launch.start(state)
    client = client_factory(handle)
    client("events").put_rule(Name="nightly", ScheduleExpression="cron(0 0 1 1 ? *)")
    handle.advance(FURTHEST - 3600)
    with pytest.raises(ServerError, match="the clock is 100.0 years ahead of the time, and can be 100 years ahead at most"):
        handle.advance(7200)
    client("s3").create_bucket(Bucket="late")
    client("s3").put_object(Bucket="late", Key="a", Body=b"data")
    client("logs").create_log_group(logGroupName="late")
    client("cloudwatch").put_metric_data(Namespace="late", MetricData=[{"MetricName": "m", "Value": 1.0}])
    client("iam").create_user(UserName="late")
    for service, operation in READS:
        getattr(client(service), operation)()
    assert client("s3").list_buckets()["Buckets"][0]["CreationDate"].year > 2120
    assert handle.ledger() and handle.running() == []


READS = [
    ("iam", "list_users"),
    ("sts", "get_caller_identity"),
    ("sagemaker", "list_training_jobs"),
    ("logs", "describe_log_groups"),
    ("cloudwatch", "list_metrics"),
    ("cloudwatch", "describe_alarms"),
    ("events", "list_rules"),
    ("kms", "list_keys"),
    ("athena", "list_work_groups"),
]


def test_a_guest_can_find_and_read_the_local_aws_but_not_control_it(state, tmp_path):
    handle = launch.start(state)
    handle.invite(tmp_path / "guest")
    guest = launch.find(tmp_path / "guest")
    assert (guest.endpoint, guest.pid) == (handle.endpoint, handle.pid)
    s3 = client_factory(guest)("s3")
    s3.create_bucket(Bucket="of-a-guest")
    assert "CreateBucket" in [event["operation"] for event in guest.events()]
    assert guest.running() == [] and guest.advance(60) > time.time()
    for act in (guest.reset, guest.stop, lambda: guest.issue("arn:aws:iam::123456789012:root"), lambda: guest.invite(tmp_path / "another")):
        with pytest.raises(ServerError, match="is not for guests of this local AWS"):
            act()
    keys = [json.loads((folder / "keys.json").read_text()) for folder in (state, tmp_path / "guest")]
    assert keys[0]["secret"] != keys[1]["secret"] and keys[0]["arn"] == keys[1]["arn"]
    assert {mode(tmp_path / "guest" / name) for name in ("instance.json", "keys.json")} == {0o600}
    assert s3.list_buckets()["Buckets"][0]["Name"] == "of-a-guest"  # nothing was reset


def test_keys_of_the_root_user_are_limited_by_no_policy(state):
    handle = launch.start(state)
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    client_factory(handle)("iam").put_role_policy(RoleName="Administrator", PolicyName="deny", PolicyDocument=json.dumps(deny))
    with pytest.raises(botocore.exceptions.ClientError, match="explicit deny"):
        client_factory(handle)("sagemaker").list_models()
    environment = handle.environment(handle.issue("arn:aws:iam::123456789012:root"))
    root = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_SESSION_TOKEN"], "us-east-1"
    )
    assert root.client("sagemaker", endpoint_url=handle.endpoint).list_models()["Models"] == []


# --- whose process it is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("locked", [True, False])
def test_nobody_kills_a_process_of_another_container_or_of_an_ended_local_aws(state, locked):
    """Its number may be that of a process here that has nothing to do with it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nothing listens there
        port = unused.getsockname()[1]
        state.mkdir(parents=True)
        elsewhere = ServerInfo(bystander.pid, port, f"http://127.0.0.1:{port}", "token", "", "", "pid:[1]" if locked else pid_namespace())
        elsewhere.write(state)
        with (state / "lock").open("w") as lock:
            if locked:
                fcntl.flock(lock, fcntl.LOCK_EX)
                with pytest.raises(ServerError, match="another container"):
                    launch.stop(state)
            else:
                assert launch.stop(state) is False
        assert bystander.poll() is None
        bystander.stdin.close()
