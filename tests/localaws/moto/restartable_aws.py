"""A local AWS for one test. The test can kill it and restart it on the same state and port."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config

from course.localaws.core.credentials import issued
from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.boto_clients import session_with_keys


class RestartableAws:
    """A local AWS that starts on creation. ``aws("iam")`` returns a boto3 client without retries."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.handle = launch.start(state)

    def __call__(self, service: str, access_key: str = "", secret: str = "", token: str | None = None, **settings: Any) -> Any:
        if not access_key:
            learner = issued(self.state)
            access_key, secret, token = learner.principal.access_key, learner.secret, learner.token
        session = session_with_keys(access_key, secret, token)
        config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, read_timeout=60)
        return session.client(service, endpoint_url=self.handle.endpoint, config=config, **settings)

    def kill(self) -> None:
        """Kill the process with `kill -9` and wait until it has ended."""
        kill(self.handle.pid)

    def restart(self) -> None:
        """Kill the process and start it again on the same state."""
        self.kill()
        self.handle = launch.start(self.state, port=urlsplit(self.handle.endpoint).port)

    def stop(self) -> None:
        self.handle.stop()
