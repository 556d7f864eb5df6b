"""Reports of how much of the quotas is in use.

A report says what is in use at the moment when it is started. It is ready at once; on AWS within seconds. It can be read for 15 minutes, as
on AWS. It has the quotas whose use their service measures.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.servicequotas.catalogue import NAMESPACE, page
from course.localaws.servicequotas.quotas import ServiceQuotas

KEPT_SECONDS = 15 * 60.0
PAGE = 1000


class Utilization:
    """The operations."""

    def __init__(self, quotas: ServiceQuotas) -> None:
        self._quotas = quotas

    def operations(self) -> dict[str, Operation]:
        return {"GetQuotaUtilizationReport": self.get, "StartQuotaUtilizationReport": self.start}

    def start(self, context: Context, params: dict) -> dict:
        id, now = str(uuid.uuid4()), context.platform.clock.now()
        rows = sorted(self._rows(context.region), key=lambda row: (-row["Utilization"], row["ServiceCode"], row["QuotaCode"]))
        self._quotas.store.keep_report(id, context.region, now, rows, now - KEPT_SECONDS)
        return {"ReportId": id, "Status": "PENDING"}

    def get(self, context: Context, params: dict) -> dict:
        id = params["ReportId"]
        found = self._quotas.store.report(id, context.region)
        if found is None or context.platform.clock.now() > found[0] + KEPT_SECONDS:
            raise AwsError("NoSuchResourceException", f"The request failed because the specified report {id} does not exist.")
        made, rows = found
        shown, following = page([(f"{row['ServiceCode']}/{row['QuotaCode']}", row) for row in rows], params, PAGE)
        report = {"ReportId": id, "Status": "COMPLETED", "GeneratedAt": made, "TotalCount": len(rows)}
        return report | {"Quotas": shown, "NextToken": following}

    def _rows(self, region: str) -> Iterator[dict]:
        for service in self._quotas.services.values():
            for code, used in service.used(region).items():
                quota = service.quotas[code]
                applied = self._quotas.value(region, service.code, quota)
                yield {
                    "QuotaCode": code,
                    "ServiceCode": service.code,
                    "QuotaName": quota.name,
                    "Namespace": NAMESPACE,
                    "Utilization": 100.0 * used / applied if used else 0.0,
                    "DefaultValue": float(quota.value),
                    "AppliedValue": float(applied),
                    "ServiceName": service.name,
                    "Adjustable": quota.adjustable,
                }
