"""The STS service: caller identity and temporary keys, without moto's STS. Federation by SAML or OpenID Connect is not supported.

``AssumeRole`` checks the role's trust policy and the caller's own policies, which must allow it where the trust policy names the account.
"""

from __future__ import annotations

import re

from course.localaws.context import Context, Operation
from course.localaws.core.call import RoleSession
from course.localaws.core.credentials import Credential
from course.localaws.core.errors import AwsError, not_supported, validation_error
from course.localaws.iam import authorization, policy, sessions
from course.localaws.iam.policy import PolicyError
from course.localaws.iam.principals import Entity, Principals
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/(?:[!-~]+/)?[\w+=,.@-]+", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NOT_SUPPORTED = ("ProvidedContexts", "SerialNumber", "TokenCode")
# Condition keys of STS, in lower case, that may really be absent from a call to AssumeRole.
_ABSENT = ("sts:externalid", "sts:sourceidentity", "sts:transitivetagkeys")


def create_service(platform: Platform, stages: Stages) -> Service:
    """Returns the `Service` with signing name ``sts``. Its operations run in moto's thread."""
    return Service("sts", platform, _OPERATIONS, run=platform.moto.run_async, invalid=None, stages=stages)


def _get_caller_identity(context: Context, parameters: dict) -> dict:
    caller = context.platform.identity.caller(context.principal)
    return {"UserId": caller.user_id, "Account": context.principal.account, "Arn": context.principal.arn}


def _get_access_key_info(context: Context, parameters: dict) -> dict:
    if context.platform.identity.secret(parameters["AccessKeyId"]) is None:
        raise AwsError("AccessDenied", f"Access key {parameters['AccessKeyId']} belongs to another account, or does not exist.", 403)
    return {"Account": context.platform.identity.account}


def _get_session_token(context: Context, parameters: dict) -> dict:
    _refuse_options("GetSessionToken", parameters)
    if context.principal.arn.split(":")[2] == "sts":
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
    seconds = _seconds(parameters, default=43_200, longest=129_600)
    return {"Credentials": _credentials(context.platform.identity.issue_as(context.principal.arn, seconds))}


def _assume_role(context: Context, parameters: dict) -> dict:
    _refuse_options("AssumeRole", parameters)
    arn, session = parameters["RoleArn"], parameters["RoleSessionName"]
    if context.principal.is_root:
        raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    if not _ROLE_ARN.fullmatch(arn):
        raise validation_error(f"{arn} is invalid")
    if not _SESSION_NAME.fullmatch(session):
        raise validation_error(f"Value '{session}' at 'roleSessionName' must be 2 to 64 characters of [A-Za-z0-9_+=,.@-]")
    settings = sessions.session_of(parameters, context.principal.session, Principals(context.platform.identity.moto.iam()))
    role = _trusting_role(context, parameters, settings)
    chained = context.principal.arn.split(":")[2] == "sts"
    seconds = _seconds(parameters, default=3600, longest=3600 if chained else role.session_seconds)
    credential = context.platform.identity.issue(arn, session, seconds, settings, inside=context.principal.inside)
    answer = {
        "Credentials": _credentials(credential),
        "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{session}", "Arn": credential.principal.arn},
    }
    if settings and settings.source_identity:
        answer["SourceIdentity"] = settings.source_identity
    if settings and (settings.policy or settings.policy_arns or settings.tags):
        answer["PackedPolicySize"] = sessions.packed_size(settings)
    return answer


def _trusting_role(context: Context, parameters: dict, settings: RoleSession | None) -> Entity:
    """Returns the role if it trusts the caller. Like AWS, refuses a missing role in the same way as one that does not trust the caller."""
    arn, identity = parameters["RoleArn"], context.platform.identity
    caller = identity.caller(context.principal)
    keys = authorization.request_keys(context.call, caller, identity.now()) | sessions.request_keys(parameters, settings)
    for action in sessions.actions_of(settings):
        refusal = f"User: {context.principal.arn} is not authorized to perform: {action} on resource: {arn}"
        try:
            role = Principals(identity.moto.iam()).by_arn(arn)
            trust = policy.parse(f"trust policy of {role.name}", role.trust)
            request = caller.request(action, arn, keys, lambda key: key in _ABSENT or authorization.absent(key))
            # The role must trust the caller in any case. Where it trusts the whole account, the caller's own policies must allow it, too.
            allowed = policy.evaluate(request, [trust]).allowed and caller.about(action).evaluate(request, trust).allowed
        except PolicyError as error:
            raise AwsError("AccessDenied", f"{refusal} because {error}", 403) from None
        except AwsError:
            raise AwsError("AccessDenied", refusal, 403) from None
        if not allowed:
            raise AwsError("AccessDenied", refusal, 403)
    return role


def _refuse_options(operation: str, parameters: dict) -> None:
    for option in _NOT_SUPPORTED:
        if option in parameters:
            raise not_supported("sts", f"{operation} with {option}")


def _seconds(parameters: dict, default: int, longest: int) -> int:
    seconds = parameters.get("DurationSeconds", min(default, longest))
    if seconds < 900:
        raise validation_error(f"Value '{seconds}' at 'durationSeconds' must have value greater than or equal to 900")
    if seconds > longest:
        raise validation_error(f"The requested DurationSeconds exceeds the {longest} seconds that a session may last here.")
    return seconds


def _credentials(credential: Credential) -> dict:
    return {
        "AccessKeyId": credential.principal.access_key,
        "SecretAccessKey": credential.secret,
        "SessionToken": credential.token,
        "Expiration": credential.expires,
    }


_OPERATIONS: dict[str, Operation] = {
    "AssumeRole": _assume_role,
    "GetAccessKeyInfo": _get_access_key_info,
    "GetCallerIdentity": _get_caller_identity,
    "GetSessionToken": _get_session_token,
}
