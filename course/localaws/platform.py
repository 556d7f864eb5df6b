"""What every room of the local AWS is handed: where state lives, the clock, and the other rooms' doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core.clock import Clock
from course.localaws.core.scheduler import Scheduler
from course.localaws.gateway.request_log import RequestLog
from course.sandbox.limits import Limits

if TYPE_CHECKING:
    from course.localaws.athena.athena import Athena
    from course.localaws.cloudwatch.alarms.alarms import Alarms
    from course.localaws.cloudwatch.metrics.store import MetricStore
    from course.localaws.iam.identity import Identity
    from course.localaws.logs.store import LogStore
    from course.localaws.s3.store import ObjectStore


@dataclass
class Platform:
    """The rooms of one running local AWS. `course.localaws.server.app` makes it.

    Attributes
    ----------
    state : Path
        Everything durable lives below it, mode 0700.
    account : str
        Twelve digits.
    clock : Clock
    scheduler : Scheduler
        What is done when the clock gets there.
    requests : RequestLog
    objects : ObjectStore
    logs : LogStore
    metrics : MetricStore
    alarms : Alarms
    identity : Identity
    athena : Athena
        Set by the room when it is made.
    endpoint : str
        ``"http://127.0.0.1:PORT"``, for what runs inside jobs.
    sealed : Path or None
        A Unix socket on which the gateway listens too: jobs and model servers then reach that, as ``endpoint``, and no other network.
    limits : Limits
        Of each job and model server.
    """

    state: Path
    account: str
    clock: Clock
    scheduler: Scheduler
    requests: RequestLog
    objects: ObjectStore
    logs: LogStore
    metrics: MetricStore
    alarms: Alarms
    identity: Identity
    endpoint: str
    sealed: Path | None = None
    limits: Limits = field(default_factory=Limits)
    athena: Athena = field(init=False)
