"""What every local AWS reads before its first answers, read by importing this: for a process that forks several (`early`).

Nothing is left open, no thread begins, and no chance is used up: each fork begins as any other local AWS does, half a second sooner.
"""

import uvicorn.protocols.http.httptools_impl  # noqa: F401
import uvloop  # noqa: F401

import course.localaws.server.daemon  # noqa: F401
from course.localaws.moto.mount import import_moto
from course.localaws.protocol import s3_routes
from course.localaws.protocol.model import raw

SERVICES = ("cloudtrail", "cloudwatch", "logs", "sagemaker", "sagemaker-featurestore-runtime", "sagemaker-metrics")
SERVICES += ("sagemaker-runtime", "sts")

for service in SERVICES:
    raw(service)
s3_routes.find("GET", s3_routes.target(b"/", b""), ())

import_moto()
from moto.core.routing import get_service_router  # noqa: E402  after it is at home in its own world

get_service_router("iam")
