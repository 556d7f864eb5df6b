"""The learner's AWS, as a judge uses it, and the removal of what its checks create there."""

from __future__ import annotations

import functools
import os
import secrets
from collections.abc import Callable
from typing import Any

from course.cleanup import Cleanup, delete_bucket


class LearnersAws:
    """Clients of the AWS that the learner's notebook uses, local or real.

    All names that the checks draw by `token` begin with the same eight digits. `clean_up` finds by them what the checks created.
    """

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._clients: Callable[[str], Any] | None = None

    def token(self) -> str:
        """Twelve hexadecimal digits, for a name that must not exist yet."""
        return self._run + secrets.token_hex(2)

    def client(self, service: str) -> Any:
        """A boto3 client."""
        if self._clients is None:
            self._clients = _clients()
        return self._clients(service)

    def clean_up(self) -> None:
        """Delete the endpoints, models, feature groups and buckets of the checks, and stop their jobs."""
        if self._clients is None:  # no check used AWS
            return
        Cleanup(self.client("sagemaker"), self._run).run()
        s3 = self.client("s3")
        for bucket in s3.list_buckets()["Buckets"]:
            if self._run in bucket["Name"]:
                delete_bucket(s3, bucket["Name"])


def _clients() -> Callable[[str], Any]:
    if os.environ.get("COURSE_BACKEND", "local") == "local":
        from course.grading.sandbox.aws import clients, graders_environment
        from course.localaws.server import launch

        return clients(graders_environment(launch.find_or_start()))
    from course.session import connect

    return functools.cache(connect().client)
