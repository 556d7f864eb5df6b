"""Tests short waits: waiters poll more often, and give up no sooner than against AWS."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import boto3
from botocore.stub import Stubber
from course.sdk import shorten_waits

shorten_waits()
shorten_waits()  # a second time changes nothing
client = boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
with Stubber(client) as stubber:
    for status in [*["Creating"] * 5, "InService"]:
        times = {"CreationTime": 0, "LastModifiedTime": 0}
        stubber.add_response("describe_endpoint", {"EndpointName": "e", "EndpointArn": "a" * 30, "EndpointStatus": status, **times})
    client.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    stubber.assert_no_pending_responses()
"""


def test_a_waiter_waits_its_whole_time_in_shorter_steps():
    """Two polls, a second apart, become eight: the sixth finds the endpoint in service."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
