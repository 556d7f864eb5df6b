"""Secrets Manager behind the gateway. Operations without a handler are refused: replication to other regions and accounts."""

from __future__ import annotations

from functools import partial

from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread
from course.localaws.secretsmanager import migration
from course.localaws.secretsmanager.metering import meter
from course.localaws.secretsmanager.operations import passwords
from course.localaws.secretsmanager.operations.policies import Policies
from course.localaws.secretsmanager.operations.rotation import RotationOperations
from course.localaws.secretsmanager.operations.secrets import Secrets
from course.localaws.secretsmanager.operations.values import Values
from course.localaws.secretsmanager.permissions import SERVICE, SecretPermissions
from course.localaws.secretsmanager.store import SecretStore
from course.localaws.secretsmanager.timers import SecretTimers


class SecretsManager:
    """The secrets, and what happens to them without a request."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.store = SecretStore(platform.state / "secrets.db")
        self._timers = SecretTimers(platform, self.store)
        self._meter = partial(meter, self.store, platform.usage)
        self.store.changed.append(self._meter)

    def recover(self) -> None:
        """Take over the secrets of an earlier release, and go on with rotations."""
        migration.begin(self.store, self._platform.keys, self._platform.moto)
        self._timers.recover()
        self._meter()

    def reset(self) -> None:
        self._timers.reset()
        self.store.reset()

    def shutdown(self) -> None:
        self._timers.shutdown()
        self.store.shutdown()


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``secretsmanager``."""
    backend = SecretsManager(platform)
    store = backend.store
    permissions = SecretPermissions(store, platform.keys, platform.account, platform.identity.services)
    platform.identity.services[SERVICE] = permissions.of_service
    values = Values(store, permissions)
    operations = {
        **passwords.OPERATIONS,
        **Policies(store).operations(),
        **RotationOperations(store).operations(),
        **Secrets(store, values).operations(),
        **values.operations(),
    }
    return Service(
        SERVICE,
        platform,
        operations,
        run=in_thread,
        parse_all=True,
        resource=lambda operation, params: f"secret/{params['SecretId']}" if "SecretId" in params else "",
        permissions=permissions.required,
        stages=stages,
        backend=backend,
    )
