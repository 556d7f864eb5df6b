"""Operations that list services and quotas.

Source: the API reference and the examples of the AWS CLI. AWS's text for a service or quota that does not exist was not found; that for a
service is moto's, and that for a quota follows AWS's other sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.servicequotas.quotas import Quota, QuotaSource, ServiceQuotas

PAGE = 100
NAMESPACE = "AWS/Usage"
_NO_SERVICE = "This service is not available in the current Region. Choose a different Region or a different service."


class Catalogue:
    """The operations."""

    def __init__(self, quotas: ServiceQuotas) -> None:
        self._quotas = quotas

    def operations(self) -> dict[str, Operation]:
        return {
            "GetAWSDefaultServiceQuota": self.get_default,
            "GetServiceQuota": self.get,
            "ListAWSDefaultServiceQuotas": self.list_defaults,
            "ListServiceQuotas": self.list,
            "ListServices": self.list_services,
        }

    def service(self, params: dict) -> QuotaSource:
        """The service that a request names. Raises AwsError ``NoSuchResourceException``."""
        found = self._quotas.services.get(params["ServiceCode"])
        if found is None:
            raise AwsError("NoSuchResourceException", _NO_SERVICE)
        return found

    def quota(self, params: dict) -> tuple[QuotaSource, Quota]:
        """The quota that a request names, and its service. Raises AwsError ``NoSuchResourceException``."""
        service = self.service(params)
        code = params["QuotaCode"]
        if code not in service.quotas:
            message = f"The request failed because the specified quota {code} does not exist for service {service.code}."
            raise AwsError("NoSuchResourceException", message)
        return service, service.quotas[code]

    def list_services(self, context: Context, params: dict) -> dict:
        services = [(code, {"ServiceCode": code, "ServiceName": each.name}) for code, each in sorted(self._quotas.services.items())]
        shown, following = page(services, params)
        return {"Services": shown, "NextToken": following}

    def get(self, context: Context, params: dict) -> dict:
        if "ContextId" in params:
            raise not_supported("service-quotas", "GetServiceQuota for a single resource (ContextId)")
        return {"Quota": self._applied(context, *self.quota(params))}

    def get_default(self, context: Context, params: dict) -> dict:
        return {"Quota": _default(context, *self.quota(params))}

    def list(self, context: Context, params: dict) -> dict:
        """The quotas of a service. None of them is one of a single resource."""
        service = self.service(params)
        if params.get("QuotaAppliedAtLevel") == "RESOURCE":
            return {"Quotas": []}
        wanted = [quota for quota in service.quotas.values() if params.get("QuotaCode", quota.code) == quota.code]
        shown, following = page([(quota.code, self._applied(context, service, quota)) for quota in wanted], params)
        return {"Quotas": shown, "NextToken": following}

    def list_defaults(self, context: Context, params: dict) -> dict:
        service = self.service(params)
        shown, following = page([(quota.code, _default(context, service, quota)) for quota in service.quotas.values()], params)
        return {"Quotas": shown, "NextToken": following}

    def _applied(self, context: Context, service: QuotaSource, quota: Quota) -> dict:
        shown = identity(context, service, quota) | {"Value": float(self._quotas.value(context.region, service.code, quota))}
        return shown | _kind(service, quota)


def page(found: Sequence[tuple[str, dict]], params: dict, default: int = PAGE) -> tuple[list[dict], str | None]:
    """One page of (key, document) pairs, and the token of the next page or None. Raises AwsError ``InvalidPaginationTokenException``."""
    try:
        return paging.ordered_page(found, params, default)
    except AwsError as error:
        raise AwsError("InvalidPaginationTokenException", error.message) from None


def identity(context: Context, service: QuotaSource, quota: Quota, *, default: bool = False) -> dict:
    """The members that say which quota it is. The ARN of a default names no account."""
    account = "" if default else context.account
    return {
        "ServiceCode": service.code,
        "ServiceName": service.name,
        "QuotaArn": f"arn:aws:servicequotas:{context.region}:{account}:{service.code}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Unit": quota.unit if quota.unit == "Seconds" else "None",
        "GlobalQuota": False,
    }


def _default(context: Context, service: QuotaSource, quota: Quota) -> dict:
    return identity(context, service, quota, default=True) | {"Value": float(quota.value)} | _kind(service, quota)


def _kind(service: QuotaSource, quota: Quota) -> dict:
    """Whether and where a quota can be changed, and which metric shows its use."""
    shown = {"Adjustable": quota.adjustable, "QuotaAppliedAtLevel": "ACCOUNT"}
    if quota.resource:
        dimensions = {"Class": "None", "Resource": quota.resource, "Service": service.metric_service, "Type": "Resource"}
        metric = {"MetricNamespace": NAMESPACE, "MetricName": "ResourceCount", "MetricDimensions": dimensions}
        shown["UsageMetric"] = metric | {"MetricStatisticRecommendation": "Maximum"}
    return shown
