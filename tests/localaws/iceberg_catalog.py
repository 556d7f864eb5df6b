"""A catalog of Iceberg tables as a program with pyiceberg uses it."""

from __future__ import annotations

from pyiceberg.catalog.glue import GlueCatalog

from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from course.localaws.server import launch


def glue_catalog(handle: launch.Handle) -> GlueCatalog:
    """The Glue catalog of a local AWS, with its S3."""
    key = issued(handle.state)
    keys = {"access-key-id": key.principal.access_key, "secret-access-key": key.secret, "endpoint": handle.endpoint, "region": REGION}
    keys |= {"session-token": key.token} if key.token else {}
    return GlueCatalog("glue", **{f"{service}.{name}": value for service in ("glue", "s3") for name, value in keys.items()})
