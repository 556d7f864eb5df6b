"""What all helpers for tests of Feature Store share: the clients of a local AWS, and calls for groups and records."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from course.localaws.server import launch

NUMBERS = itertools.count()
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def record_of(values: dict[str, object]) -> list[dict]:
    """``FeatureValue`` structures of a dict."""
    return [
        {"FeatureName": name, "ValueAsStringList": value} if isinstance(value, list) else {"FeatureName": name, "ValueAsString": str(value)}
        for name, value in values.items()
    ]


class StoreFixtures:
    """The Feature Store of one local AWS.

    Parameters
    ----------
    handle : launch.Handle
    client : callable
        ``client("sagemaker")`` makes a boto3 client.
    """

    def __init__(self, handle: launch.Handle, client: Callable[..., Any]) -> None:
        self.connect(handle, client)

    def connect(self, handle: launch.Handle, client: Callable[..., Any]) -> None:
        """Use this local AWS from now on, for instance after it was started again."""
        self.handle, self.client = handle, client
        self.sagemaker, self.runtime = client("sagemaker"), client("sagemaker-featurestore-runtime")
        self.s3, self.iam, self.glue, self.athena = client("s3"), client("iam"), client("glue"), client("athena")

    def describe(self, group: str) -> dict:
        return self.sagemaker.describe_feature_group(FeatureGroupName=group)

    def put(self, group: str, **values: object) -> None:
        self.runtime.put_record(FeatureGroupName=group, Record=record_of(values))

    def until(self, check: Callable[[], object], seconds: float = 120) -> None:
        """Wait until ``check()`` is true."""
        end = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.02)
