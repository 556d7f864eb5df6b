"""The parts of one running local AWS that services share: its state, the clock, and the other services' stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from course.localaws.core.call import Principal
from course.localaws.core.capacity import InstanceCapacity
from course.localaws.core.clock import Clock
from course.localaws.core.quota import StateQuota
from course.localaws.core.regular_expressions import RegularExpressions
from course.localaws.core.scheduler import Scheduler
from course.localaws.gateway.request_log import RequestLog
from course.localaws.moto.records import MotoRecords
from course.sandbox.limits import Limits

if TYPE_CHECKING:
    from course.localaws.autoscaling.scalable import Scalable, ScalableTargetLookup
    from course.localaws.billing.usage import UsageStore
    from course.localaws.ce.tags import CostAllocationTags
    from course.localaws.cloudwatch.alarms.alarms import Alarms
    from course.localaws.cloudwatch.metrics.store import MetricStore
    from course.localaws.ec2.networks import VpcNetworks
    from course.localaws.events.bus import EventBridge
    from course.localaws.iam.identity import Identity
    from course.localaws.kms.store import KeyStore
    from course.localaws.logs.store import LogStore
    from course.localaws.s3.store import ObjectStore
    from course.localaws.servicequotas.quotas import ServiceQuotas


class Queries(Protocol):
    """Athena, for services that run queries; `course.localaws.athena.athena.Athena` documents each method."""

    def start(self, region: str, principal: Principal, params: dict, stored: bool = True) -> str: ...

    def wait(self, query: str, seconds: float) -> bool: ...

    def execution(self, region: str, query: str) -> dict: ...

    def stop(self, region: str, query: str) -> None: ...

    def keep_merged(self, bodies: Iterable[str], path: Path, columns: dict[str, int]) -> None: ...


class FunctionInvoker(Protocol):
    """Lambda, for services that invoke functions; `course.localaws.awslambda.invocation.Invocations` documents each method."""

    def invoke_event(self, arn: str, payload: bytes, *, token: str = "", service: str = "", source: str = "") -> None: ...

    def invoke(self, arn: str, payload: bytes, *, service: str, source: str) -> str: ...

    def check_invocable(self, arn: str, *, service: str, source: str) -> None: ...


@dataclass
class Platform:
    """The parts of one running local AWS. `course.localaws.server.app` makes it.

    Attributes
    ----------
    state : Path
        The folder of all durable state, mode 0700.
    account : str
        Twelve digits.
    clock : Clock
    capacity : InstanceCapacity
    scheduler : Scheduler
        Runs tasks when the clock reaches their time.
    requests : RequestLog
    keys : KeyStore
    objects : ObjectStore
    usage : UsageStore
        What AWS would bill for.
    service_quotas : ServiceQuotas
        The quotas of all services. Each service with quotas adds its own, and enforces their applied values.
    logs : LogStore
    metrics : MetricStore
    alarms : Alarms
    events : EventBridge
    identity : Identity
    networks : VpcNetworks
    athena : Queries
        Set by Athena's constructor.
    functions : FunctionInvoker
        Set by Lambda's constructor.
    scalable : dict
        Scalable dimension -> the `Scalable` that Application Auto Scaling scales. Each service that can be scaled adds its own.
    recorded_data : set of str
        The types of resources whose data events a trail of CloudTrail asks for, e.g. ``"AWS::S3::Object"``.
    logged_regions : set of str
        The regions whose calls a trail of CloudTrail logs, ``"*"`` for all: EventBridge gets their events.
    scalable_targets : ScalableTargetLookup
        Set by Application Auto Scaling's constructor.
    allocation_tags : CostAllocationTags
        The keys of tags that count in the bill. Set by Cost Explorer's constructor.
    configurations : dict
        Resource type -> the documents of a region's resources, for Config's rules. Each service whose resources have rules adds its own.
    endpoint : str
        ``"http://127.0.0.1:PORT"``, for processes inside jobs.
    sealed : Path or None
        A Unix socket on which the gateway also listens. If set, jobs and model servers reach it as ``endpoint`` and have no other network.
    limits : Limits
        The limits of each job and model server.
    quota : StateQuota
    expressions : RegularExpressions
    own_libraries : bool
        Whether images have the libraries that ``course aws add-image`` added (`course.localaws.images.libraries`).
    """

    state: Path
    account: str
    clock: Clock
    capacity: InstanceCapacity
    scheduler: Scheduler
    requests: RequestLog
    keys: KeyStore
    objects: ObjectStore
    usage: UsageStore
    service_quotas: ServiceQuotas
    logs: LogStore
    metrics: MetricStore
    alarms: Alarms
    events: EventBridge
    identity: Identity
    networks: VpcNetworks
    endpoint: str
    quota: StateQuota
    sealed: Path | None = None
    limits: Limits = field(default_factory=Limits)
    expressions: RegularExpressions = field(default_factory=RegularExpressions)
    own_libraries: bool = False
    scalable: dict[str, Scalable] = field(default_factory=dict)
    recorded_data: set[str] = field(default_factory=set)
    logged_regions: set[str] = field(default_factory=set)
    scalable_targets: ScalableTargetLookup = field(init=False)
    allocation_tags: CostAllocationTags = field(init=False)
    configurations: dict[str, Callable[[str], list[dict]]] = field(default_factory=dict)
    athena: Queries = field(init=False)
    functions: FunctionInvoker = field(init=False)

    @property
    def moto(self) -> MotoRecords:
        """moto's services, for every operation that no package here implements."""
        return self.identity.moto
