"""Stateful sessions: a model keeps what it was told, and all further requests of the session go to the instance where it began.

Source: "Stateful sessions with Amazon SageMaker AI models" of the developer guide, read 2026-11-26. The container makes a session's id and
its end, and says both by ``X-Amzn-SageMaker-Session-Id: <id>; Expires=<time>``; AWS's own library for containers
(model_hosting_container_standards) says them by ``X-Amzn-SageMaker-New-Session-Id``, so that either is understood. It says by
``X-Amzn-SageMaker-Closed-Session-Id`` that a session is over. How AWS words the refusal of an unknown session is not published.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError, validation_error

if TYPE_CHECKING:
    from course.localaws.core.clock import Clock
    from course.localaws.sagemaker.hosting.servers.instances import HostedInstance

NEW_SESSION = "NEW_SESSION"
SESSION_HEADER, NEW_HEADER, CLOSED_HEADER = (f"X-Amzn-SageMaker-{kind}Session-Id" for kind in ("", "New-", "Closed-"))
IDENTIFIER = r"[a-zA-Z0-9](?:-*[a-zA-Z0-9])*"
BEGUN = re.compile(rf"({IDENTIFIER});\sExpires=([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z)")
LONGEST = 256  # characters of what a container says


@dataclass(frozen=True, slots=True)
class StatefulSession:
    """One that a container began: where it is, and until when."""

    instance: HostedInstance
    end: float


class StatefulSessions:
    """Those of one endpoint or component. What a container holds is gone with it, and so are these when the local AWS ends."""

    def __init__(self) -> None:
        self._sessions: dict[str, StatefulSession] = {}

    def instance(self, session: str | None, now: float) -> HostedInstance | None:
        """Where a request belongs; None for one of no session, or that begins one. Raises AwsError ``ValidationError``."""
        if session is None or session == NEW_SESSION:
            return None
        found = self._sessions.get(session)
        if found is None or found.end <= now:
            raise unknown(session)
        return found.instance

    def update(self, session: str | None, headers: Mapping[str, str], instance: HostedInstance, clock: Clock) -> dict[str, str]:
        """Take note of what a container says of sessions; the headers of the answer to the caller."""
        told = {}
        begun = headers.get(SESSION_HEADER) or headers.get(NEW_HEADER, "")
        if session == NEW_SESSION and len(begun) <= LONGEST and (match := BEGUN.fullmatch(begun)):
            now = clock.now()
            self._sessions = {name: kept for name, kept in self._sessions.items() if kept.end > now}
            # The container's clock is the machine's, which nobody advances: what is left by it counts.
            self._sessions[match[1]] = StatefulSession(instance, now + _seconds(match[2]) - time.time())
            told[NEW_HEADER] = begun
        closed = headers.get(CLOSED_HEADER, "").partition(";")[0].strip()
        if re.fullmatch(IDENTIFIER, closed):
            self._sessions.pop(closed, None)
            told[CLOSED_HEADER] = closed
        return told


def unknown(session: str) -> AwsError:
    """The refusal of a session that never was, is over, or whose instance is gone."""
    return validation_error(f"Session {session} not found. It has expired, was closed, or its instance is gone; begin a new one.")


def _seconds(moment: str) -> float:
    try:
        return datetime.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:  # e.g. of a month 13
        return 0.0
