"""KMS behind the gateway. moto serves every operation; the dispatcher adds authorization, audit and events if they are enabled."""

from __future__ import annotations

from pathlib import Path

from course.localaws.iam.permissions import PermissionTable
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``kms``."""
    permissions = PermissionTable(Path(__file__).with_name("permissions.yaml"))
    return Service("kms", platform, {}, fallback=platform.moto, permissions=permissions.required, stages=stages)
