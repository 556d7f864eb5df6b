"""Notebooks whose cells or candidates train, search, deploy or replay for minutes: beyond their reference they are tried at night."""

from __future__ import annotations

SLOW = ("m06_1", "m06_2", "m08_2", "m09_1", "m09_2")
