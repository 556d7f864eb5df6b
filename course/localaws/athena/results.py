"""Reads the pages of GetQueryResults from the result in S3."""

from __future__ import annotations

import re
from pathlib import Path

from course.localaws.athena.failures import invalid

MOST_ROWS = 1000
_PLACE = re.compile(r"[0-9]{1,15}")
_FIELD = re.compile(rb'(?:"((?:[^"]|"")*)")?(,|\n)')
_CHUNK = 1 << 20


def page(path: Path, quoted: bool, token: str | None, most: int) -> tuple[list[dict], str | None]:
    """Rows of a result from a place on, and the next place, ``None`` at the end.

    Parameters
    ----------
    path : Path
    quoted : bool
        Whether fields are quoted, as in a SELECT's CSV. If not, they are separated by tabs.
    token : str or None
        The place, a number of bytes.
    most : int

    Raises
    ------
    AwsError
        ``InvalidRequestException``: the place does not exist.
    """
    start, size, rows = place(token), path.stat().st_size, []
    with path.open("rb") as file:
        file.seek(start)
        buffer, done = file.read(_CHUNK), 0
        while len(rows) < most and (buffer[done:] or start + done < size):
            found = _row(buffer, done) if quoted else _line(buffer, done)
            if found is None:
                more = file.read(_CHUNK)
                if not more:
                    break
                buffer = buffer + more
                continue
            fields, done = found
            rows.append({"Data": [{} if each is None else {"VarCharValue": each} for each in fields]})
    after = start + done
    return rows, str(after) if after < size else None


def place(token: str | None) -> int:
    """The place where the page of a ``NextToken`` begins. Raises AwsError."""
    if token is not None and not _PLACE.fullmatch(token):
        raise invalid("Invalid NextToken")
    return int(token or 0)


def _row(buffer: bytes, start: int) -> tuple[list[str | None], int] | None:
    fields: list[str | None] = []
    while match := _FIELD.match(buffer, start):
        fields.append(None if match[1] is None else match[1].decode().replace('""', '"'))
        start = match.end()
        if match[2] == b"\n":
            return fields, start
    return None


def _line(buffer: bytes, start: int) -> tuple[list[str | None], int] | None:
    end = buffer.find(b"\n", start)
    return None if end < 0 else (buffer[start:end].decode().split("\t"), end + 1)
