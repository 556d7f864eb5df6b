"""RotateSecret and CancelRotateSecret. Source: the API reference; texts of errors from public reports of Secrets Manager's errors."""

from __future__ import annotations

import uuid
from dataclasses import replace

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.secretsmanager import rules, stages
from course.localaws.secretsmanager.events import PRINCIPAL
from course.localaws.secretsmanager.operations.common import EXTERNAL, Operations, invalid_request, refuse, summary
from course.localaws.secretsmanager.permissions import SERVICE
from course.localaws.secretsmanager.rotation import with_attempt, without_test
from course.localaws.secretsmanager.store import Attempt, Rotation, Secret

_NO_FUNCTION = (
    "No Lambda rotation function ARN is associated with this secret. Managed rotation, which needs no function, is only for secrets that "
    "other AWS services make, and is not supported by the local AWS."
)
_NOT_ALLOWED = (
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal "
    f"{PRINCIPAL}."
)
_UNFINISHED = "A previous rotation isn't complete. That rotation will be reattempted."


class RotationOperations(Operations):
    """The operations. A rotation itself runs later, in `course.localaws.secretsmanager.timers`."""

    def operations(self) -> dict[str, Operation]:
        return {"CancelRotateSecret": self.cancel, "RotateSecret": self.rotate}

    def rotate(self, context: Context, params: dict) -> dict:
        refuse(context, params, *EXTERNAL)
        now, token = context.platform.clock.now(), params.get("ClientRequestToken") or str(uuid.uuid4())
        with self.store.changing():
            secret = self.secret(context, params)
            rotation = _configured(context, secret, params, now)
            self._check_unfinished(secret, rotation, token, now)
            if secret.version(token) is None:
                attempt = Attempt(token, now, test=not params.get("RotateImmediately", True))
                secret = with_attempt(replace(secret, rotation=rotation, changed=now), attempt, now)
            self.store.put(secret)
        return summary(secret, VersionId=token)

    def _check_unfinished(self, secret: Secret, rotation: Rotation, token: str, now: float) -> None:
        """Raises AwsError ``InvalidRequestException`` while another rotation is not complete, and lets that one begin again."""
        pending = stages.unfinished(secret)
        if pending is None or pending.id == token:
            return
        present = rotation.attempt or Attempt(pending.id, now)
        if not present.test:
            self.store.put(replace(secret, rotation=replace(rotation, attempt=replace(present, due=min(present.due, now)))))
        raise invalid_request(_UNFINISHED)

    def cancel(self, context: Context, params: dict) -> dict:
        with self.store.changing():
            secret = self.secret(context, params)
            if secret.rotation is None:
                raise invalid_request(_NO_FUNCTION)
            if secret.rotation.attempt:
                secret = without_test(secret, secret.rotation.attempt)
            pending = stages.unfinished(secret)
            rotation = replace(secret.rotation, enabled=False, window=None, attempt=None)
            self.store.put(replace(secret, rotation=rotation, changed=context.platform.clock.now()))
        return summary(secret, **({"VersionId": pending.id} if pending else {}))


def _configured(context: Context, secret: Secret, params: dict, now: float) -> Rotation:
    """The rotation after a request has set its function and rules.

    Raises
    ------
    AwsError
        ``InvalidRequestException``, ``InvalidParameterException``, ``AccessDeniedException``.
    """
    present = secret.rotation
    function = params.get("RotationLambdaARN") or (present.function if present else "")
    if not function:
        raise invalid_request(_NO_FUNCTION)
    _check_function(context, function, secret)
    given = params.get("RotationRules") or {}
    if given:
        rules.check(given, now)
    kept = present or Rotation(function, {}, now)
    wanted, begun = (given, now) if given else (kept.rules, kept.begun)
    window = rules.window_after(wanted, now, begun) if wanted else None
    return replace(kept, function=function, rules=wanted, begun=begun, window=window, enabled=True)


def _check_function(context: Context, function: str, secret: Secret) -> None:
    """Raises AwsError ``AccessDeniedException`` unless Secrets Manager may invoke a function for a secret."""
    try:
        context.platform.functions.check_invocable(function, service=PRINCIPAL, source=secret.arn)
    except AwsError as error:
        raise AwsError("AccessDeniedException", f"{_NOT_ALLOWED} ({SERVICE} got: {error.message})") from None
