"""Credentials that sign requests, and the one set that a local AWS stores in its state folder for the learner."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from course.localaws.core.call import Principal, RoleSession, VpcNetwork

ACCOUNT = "123456789012"
ADMINISTRATOR = "Administrator"  # the learner's role
SESSION_NAME = "learner"

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret and its owner.

    Attributes
    ----------
    secret : str
    principal : Principal
        The caller of requests that are signed with it; it holds the access key.
    token : str
        The session token that a request must have; empty for the long-term keys of a user.
    expires : float or None
        Unix seconds after which requests are refused with ``ExpiredToken``; None for never.
    """

    secret: str
    principal: Principal
    token: str = ""
    expires: float | None = None


def new_credential(
    arn: str,
    account: str = ACCOUNT,
    *,
    temporary: bool = True,
    expires: float | None = None,
    session: RoleSession | None = None,
    unlimited: bool = False,
    network: VpcNetwork | None = None,
    issued: float | None = None,
    inside: bool = False,
) -> Credential:
    """Random keys for a principal in AWS's format: ``ASIA...`` with a session token when temporary, else ``AKIA...``."""
    access_key = ("ASIA" if temporary else "AKIA") + "".join(secrets.choice(_BASE32) for _ in range(16))
    secret = base64.b64encode(secrets.token_bytes(30)).decode()
    token = base64.b64encode(secrets.token_bytes(120)).decode() if temporary else ""
    return Credential(secret, Principal(account, arn, access_key, session, unlimited, network, issued, inside), token, expires)


def issued(state: Path, account: str = ACCOUNT) -> Credential:
    """The credential in a state folder's ``keys.json``: a session of ``Administrator``. The first call makes it (mode 0600)."""
    path = state / "keys.json"
    try:
        return of_document(json.loads(path.read_text()), account, path.stat().st_mtime)
    except FileNotFoundError:
        write(state, new_credential(learner(account), account))
        return issued(state, account)


def learner(account: str = ACCOUNT) -> str:
    """The ARN of the local AWS's user."""
    return f"arn:aws:sts::{account}:assumed-role/{ADMINISTRATOR}/{SESSION_NAME}"


def write(state: Path, credential: Credential) -> None:
    """Write ``keys.json`` (mode 0600)."""
    # Write a new file and move it, so that a full disk leaves no partial file.
    new = state / "keys.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(as_document(credential), file)
    new.replace(state / "keys.json")


def as_document(credential: Credential) -> dict[str, str]:
    """The content of ``keys.json``."""
    principal = credential.principal
    return {"access_key": principal.access_key, "secret": credential.secret, "token": credential.token, "arn": principal.arn}


def of_document(document: dict[str, str], account: str = ACCOUNT, made: float | None = None) -> Credential:
    """The credential of a ``keys.json``; it does not expire. ``made`` is when it was made, in Unix seconds, if known."""
    arn = document["arn"]
    if arn == f"arn:aws:sts::{account}:assumed-role/SageMakerRole/{SESSION_NAME}":  # the learner of an earlier release
        arn = learner(account)
    return Credential(document["secret"], Principal(account, arn, document["access_key"], issued=made), document["token"])
