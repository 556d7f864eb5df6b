"""What Service Quotas shows of SageMaker: the quotas whose codes are known, and the instances that jobs and endpoints hold."""

from __future__ import annotations

from collections import Counter

from course.localaws.core.resources import ResourceEngine
from course.localaws.sagemaker.core import quotas


class SageMakerQuotas:
    """The `QuotaSource` of SageMaker."""

    code, name, metric_service = quotas.SERVICE, "Amazon SageMaker", "SageMaker"

    def __init__(self, engine: ResourceEngine) -> None:
        self.quotas, self._engine = quotas.listed(), engine

    def used(self, region: str) -> dict[str, float]:
        """The instances in use, by type and of all types together. Use of other quotas is not measured."""
        found: Counter[str] = Counter()
        for kind in self._engine.kinds.values():
            for context, document in self._engine.every(kind, kind.holding_statuses):
                usage = kind.usage(document)
                if context.region == region and usage:
                    for instance_type, count in quotas.counted(kind.instances(document)).items():
                        found[quotas.of_type(instance_type, usage).code] += count
                        found[quotas.of_usage(usage).code] += count
        return {code: found[code] for code in quotas.measured()}
