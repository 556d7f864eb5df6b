"""STS: who is calling, and temporary keys. All of it is ours, since keys are; federation by SAML or OpenID Connect is not supported.

``AssumeRole`` asks the role's trust policy. Like every call but SageMaker's (`authorization`) it does not ask the caller's own policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.responses import Response

from course.localaws.core.call import AwsRequest, Service
from course.localaws.core.credentials import Credential
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.iam import authorization, policy
from course.localaws.iam.identity import Identity
from course.localaws.iam.policy import AuthorizationRequest, PolicyError
from course.localaws.iam.principals import Entity, Principals
from course.localaws.protocol import query

if TYPE_CHECKING:
    from course.localaws.platform import Platform

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/(?:[!-~]+/)?[\w+=,.@-]+", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NOT_SUPPORTED = ("Policy", "PolicyArns", "ProvidedContexts", "SerialNumber", "SourceIdentity", "Tags", "TokenCode", "TransitiveTagKeys")
# Condition keys of STS, in lower case, whose absence from a call to AssumeRole is a fact about it.
_ABSENT = ("sts:externalid", "sts:sourceidentity", "sts:transitivetagkeys")


def sts_service(platform: Platform) -> Service:
    """The `Service` of signing name ``sts``."""
    identity = platform.identity

    async def serve(call: AwsRequest) -> Response:
        form = await query.form_of(call)
        call.operation = form.get("Action", "")
        perform = _OPERATIONS.get(call.operation)
        if perform is None:
            raise not_supported("sts", call.operation)
        model = query.model("sts").operation_model(call.operation)
        parameters = query.parse(model, form)
        result = await identity.moto.run_async(lambda: perform(identity, call, parameters))
        return query.respond(model, result, call.id)

    return serve


def _get_caller_identity(identity: Identity, call: AwsRequest, parameters: dict) -> dict:
    _, user_id = identity.caller(call.principal)
    return {"UserId": user_id, "Account": call.principal.account, "Arn": call.principal.arn}


def _get_access_key_info(identity: Identity, call: AwsRequest, parameters: dict) -> dict:
    if identity.secret(parameters["AccessKeyId"]) is None:
        raise AwsError("AccessDenied", f"Access key {parameters['AccessKeyId']} belongs to another account, or does not exist.", 403)
    return {"Account": identity.account}


def _get_session_token(identity: Identity, call: AwsRequest, parameters: dict) -> dict:
    _refuse_options("GetSessionToken", parameters)
    if call.principal.arn.split(":")[2] == "sts":
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
    seconds = _seconds(parameters, default=43_200, longest=129_600)
    return {"Credentials": _credentials(identity.issue_as(call.principal.arn, seconds))}


def _assume_role(identity: Identity, call: AwsRequest, parameters: dict) -> dict:
    _refuse_options("AssumeRole", parameters)
    arn, session = parameters["RoleArn"], parameters["RoleSessionName"]
    if not _ROLE_ARN.fullmatch(arn):
        raise AwsError("ValidationError", f"{arn} is invalid")
    if not _SESSION_NAME.fullmatch(session):
        raise AwsError("ValidationError", f"Value '{session}' at 'roleSessionName' must be 2 to 64 characters of [A-Za-z0-9_+=,.@-]")
    role = _trusting_role(identity, call, parameters)
    chained = call.principal.arn.split(":")[2] == "sts"
    seconds = _seconds(parameters, default=3600, longest=3600 if chained else role.session_seconds)
    credential = identity.issue(arn, session, seconds)
    return {
        "Credentials": _credentials(credential),
        "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{session}", "Arn": credential.principal.arn},
    }


def _trusting_role(identity: Identity, call: AwsRequest, parameters: dict) -> Entity:
    """The role, if it trusts the caller. AWS does not tell a role that does not exist from one that does not trust."""
    arn = parameters["RoleArn"]
    refusal = f"User: {call.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    try:
        role = Principals(identity.moto.iam()).by_arn(arn)
        trust = policy.parse(f"trust policy of {role.name}", role.trust)
        decision = policy.evaluate(_request(identity, call, parameters), [trust])
    except PolicyError as error:
        raise AwsError("AccessDenied", f"{refusal} because {error}", 403) from None
    except AwsError:
        raise AwsError("AccessDenied", refusal, 403) from None
    if not decision.allowed:
        raise AwsError("AccessDenied", refusal, 403)
    return role


def _request(identity: Identity, call: AwsRequest, parameters: dict) -> AuthorizationRequest:
    caller, user_id = identity.caller(call.principal)
    context = {
        **authorization.request_keys(call, caller, user_id, identity.now()),
        "sts:RoleSessionName": [parameters["RoleSessionName"]],
    }
    if "ExternalId" in parameters:
        context["sts:ExternalId"] = [parameters["ExternalId"]]
    account = f"arn:aws:iam::{identity.account}:root"
    names = frozenset({call.principal.arn, identity.account, account, *([caller.arn] if caller else [])})
    absent = lambda key: key in _ABSENT or authorization.absent(key)  # noqa: E731
    return AuthorizationRequest("sts:AssumeRole", parameters["RoleArn"], context, {"AWS": names}, absent)


def _refuse_options(operation: str, parameters: dict) -> None:
    for option in _NOT_SUPPORTED:
        if option in parameters:
            raise not_supported("sts", f"{operation} with {option}")


def _seconds(parameters: dict, default: int, longest: int) -> int:
    seconds = parameters.get("DurationSeconds", min(default, longest))
    if seconds < 900:
        raise AwsError("ValidationError", f"Value '{seconds}' at 'durationSeconds' must have value greater than or equal to 900")
    if seconds > longest:
        raise AwsError("ValidationError", f"The requested DurationSeconds exceeds the {longest} seconds that a session may last here.")
    return seconds


def _credentials(credential: Credential) -> dict:
    return {
        "AccessKeyId": credential.principal.access_key,
        "SecretAccessKey": credential.secret,
        "SessionToken": credential.token,
        "Expiration": credential.expires,
    }


_OPERATIONS: dict[str, Callable[[Identity, AwsRequest, dict], dict]] = {
    "AssumeRole": _assume_role,
    "GetAccessKeyInfo": _get_access_key_info,
    "GetCallerIdentity": _get_caller_identity,
    "GetSessionToken": _get_session_token,
}
