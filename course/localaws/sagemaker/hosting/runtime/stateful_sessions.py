"""Stateful sessions: a model keeps state between requests, so all requests of a session go to the instance where it began.

Source: "Stateful sessions with Amazon SageMaker AI models" of the developer guide, read 2026-11-26. The container chooses a session's id
and end, and sends both in ``X-Amzn-SageMaker-Session-Id: <id>; Expires=<time>``. AWS's own library for containers
(model_hosting_container_standards) sends ``X-Amzn-SageMaker-New-Session-Id`` instead; both are accepted. With
``X-Amzn-SageMaker-Closed-Session-Id`` the container closes a session. AWS does not publish its error text for an unknown session.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.hosting.servers.container_client import SESSION_HEADER

if TYPE_CHECKING:
    from course.localaws.core.clock import Clock

Instance = TypeVar("Instance")

NEW_SESSION = "NEW_SESSION"
NEW_HEADER, CLOSED_HEADER = "X-Amzn-SageMaker-New-Session-Id", "X-Amzn-SageMaker-Closed-Session-Id"
IDENTIFIER = r"[a-zA-Z0-9](?:-*[a-zA-Z0-9])*"
BEGUN = re.compile(rf"({IDENTIFIER});\sExpires=([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z)")
LONGEST = 256  # characters of a container's session header


@dataclass(frozen=True, slots=True)
class StatefulSession(Generic[Instance]):
    """An open session: the instance that holds it, and its end in Unix seconds."""

    instance: Instance
    end: float


class StatefulSessions(Generic[Instance]):
    """The sessions of one endpoint or component. They end with the local AWS, because their containers end too."""

    def __init__(self) -> None:
        self._sessions: dict[str, StatefulSession[Instance]] = {}

    def instance(self, session: str, now: float) -> Instance | None:
        """The instance that holds a session; None for ``NEW_SESSION``. Raises AwsError ``ValidationError``."""
        if session == NEW_SESSION:
            return None
        found = self._sessions.get(session)
        if found is None or found.end <= now:
            raise unknown(session)
        return found.instance

    def update(self, session: str | None, headers: Mapping[str, str], instance: Instance, clock: Clock) -> dict[str, str]:
        """Open or close a session as the container's headers say; returns the headers for the caller."""
        answer = {}
        begun = headers.get(SESSION_HEADER) or headers.get(NEW_HEADER, "")
        if session == NEW_SESSION and len(begun) <= LONGEST and (match := BEGUN.fullmatch(begun)):
            now = clock.now()
            self._sessions = {name: kept for name, kept in self._sessions.items() if kept.end > now}
            # The container uses the machine's clock, which a lesson cannot advance: keep the time that is left by that clock.
            self._sessions[match[1]] = StatefulSession(instance, now + _seconds(match[2]) - time.time())
            answer[NEW_HEADER] = begun
        closed = headers.get(CLOSED_HEADER, "").partition(";")[0].strip()
        if re.fullmatch(IDENTIFIER, closed):
            self._sessions.pop(closed, None)
            answer[CLOSED_HEADER] = closed
        return answer


def unknown(session: str) -> AwsError:
    """The error for a session that never existed, is over, or whose instance is gone."""
    return validation_error(f"Session {session} not found. It has expired, was closed, or its instance is gone; begin a new one.")


def _seconds(moment: str) -> float:
    try:
        return datetime.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:  # for example month 13
        return 0.0
