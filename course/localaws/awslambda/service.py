"""The Lambda service behind the gateway. Every operation that has no handler here is refused by name."""

from __future__ import annotations

from course.localaws.awslambda import permissions
from course.localaws.awslambda.aliases import Aliases
from course.localaws.awslambda.execution.event_queue import EventQueue
from course.localaws.awslambda.execution.invoker import Invoker
from course.localaws.awslambda.execution.pool import EnvironmentPool
from course.localaws.awslambda.functions import Functions
from course.localaws.awslambda.invocation import Invocations
from course.localaws.awslambda.packages import Packages
from course.localaws.awslambda.resource_policy import ResourcePolicies
from course.localaws.awslambda.store import FunctionStore
from course.localaws.context import Operation
from course.localaws.events.targets import FunctionTarget
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``lambda``."""
    backend = LambdaBackend(platform)
    return Service(
        "lambda",
        platform,
        backend.operations,
        run=in_thread,
        resource=lambda operation, params: f"function/{params['FunctionName']}" if "FunctionName" in params else "",
        permissions=of_model("lambda", permissions.records(backend.store)).required,
        stages=stages,
        backend=backend,
    )


class LambdaBackend:
    """All parts of the local Lambda.

    Attributes
    ----------
    operations : dict
        Name -> handler.
    store : FunctionStore
    """

    def __init__(self, platform: Platform) -> None:
        self.store = FunctionStore(platform.state / "lambda.db")
        self._packages = Packages(platform.state / "lambda", platform.objects)
        self._pool = EnvironmentPool(platform, self._packages)
        invoker = Invoker(platform, self._pool)
        self._events = EventQueue(platform, self.store, invoker)
        functions = Functions(self.store, self._packages, self._retire)
        self._invocations = Invocations(platform, functions, invoker, self._events)
        platform.functions = self._invocations
        platform.events.targets.add(FunctionTarget(self._start))
        self.operations: dict[str, Operation] = {
            **functions.operations(),
            **Aliases(self.store, functions).operations(),
            **ResourcePolicies(self.store, functions).operations(),
            "Invoke": self._invocations.operation,
        }

    def recover(self) -> None:
        """End what a killed local AWS left behind, and go on with its events."""
        self._pool.recover()
        self._sweep()
        self._events.recover()

    def reset(self) -> None:
        self._pool.end_all()
        self.store.reset()
        self._events.reset()
        self._sweep()

    def shutdown(self) -> None:
        self._pool.shutdown()
        self._events.shutdown()
        self._invocations.shutdown()
        self.store.close()

    def _start(self, arn: str, payload: str, token: str, service: str, source: str) -> None:
        self._invocations.invoke_event(arn, payload.encode(), token=token, service=service, source=source)

    def _retire(self, region: str, name: str) -> None:
        self._pool.retire(region, name)
        self._sweep()

    def _sweep(self) -> None:
        """Remove packages that no version and no environment uses."""
        with self.store.changing():
            versions = (version for function in self.store.every() for version in function.versions.values())
            self._packages.sweep({*(version["_Package"] for version in versions), *self._pool.packages_in_use()})
