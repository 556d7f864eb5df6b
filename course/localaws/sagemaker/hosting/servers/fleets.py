"""A fleet: all instances of one deployment of an endpoint.

UpdateEndpoint starts a second fleet beside the first one, moves the traffic, and ends the first one after its last answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from course.localaws.context import Context
from course.localaws.jobs.runner import JobRunner
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, run_concurrently, stop
from course.localaws.sagemaker.hosting.servers.production_variant import ComponentVariant, ProductionVariant
from course.localaws.sagemaker.hosting.servers.serverless import ServerlessVariant


class Fleet:
    """The instances of all variants of one endpoint configuration.

    Attributes
    ----------
    variants : dict of str to ProductionVariant
    shadow : ProductionVariant or None
        Receives copies of requests.
    settings : dict
        See `variants.settings_of`.
    """

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, variants: Sequence[dict], settings: dict) -> None:
        self.settings = settings
        shadows = [make_variant(runner, context, endpoint, document) for document in settings.get("Shadows", ())]
        self.shadow = shadows[0] if shadows else None
        self.variants = {document["VariantName"]: make_variant(runner, context, endpoint, document) for document in variants}
        self._leaving: list[HostedInstance] = []

    @property
    def instances(self) -> list[HostedInstance]:
        """All that may have processes."""
        return [instance for variant in self.every for instance in variant.instances] + self._leaving

    def start(self) -> None:
        """Start all variants at once. When one fails, all are stopped. Raises HostingError, StartCancelled."""
        try:
            run_concurrently(self.every, lambda variant: variant.start())
        except Exception:
            self.stop()
            raise

    def configure(self, serverless: dict[str, dict]) -> None:
        """Change the configuration of serverless variants, by name. Raises HostingError, StartCancelled."""
        for name, configuration in serverless.items():
            self.variants[name].configure(configuration)
            self.variants[name].start()

    def stop(self) -> None:
        """Stop all instances at once."""
        self._end()
        stop(self.instances)

    def retire(self, instances: Sequence[HostedInstance] | None = None) -> None:
        """Stop instances, by default all, after their last answer. They must not get new requests."""
        leaving = instances
        if leaving is None:
            self._end()
            leaving = self.instances
        self._leaving = [*self._leaving, *leaving]
        run_concurrently(leaving, HostedInstance.drain)
        run_concurrently(leaving, HostedInstance.stop)
        self._leaving = [instance for instance in self._leaving if instance not in leaving]

    def _end(self) -> None:
        for variant in self.every:
            variant.end()

    @property
    def every(self) -> list[ProductionVariant]:
        """The variants, and the shadow if there is one."""
        return [*self.variants.values(), *([self.shadow] if self.shadow else [])]


def make_variant(runner: JobRunner, context: Context, endpoint: str, document: dict) -> ProductionVariant:
    """The variant that a document of `variants.variants_of` describes."""
    kind = ServerlessVariant if "Serverless" in document else ComponentVariant if "Component" in document else ProductionVariant
    return kind(runner, context, endpoint, document)
