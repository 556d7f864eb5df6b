"""A local AWS in a box serves like any other, starts fast, and ends with whoever started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from course.localaws.server import boxed, launch
from course.localaws.server.instance import ServerError
from course.sandbox.box import best_mode
from course.sandbox.limits import Limits
from tests.containers import without_namespaces
from tests.leaked_processes import children, kill, processes, wait_for

LIMITS = Limits(memory=4 << 30, file_size=1 << 30, cpu_seconds=600)
ALONE = """
import sys, tempfile, time
from pathlib import Path
from course.localaws.server import boxed
from course.sandbox.limits import Limits
with boxed.start_forkserver() as forks, boxed.boxed(Path(sys.argv[1]), forks, Limits(), Limits(), 1 << 30) as handle:
    print(handle.endpoint, forks, flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module", params=["namespace", "rewrite"])
def forks(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a forkserver, for local AWSs with and without namespaces."""
    with without_namespaces() if request.param == "rewrite" else nullcontext(), boxed.start_forkserver() as address:
        yield address


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bx-") as folder:  # its path is short, for the socket
        yield Path(folder)


def start(folder: Path, name: str, forks: str):
    (folder / name).mkdir()
    return boxed.boxed(folder / name, forks, LIMITS, LIMITS, 1 << 30)


def left(forks: str) -> list[str]:
    """What runs of the local AWSs of a forkserver. Its forks have its command line."""
    return [*processes(Path(forks))[1:], *map(str, children("sandbox/supervisor"))]


def client(handle: launch.Handle, service: str):
    environment = handle.environment()
    keys = {name: environment[name.upper()] for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")}
    return boto3.Session(**keys, region_name="us-east-1").client(service, endpoint_url=handle.endpoint)


def test_two_serve_side_by_side_and_draw_their_own_numbers(folder: Path, forks: str) -> None:
    found = []
    with start(folder, "one", forks) as one, start(folder, "two", forks) as two:
        client(one, "s3").create_bucket(Bucket="only-here")
        for handle in (one, two):
            iam = client(handle, "iam")
            policy = iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"]["PolicyId"]
            buckets = [each["Name"] for each in client(handle, "s3").list_buckets()["Buckets"]]
            found.append((buckets, iam.create_user(UserName="u")["User"]["UserId"], policy))
        handle = launch.find(two.state)
        assert handle == two and handle.advance(60) > 0
    (first, one_id, one_policy), (second, two_id, two_policy) = found
    assert (first, second) == (["only-here"], []) and one_id != two_id
    assert one_policy == two_policy  # AWS's managed policies are the same in every account
    assert left(forks) == []
    with pytest.raises(ServerError):
        two.running()


def test_its_own_helpers_work_within_its_limits(folder: Path, forks: str) -> None:
    """Queries and tuning strategies run in processes of their own, which set limits, too."""
    with start(folder, "one", forks) as handle:
        client(handle, "s3").create_bucket(Bucket="results")
        athena = client(handle, "athena")
        place = {"OutputLocation": "s3://results/"}
        query = athena.start_query_execution(QueryString="SELECT 6 * 7 AS answer", ResultConfiguration=place)["QueryExecutionId"]

        def status() -> dict:
            return athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]

        wait_for(lambda: status()["State"] not in ("QUEUED", "RUNNING"), "the query has ended")
        assert status()["State"] == "SUCCEEDED", status()
        rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    assert [each["Data"][0]["VarCharValue"] for each in rows] == ["answer", "42"]


def test_an_unusable_state_folder_is_named(folder: Path, forks: str) -> None:
    (folder / "bad").mkdir()
    deep = folder / "bad" / ("d" * 100)
    deep.mkdir()
    if best_mode() == "namespace":
        with pytest.raises(ServerError, match="AF_UNIX path too long"), boxed.boxed(deep, forks, LIMITS, LIMITS, 1 << 30):
            pass
    assert left(forks) == []


def test_its_box_has_limits_of_its_own(folder: Path, forks: str) -> None:
    """Beyond them it is ended with all that it started, whatever its own quota says."""
    if best_mode() != "namespace":
        return  # a plain process has no box
    with boxed.boxed(folder, forks, Limits(disk=60 << 20), LIMITS, 1 << 40) as handle:
        s3 = client(handle, "s3")
        s3.create_bucket(Bucket="full")

        def ended() -> bool:
            try:
                s3.put_object(Bucket="full", Key=os.urandom(4).hex(), Body=os.urandom(40 << 20))
            except (ClientError, BotoCoreError):
                return launch.find(handle.state) is None
            return False

        wait_for(ended, "its box has been ended")
        assert len(processes(Path(forks))) == 1  # the forkserver


def test_without_its_forkserver_it_says_so(folder: Path) -> None:
    with boxed.start_forkserver() as forks:
        wait_for(Path(forks).exists, "the forkserver listens")
        [process] = children(forks)
        kill(process.pid)
    with pytest.raises(ServerError, match="does not answer"), start(folder, "one", forks):
        pass
    assert left(forks) == []


@pytest.mark.parametrize("number", [9, 15])
def test_it_ends_with_a_starter_that_is_killed(folder: Path, number: int) -> None:
    command = [sys.executable, "-c", ALONE, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(folder)}) as starter:
        endpoint, forks = starter.stdout.readline().split()
        assert endpoint.startswith("http://127.0.0.1:") and len(processes(Path(forks))) >= 2
        state = json.loads((folder / boxed.STATE / "instance.json").read_text())
        assert state["socket"] in ("", str(folder / boxed.STATE / boxed.SOCKET))
        starter.send_signal(number)
    wait_for(lambda: processes(Path(forks)) == [], "nothing of it runs")
