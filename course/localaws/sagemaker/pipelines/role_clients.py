"""botocore clients that call the local AWS with the rights of a role, as a pipeline calls AWS for its steps.

The calls pass the gateway, so they are authorized, recorded and validated like those of any program.
"""

from __future__ import annotations

import threading
from typing import Any

import botocore.session
from botocore.config import Config

from course.localaws.platform import Platform

# Parameters are validated by the service, as those of any caller. Proxies of this process are for real accounts.
_CONFIG = Config(parameter_validation=False, proxies={}, retries={"total_max_attempts": 2, "mode": "standard"}, max_pool_connections=50)
# A function may run for ten minutes, and must not be called again by itself.
_LAMBDA = Config(read_timeout=900, retries={"total_max_attempts": 1, "mode": "standard"})


class RoleClients:
    """Clients by service, region and role. May be used from any thread."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()  # creating a client is not thread-safe

    def client(self, service: str, region: str, role: str) -> Any:
        """A client of ``service``, botocore's name, with a session of ``role``, an ARN."""
        with self._lock:
            key = (service, region, role)
            if key not in self._clients:
                self._clients[key] = self._new(*key)
            return self._clients[key]

    def _new(self, service: str, region: str, role: str) -> Any:
        credential = self._platform.identity.issue(role)
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._platform.endpoint,
            aws_access_key_id=credential.principal.access_key,
            aws_secret_access_key=credential.secret,
            aws_session_token=credential.token,
            config=_CONFIG.merge(_LAMBDA) if service == "lambda" else _CONFIG,
        )
