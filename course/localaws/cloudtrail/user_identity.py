"""The element ``userIdentity`` of CloudTrail's records: who made a call.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

from datetime import UTC, datetime

from course.localaws.core.call import Principal
from course.localaws.iam.callers import Caller

SERVICE_OF_JOBS = "sagemaker.amazonaws.com"  # which makes the calls of jobs


def user_identity(caller: Caller, principal: Principal) -> dict:
    """The identity of a caller.

    Parameters
    ----------
    caller : Caller
        Its entity as IAM knew it at the time of the call.
    principal : Principal
        It has the access key of this call; sessions of a role may share the ``caller``.
    """
    entity = caller.entity
    found = _named(principal) | {"principalId": caller.user_id}
    if found["type"] == "AssumedRole":
        role = found["arn"].split("/")[1]
        issuer = {
            "type": "Role",
            "principalId": entity.id if entity else caller.user_id.partition(":")[0],
            "arn": entity.arn if entity else f"arn:aws:iam::{principal.account}:role/{role}",
            "accountId": principal.account,
            "userName": role,
        }
        found["sessionContext"] = {"sessionIssuer": issuer, "attributes": _attributes(principal), **_source(principal)}
    elif found["type"] == "IAMUser" and principal.access_key.startswith("ASIA"):
        found["sessionContext"] = {"attributes": _attributes(principal)}
    return found


def of_arn(arn: str, account: str) -> dict:
    """The identity of a caller of whom only the name is known: in rows of earlier releases, and of a job whose role is not known."""
    if not arn.startswith("arn:"):
        return {"type": "AWSService", "invokedBy": SERVICE_OF_JOBS}
    return _named(Principal(account, arn, ""))


def user_name(identity: dict) -> str:
    """The name by which the event history looks up a caller: of the user, of the session, ``"root"``, or of the service."""
    kind, arn = identity.get("type"), identity.get("arn", "")
    if kind == "Root":
        return "root"
    return identity.get("invokedBy", "") if kind == "AWSService" else arn.rpartition("/")[2]


def _named(principal: Principal) -> dict:
    """What the ARN and the key say alone."""
    kind, _, name = principal.arn.rpartition(":")[2].partition("/")
    found = {
        "type": {"assumed-role": "AssumedRole", "user": "IAMUser", "federated-user": "FederatedUser", "root": "Root"}.get(kind, "Unknown"),
        "principalId": principal.account if kind == "root" else "",
        "arn": principal.arn,
        "accountId": principal.account,
        **({"accessKeyId": principal.access_key} if principal.access_key else {}),
    }
    return found | ({"userName": name.rpartition("/")[2]} if kind == "user" else {})


def _attributes(principal: Principal) -> dict:
    """The attributes of a session. Sessions of earlier releases have no time at which they were issued."""
    issued = (
        {} if principal.issued is None else {"creationDate": datetime.fromtimestamp(principal.issued, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    )
    return issued | {"mfaAuthenticated": "false"}


def _source(principal: Principal) -> dict:
    """The source identity of a session, if it has one."""
    return {"sourceIdentity": principal.session.source_identity} if principal.session and principal.session.source_identity else {}
