"""KMS behind the gateway. Operations without a handler are refused: custom key stores, imported key material and key agreement."""

from __future__ import annotations

from functools import partial

from course.localaws.kms import migration
from course.localaws.kms.metering import meter
from course.localaws.kms.operations import aliases, encryption, grants, keys, rotation
from course.localaws.kms.permissions import KmsPermissions
from course.localaws.kms.timers import KeyTimers
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread

OPERATIONS = {
    **aliases.OPERATIONS,
    **encryption.OPERATIONS,
    **grants.OPERATIONS,
    **keys.OPERATIONS,
    **rotation.OPERATIONS,
}


class Kms:
    """The part of KMS that acts without a request."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._timers = KeyTimers(platform.keys, platform.scheduler)
        self._meter = partial(meter, platform.keys, platform.usage)
        platform.keys.changed.append(self._meter)

    def recover(self) -> None:
        """Take over the keys of an earlier release."""
        migration.begin(self._platform.keys, self._platform.moto)
        if not self._platform.keys.migration.pending:
            self._meter()

    def reset(self) -> None:
        """The platform resets the keys."""

    def shutdown(self) -> None:
        pass


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``kms``, which uses the platform's `KeyStore`."""
    permissions = KmsPermissions(platform.keys)
    platform.identity.services["kms"] = permissions.of_service
    return Service(
        "kms",
        platform,
        OPERATIONS,
        run=in_thread,
        parse_all=True,
        permissions=permissions.required,
        stages=stages,
        backend=Kms(platform),
    )
