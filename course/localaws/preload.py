"""What every local AWS reads before its first answers, read by importing this: for a process that forks several (`early`).

Nothing is left open, no thread begins, and no chance is used up: each fork begins as any other local AWS does, half a second sooner.
"""

import uvicorn.protocols.http.httptools_impl  # noqa: F401
import uvloop  # noqa: F401

import course.localaws.daemon  # noqa: F401
from course.localaws.contract.model import raw
from course.localaws.s3 import routes
from course.localaws.services.moto_mount import import_moto

SERVICES = ("cloudtrail", "cloudwatch", "logs", "sagemaker", "sagemaker-featurestore-runtime", "sagemaker-metrics")
SERVICES += ("sagemaker-runtime", "sts")

for service in SERVICES:
    raw(service)
routes.find("GET", routes.target(b"/", b""), ())

import_moto()
from moto.core.routing import get_service_router  # noqa: E402  after it is at home in its own world

get_service_router("iam")
