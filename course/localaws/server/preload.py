"""Imports and reads everything that a local AWS needs for its first answers, for a process that forks several (`forkserver`, `boxed`).

It opens no file or connection, starts no thread and draws no random number. So a fork behaves like any other local AWS and starts half a
second faster.
"""

import uvicorn.protocols.http.httptools_impl  # noqa: F401
import uvloop  # noqa: F401

import course.localaws.server.daemon  # noqa: F401
from course.localaws.moto.application import import_moto
from course.localaws.protocol import s3_routes
from course.localaws.protocol.model import service_model
from course.localaws.services import SERVICES

for entry in SERVICES.values():
    for model in entry.models:
        service_model(model)
s3_routes.find("GET", s3_routes.target(b"/", b""), ())

import_moto()
from moto.core.routing import get_service_router  # noqa: E402  only after import_moto

get_service_router("iam")
