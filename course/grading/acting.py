"""Requests that a check makes as somebody else: with the rights of a role, or of a user."""

from __future__ import annotations

import functools
from typing import Any

import boto3
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from course.grading.submission.evidence import EVENT


def client_with(own: Any, keys: dict[str, str]) -> Any:
    """A client like ``own`` that signs with other keys. Its requests are recorded, and replayed, with those of ``own``.

    Parameters
    ----------
    own : boto3 client
        From `Answer.client`, of the same service.
    keys : dict
        ``AccessKeyId``, ``SecretAccessKey`` and, of temporary keys, ``SessionToken``.
    """
    core = Session()
    core.register_component("data_loader", _loader())
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"), own.meta.region_name, core)
    made = session.client(own.meta.service_model.service_name, endpoint_url=own.meta.endpoint_url, config=own.meta.config)

    def forward(request: Any, event_name: str, **more: Any) -> Any:
        return own.meta.events.emit_until_response(event_name, request=request, **more)[1]

    made.meta.events.register(EVENT, forward)  # its handlers record and replay the requests of a submission
    return made


@functools.cache
def _loader() -> Loader:
    """Reads each service's model once: a check may act as many people."""
    return create_loader()
