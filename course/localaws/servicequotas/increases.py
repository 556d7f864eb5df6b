"""Operations on requests to increase a quota, and the rule that grants them.

AWS does not publish which requests it grants by itself. **This is the rule of this local AWS, not AWS's:** a request is small if it asks
for at most four times the applied value, or for 1 where that is 0. A small request is approved an hour after it was made. Any other becomes
a support case after 49 seconds and stays one: on AWS, a person decides about it. If the caller allows no case, it is not approved.

What was recorded of AWS: two requests for 4 instances of an accelerated type instead of 1 were approved within 72 minutes; requests for 1
instance of ml.m5.large instead of 0 were approved in one account and became cases in another; the case in the examples of the AWS CLI was
opened 49 seconds after the request. Texts of errors are AWS's, but for those about what does not exist, of which no record was found.

Statuses depend on the clock alone: nothing has to run for a request to be decided.
"""

from __future__ import annotations

import json
import random
import secrets
import string

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.servicequotas.catalogue import Catalogue, identity, page
from course.localaws.servicequotas.quotas import Quota, ServiceQuotas
from course.localaws.servicequotas.store import APPROVED, CASE_OPENED, NOT_APPROVED, IncreaseRequest

FACTOR, FIRST = 4, 1
APPROVAL_SECONDS, CASE_SECONDS = 3600.0, 49.0
HISTORY_SECONDS = 90 * 24 * 3600.0
_CHARACTERS = string.ascii_letters + string.digits


class Increases:
    """The operations."""

    def __init__(self, quotas: ServiceQuotas, catalogue: Catalogue) -> None:
        self._quotas, self._catalogue = quotas, catalogue

    def operations(self) -> dict[str, Operation]:
        return {
            "GetRequestedServiceQuotaChange": self.get,
            "ListRequestedServiceQuotaChangeHistory": self.history,
            "ListRequestedServiceQuotaChangeHistoryByQuota": self.history_of_quota,
            "RequestServiceQuotaIncrease": self.request,
        }

    def request(self, context: Context, params: dict) -> dict:
        if "ContextId" in params:
            raise not_supported("service-quotas", "RequestServiceQuotaIncrease for a single resource (ContextId)")
        service, quota = self._catalogue.quota(params)
        applied = self._quotas.value(context.region, service.code, quota)
        _check(quota, applied, params["DesiredValue"])
        made = _decided(context, service.code, quota, params, applied)
        if not self._quotas.store.add(made):
            raise AwsError("ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota.")
        return {"RequestedQuota": self._shown(context, made)}

    def get(self, context: Context, params: dict) -> dict:
        id = params["RequestId"]
        found = self._quotas.store.request(context.region, id)
        shown = self._shown(context, found) if found else None
        if shown is None:
            raise AwsError("NoSuchResourceException", f"The request failed because the specified request {id} does not exist.")
        return {"RequestedQuota": shown}

    def history(self, context: Context, params: dict) -> dict:
        if "ServiceCode" in params:
            self._catalogue.service(params)
        return self._listed(context, params)

    def history_of_quota(self, context: Context, params: dict) -> dict:
        self._catalogue.quota(params)
        return self._listed(context, params)

    def _listed(self, context: Context, params: dict) -> dict:
        """The requests of 90 days that a call asks for. There are none for single resources."""
        if params.get("QuotaRequestedAtLevel") == "RESOURCE":
            return {"RequestedQuotas": []}
        requests = self._quotas.store.requests(context.region, context.platform.clock.now() - HISTORY_SECONDS)
        asked = [(name, params[name]) for name in ("ServiceCode", "QuotaCode", "Status") if name in params]
        shown = [document for each in requests if (document := self._shown(context, each))]
        found = [(each["Id"], each) for each in shown if all(each[name] == value for name, value in asked)]
        listed, following = page(found, params)
        return {"RequestedQuotas": listed, "NextToken": following}

    def _shown(self, context: Context, request: IncreaseRequest) -> dict | None:
        """The ``RequestedServiceQuotaChange``. ``None`` for a quota that this release does not have any more."""
        service = self._quotas.services.get(request.service)
        quota = service.quotas.get(request.code) if service else None
        if service is None or quota is None:
            return None
        now = context.platform.clock.now()
        shown = {
            "Id": request.id,
            "DesiredValue": request.desired,
            "Status": request.status(now),
            "Created": request.created,
            "Requester": request.requester,
            "QuotaRequestedAtLevel": "ACCOUNT",
        } | identity(context, service, quota)
        if request.decided <= now:
            shown |= {"LastUpdated": request.decided} | ({"CaseId": request.case_id} if request.case_id else {})
        return shown


def is_small(applied: float, desired: float) -> bool:
    """Whether a request is granted without a person."""
    return desired <= max(FIRST, FACTOR * applied)


def _check(quota: Quota, applied: float, desired: float) -> None:
    """Raises AwsError ``IllegalArgumentException``."""
    if not quota.adjustable:
        raise AwsError("IllegalArgumentException", "The request failed because the specified quota is not adjustable.")
    if desired <= quota.value:
        message = f"You must provide a quota value greater than the default quota value of {float(quota.value)}"
        raise AwsError("IllegalArgumentException", message)
    if desired <= applied:
        raise AwsError("IllegalArgumentException", "You must provide a quota value greater than the current quota value")


def _decided(context: Context, service: str, quota: Quota, params: dict, applied: float) -> IncreaseRequest:
    """A new request, with its outcome."""
    now, desired = context.platform.clock.now(), float(params["DesiredValue"])
    outcome, seconds, case = APPROVED, APPROVAL_SECONDS, ""
    if not is_small(applied, desired):
        outcome, seconds = CASE_OPENED, CASE_SECONDS
        case = "".join(random.choices(string.digits[1:], k=15))
        if not params.get("SupportCaseAllowed", True):
            outcome, case = NOT_APPROVED, ""
    id = secrets.token_hex(16) + "".join(random.choices(_CHARACTERS, k=8))
    requester = json.dumps({"accountId": context.account, "callerArn": context.principal.arn}, separators=(",", ":"))
    return IncreaseRequest(id, context.region, service, quota.code, desired, requester, now, outcome, now + seconds, case)
