"""The keys with which requests are signed, and the one set that every local AWS issues to whoever may read its state folder."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from course.localaws.core.call import Principal

ACCOUNT = "123456789012"
ROLE_NAME = "SageMakerRole"
SESSION_NAME = "learner"

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret, and whose it is.

    Attributes
    ----------
    secret : str
    principal : Principal
        Who a request signed with it comes from; holds the access key.
    token : str
        The session token that a request must bring along; empty for the long-term keys of a user.
    expires : float or None
        Unix seconds after which requests are refused with ``ExpiredToken``; ``None`` for never.
    """

    secret: str
    principal: Principal
    token: str = ""
    expires: float | None = None


def new_credential(arn: str, account: str = ACCOUNT, *, temporary: bool = True, expires: float | None = None) -> Credential:
    """Random keys for a principal, shaped as AWS shapes them: ``ASIA...`` with a session token when temporary, else ``AKIA...``."""
    access_key = ("ASIA" if temporary else "AKIA") + "".join(secrets.choice(_BASE32) for _ in range(16))
    secret = base64.b64encode(secrets.token_bytes(30)).decode()
    token = base64.b64encode(secrets.token_bytes(120)).decode() if temporary else ""
    return Credential(secret, Principal(account, arn, access_key), token, expires)


def issued(state: Path, account: str = ACCOUNT) -> Credential:
    """The credential in ``keys.json`` of a state folder, an assumed role of ``SageMakerRole``; made (mode 0600) at the first call."""
    path = state / "keys.json"
    try:
        return of_document(json.loads(path.read_text()), account)
    except FileNotFoundError:
        credential = new_credential(learner(account), account)
        write(state, credential)
        return credential


def learner(account: str = ACCOUNT) -> str:
    """The ARN of whoever works with the local AWS."""
    return f"arn:aws:sts::{account}:assumed-role/{ROLE_NAME}/{SESSION_NAME}"


def write(state: Path, credential: Credential) -> None:
    """Write ``keys.json`` (mode 0600)."""
    # Written beside and moved, so that a full disk leaves no half a file behind.
    beside = state / "keys.new"
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(as_document(credential), file)
    beside.replace(state / "keys.json")


def as_document(credential: Credential) -> dict[str, str]:
    """What ``keys.json`` holds."""
    principal = credential.principal
    return {"access_key": principal.access_key, "secret": credential.secret, "token": credential.token, "arn": principal.arn}


def of_document(document: dict[str, str], account: str = ACCOUNT) -> Credential:
    """The inverse of `as_document`; one that does not expire."""
    return Credential(document["secret"], Principal(account, document["arn"], document["access_key"]), document["token"])
