"""A preforked local AWS behaves like any other and starts faster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import by_day
from tests.leaked_processes import processes, wait_for

BEGIN = """
import json, os, sys
import boto3, psutil
import course.localaws.server.preload
from course.localaws.server import launch as server
server.prepare()
"""
SERVES = """
with server.temporary() as handle, server.temporary() as second:
    os.environ.update(handle.environment())
    boto3.client("s3").create_bucket(Bucket="one")
    buckets = [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]]
    forked = [psutil.Process(each.pid).cmdline() == psutil.Process().cmdline() for each in (handle, second)]
    print(json.dumps({"buckets": buckets, "forked": forked, "parent": psutil.Process(handle.pid).ppid() == os.getpid()}))
"""

TWO = """
import threading
alone = threading.active_count() == 1
with server.temporary() as first:
    server.prepare()
    with server.temporary() as second:
        found = []
        for handle in (first, second):
            os.environ.update(handle.environment())
            iam = boto3.Session().client("iam")
            made = iam.create_user(UserName="u")["User"]
            iam.attach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
            policy = iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"]
            found.append((made["UserId"], made["CreateDate"].year, policy["PolicyId"], policy["AttachmentCount"]))
print(json.dumps({"alone": alone, "found": found}))
"""


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TMPDIR": str(folder), "COURSE_LOCALAWS_STATE": str(folder / "state")}
    return subprocess.run([sys.executable, "-c", BEGIN + script], env=environment, text=True, capture_output=True, timeout=120)


def test_a_forked_local_aws_serves_and_ends_like_any_other(tmp_path: Path) -> None:
    done = run(tmp_path, SERVES)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["buckets"] == ["one"]
    assert said["forked"] == [True, False]  # the second was not prepared
    assert said["parent"] is True
    assert list(tmp_path.iterdir()) == [] and processes(tmp_path) == []


@pytest.mark.nightly  # one fork by day
def test_two_forks_of_one_process_draw_different_numbers_and_share_only_awss_data(tmp_path: Path) -> None:
    done = run(tmp_path, TWO)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["alone"]  # nothing imported before the fork has started a thread
    (user, year, policy, attached), (other_user, _, other_policy, other_attached) = said["found"]
    assert user != other_user
    assert year > 2013  # the clock is the local AWS's
    assert policy == other_policy  # AWS's managed policies are the same in every account
    assert attached == other_attached == 1


@pytest.mark.parametrize("end", by_day.first(["os.kill(os.getpid(), 9)", "", "os._exit(0)"], 1))
def test_an_unused_fork_ends_with_its_parent(tmp_path: Path, end: str) -> None:
    run(tmp_path, end)
    wait_for(lambda: processes(tmp_path) == [], "nothing runs")


def test_it_ends_and_is_wiped_when_its_starter_is_killed(tmp_path: Path) -> None:
    run(tmp_path, "server.temporary().__enter__()\nos.kill(os.getpid(), 9)")
    wait_for(lambda: processes(tmp_path) == [] and list(tmp_path.iterdir()) == [], "the local AWS has ended and its folder is gone")


def test_a_local_aws_that_cannot_start_says_why(tmp_path: Path) -> None:
    taken = "import socket\nother = socket.socket()\nother.bind(('127.0.0.1', 0))\nother.listen()\n"
    done = run(tmp_path, taken + "server.start(port=other.getsockname()[1], temporary=True)")
    assert "is in use by another program" in done.stderr, done.stderr
    wait_for(lambda: processes(tmp_path) == [], "nothing runs")
