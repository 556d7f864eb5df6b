"""Pages of log events in the order of their time stamps. Each event appears once; a token marks a position between two events."""

from __future__ import annotations

import heapq
import itertools
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from course.localaws.core.errors import AwsError
from course.localaws.logs.patterns import Matcher
from course.localaws.logs.store import EVENT_OVERHEAD, LogStore

MOST_EVENTS = 10_000
MOST_BYTES = 1 << 20
# Events that one FilterLogEvents examines. Then it returns the matches so far and a token, as AWS does.
MOST_SCANNED = 50_000
FOREVER = 1 << 62


class EventCursor(NamedTuple):
    """The position right after the event with this time stamp (milliseconds) and id. The event need not exist."""

    timestamp: int
    id: int

    def text(self) -> str:
        """The position as 56 digits, like AWS's event ids and tokens."""
        return f"{self.timestamp:020d}{self.id:036d}"


@dataclass(frozen=True, slots=True)
class Window:
    """A range of time in milliseconds. ``start`` is included, ``end`` is not."""

    start: int = 0
    end: int = FOREVER


@dataclass(frozen=True, slots=True)
class StreamPage:
    events: list[sqlite3.Row]
    forward: str
    backward: str


_TOKEN = re.compile(r"([fb])/(\d{20})(\d{36})(?:/s)?")


def stream_page(store: LogStore, stream_id: int, window: Window, token: str | None, limit: int, from_head: bool) -> StreamPage:
    """A page of one stream's events, oldest first, for GetLogEvents.

    At the end of the stream the caller's token is returned again. If events arrive later, that token leads to them.
    """
    direction, place = _read_token(token) if token else ("f" if from_head else "b", None)
    forward = direction == "f"
    if place is None:
        place = EventCursor(window.start - 1, FOREVER) if forward else EventCursor(window.end, 0)
    rows = _rows(store, stream_id, window, place, forward)
    events = _fill(itertools.islice(rows, limit))
    if not forward:
        events.reverse()
    first = EventCursor(events[0]["timestamp"], events[0]["id"] - 1) if events else place
    last = EventCursor(events[-1]["timestamp"], events[-1]["id"]) if events else place
    if not events and token is None:
        first = last = EventCursor(max(window.start - 1, 0), FOREVER if window.start else 0)
    return StreamPage(events, f"f/{last.text()}/s", f"b/{first.text()}/s")


@dataclass(frozen=True, slots=True)
class FilteredPage:
    """A page of FilterLogEvents. ``events`` are ``(stream name, row)``; ``token`` is None on the last page."""

    events: list[tuple[str, sqlite3.Row]]
    token: str | None


def filtered_page(
    store: LogStore, streams: dict[int, str], window: Window, token: str | None, limit: int, from_head: bool, matches: Matcher
) -> FilteredPage:
    """A page of the matching events of several streams, merged by time, for FilterLogEvents."""
    direction, place = _read_token(token) if token else ("f" if from_head else "b", None)
    forward = direction == "f"
    if place is None:
        place = EventCursor(window.start - 1, FOREVER) if forward else EventCursor(window.end, 0)
    sources = [_rows(store, stream_id, window, place, forward) for stream_id in streams]
    merged = heapq.merge(*sources, key=itemgetter("timestamp", "id"), reverse=not forward)
    events: list[tuple[str, sqlite3.Row]] = []
    size = 0
    for scanned, row in enumerate(merged):
        cost = len(row["message"].encode()) + EVENT_OVERHEAD
        matching = matches(row["message"])
        if scanned >= MOST_SCANNED or (matching and (len(events) == limit or (events and size + cost > MOST_BYTES))):
            return FilteredPage(events, f"{direction}/{place.text()}/s")
        place = EventCursor(row["timestamp"], row["id"] if forward else row["id"] - 1)
        if matching:
            events.append((streams[row["stream_id"]], row))
            size += cost
    return FilteredPage(events, None)


def _rows(store: LogStore, stream_id: int, window: Window, place: EventCursor, forward: bool) -> Iterator[sqlite3.Row]:
    """Events from a position on, forward or backward in time."""
    side, order = (">", "") if forward else ("<=", "DESC")
    query = (
        f"SELECT * FROM events WHERE stream_id = ? AND timestamp >= ? AND timestamp < ? AND (timestamp, id) {side} (?, ?)"
        f" ORDER BY timestamp {order}, id {order}"
    )
    return iter(store.database.connection.execute(query, (stream_id, window.start, window.end, *place)))


def _fill(rows: Iterable[sqlite3.Row]) -> list[sqlite3.Row]:
    """As many events as fit into a response of 1 MB, at least one."""
    events: list[sqlite3.Row] = []
    size = 0
    for row in rows:
        size += len(row["message"].encode()) + EVENT_OVERHEAD
        if events and size > MOST_BYTES:
            break
        events.append(row)
    return events


def _read_token(token: str) -> tuple[str, EventCursor]:
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.")
    return found[1], EventCursor(int(found[2]), int(found[3]))
