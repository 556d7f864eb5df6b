"""Policies of resources, put together from statements."""

from typing import Any

Text = str | list[str]


def policy(*statements: dict) -> dict:
    """A policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(who: str, action: Text, resource: Text, condition: dict | None = None) -> dict:
    """A statement that allows; ``who`` is the ARN of a role, or ``"*"``."""
    return _statement("Allow", "*" if who == "*" else {"AWS": who}, action, resource, condition)


def deny(action: Text, resource: Text, condition: dict | None = None) -> dict:
    """A statement that denies to everybody."""
    return _statement("Deny", "*", action, resource, condition)


def _statement(effect: str, who: Any, action: Text, resource: Text, condition: dict | None) -> dict:
    limits = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Principal": who, "Action": action, "Resource": resource} | limits
