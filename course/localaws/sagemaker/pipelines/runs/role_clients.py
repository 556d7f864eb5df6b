"""botocore clients that call the local AWS as a session of a role, as a pipeline calls AWS for its steps.

The calls pass the gateway, so they are authorized, recorded and validated like those of any program.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import EndpointConnectionError, HTTPClientError

from course.localaws.platform import Platform

# The gateway is not open yet, or has closed. Whether the request was carried out is not known.
UNREACHABLE = (EndpointConnectionError, HTTPClientError)
# Parameters are validated by the service, as those of any caller. Proxies of this process are for real accounts.
_CONFIG = Config(parameter_validation=False, proxies={}, retries={"total_max_attempts": 2, "mode": "standard"}, max_pool_connections=50)
# A function may run for ten minutes, and must not be called again by itself.
_LAMBDA = Config(read_timeout=900, retries={"total_max_attempts": 1, "mode": "standard"})


class RoleClients:
    """Clients by service and region, for all roles: a client of SageMaker takes long to create. May be used from any thread."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._keys = platform, _KeysOfThread()
        self._session = botocore.session.Session()
        self._session.register_component("credential_provider", self._keys)
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()  # creating a client is not thread-safe

    def session(self, role: str, name: str) -> ReadOnlyCredentials:
        """The keys of a new session of a role. ``role`` is an ARN."""
        credential = self._platform.identity.issue(role, name, inside=True)
        return ReadOnlyCredentials(credential.principal.access_key, credential.secret, credential.token)

    def client(self, service: str, region: str, session: ReadOnlyCredentials) -> SessionClient:
        """A client of ``service``, botocore's name."""
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                config = _CONFIG.merge(_LAMBDA) if service == "lambda" else _CONFIG
                endpoint = self._platform.endpoint
                self._clients[key] = self._session.create_client(service, region_name=region, endpoint_url=endpoint, config=config)
            return SessionClient(self._clients[key], self._keys, session)


class SessionClient:
    """A botocore client whose calls are those of one session. Its paginators and waiters do not work."""

    def __init__(self, client: Any, keys: _KeysOfThread, session: ReadOnlyCredentials) -> None:
        self._client, self._keys, self._session = client, keys, session

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found):
            return found

        def call(*arguments: object, **parameters: object) -> Any:
            with self._keys.set(self._session):
                return found(*arguments, **parameters)

        return call


class _KeysOfThread(Credentials):
    """The keys of the session that the present thread acts as."""

    def __init__(self) -> None:
        super().__init__("", "")
        self._thread = threading.local()

    def load_credentials(self) -> Credentials:
        """Called by botocore for a new client."""
        return self

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Called by botocore for each request."""
        return self._thread.keys

    @contextmanager
    def set(self, keys: ReadOnlyCredentials) -> Iterator[None]:
        before = getattr(self._thread, "keys", None)
        self._thread.keys = keys
        try:
            yield
        finally:
            self._thread.keys = before
