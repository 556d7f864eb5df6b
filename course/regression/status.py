"""The status page of a run of the lanes, and the timings of all runs so far, which CI keeps from night to night."""

from __future__ import annotations

import csv
import html
import platform
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from course.regression.report import STYLE

TIMINGS = "timings.csv"


@dataclass(frozen=True, slots=True)
class Row:
    """One lane of one run; ``seconds`` of wall time."""

    when: str
    python: str
    machine: str
    lane: str
    tests: int
    seconds: float
    result: str

    @classmethod
    def of(cls, outcome) -> Row:
        """The row of a lane's `course.regression.lanes.Outcome`, now and here."""
        when = datetime.now(UTC).isoformat(timespec="minutes")
        machine = f"{platform.system()} {platform.machine()}"
        tests, seconds = outcome.passed + outcome.failed, round(outcome.seconds, 1)
        return cls(when, platform.python_version(), machine, outcome.lane.name, tests, seconds, outcome.result)


def write(folder: Path, rows: Sequence[Row]) -> None:
    """Append to ``timings.csv`` beside ``folder``, and write ``status.html`` into it: this run, and earlier seconds of each lane."""
    timings = folder.parent / TIMINGS
    earlier = _read(timings)
    with timings.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if not earlier:
            writer.writerow([field.name for field in fields(Row)])
        writer.writerows(map(astuple, rows))
    (folder / "status.html").write_text(_page(rows, earlier), encoding="utf-8")


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _page(rows: Sequence[Row], earlier: Sequence[dict[str, str]]) -> str:
    names = ("lane", "tests", "seconds", "seconds before", "result")
    body = ""
    for row in rows:
        before = ", ".join(old["seconds"] for old in earlier if (old["lane"], old["machine"]) == (row.lane, row.machine)) or "none"
        cells = (str(row.tests), f"{row.seconds:g}", before[-60:], row.result)
        kind = ' class="failed"' if row.result != "passed" else ""
        body += (
            f'<tr{kind}><th scope="row">{html.escape(row.lane)}</th>' + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
        )
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    where = f"{rows[0].when} UTC, Python {rows[0].python}, {rows[0].machine}" if rows else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Status of the course</title><style>{STYLE}</style></head>'
        f"<body><main><h1>Status of the course</h1><p>{html.escape(where)}</p>"
        f"<table><caption>Lanes of this run</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></main></body></html>\n"
    )
