"""Policies of resources, as policies of a caller: so the simulator says what each of them keeps out (m13_2)."""

from __future__ import annotations

import json

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
EVERYBODY = ("*", ["*"], {"AWS": "*"}, {"AWS": ["*"]})


def as_identity(statements: list[dict]) -> str:
    """A policy that allows everything but what the statements deny to everybody."""
    denies = [each for each in statements if each.get("Effect") == "Deny" and each.get("Principal") in EVERYBODY]
    return _text([EVERYTHING, *denies])


def as_limit(statements: list[dict]) -> str:
    """A policy that allows what the statements allow, to anybody. Endpoint policies are judged so."""
    return _text(statements)


def _text(statements: list[dict]) -> str:
    without = [{name: value for name, value in each.items() if name != "Principal"} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": without})
