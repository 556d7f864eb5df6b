"""The status page of a run of the lanes, and the timings of all runs, which CI keeps from night to night."""

from __future__ import annotations

import csv
import platform
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from course import pages

TIMINGS = "timings.csv"
COLUMNS = ("lane", "tests", "seconds", "seconds before", "result")


@dataclass(frozen=True, slots=True)
class LaneTiming:
    """One lane of one run; ``seconds`` of wall time."""

    when: str
    python: str
    machine: str
    lane: str
    tests: int
    seconds: float
    result: str

    @classmethod
    def of(cls, outcome) -> LaneTiming:
        """The row of a lane's `course.regression.lanes.LaneResult`, now and on this machine."""
        when = datetime.now(UTC).isoformat(timespec="minutes")
        machine = f"{platform.system()} {platform.machine()}"
        tests, seconds = outcome.passed + outcome.failed, round(outcome.seconds, 1)
        return cls(when, platform.python_version(), machine, outcome.lane.name, tests, seconds, outcome.result)


def write(folder: Path, rows: Sequence[LaneTiming]) -> None:
    """Append to ``timings.csv`` next to ``folder``, and write ``status.html`` into it: this run and the earlier seconds of each lane."""
    timings = folder.parent / TIMINGS
    earlier = _read(timings)
    with timings.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if not earlier:
            writer.writerow([field.name for field in fields(LaneTiming)])
        writer.writerows(map(astuple, rows))
    where = f"{rows[0].when} UTC, Python {rows[0].python}, {rows[0].machine}" if rows else ""
    lanes = pages.table("Lanes of this run", COLUMNS, [_cells(row, earlier) for row in rows])
    pages.write(folder / "status.html", "Status of the course", [pages.paragraph(where), lanes])


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _cells(row: LaneTiming, earlier: Sequence[dict[str, str]]) -> tuple[str, ...]:
    before = ", ".join(old["seconds"] for old in earlier if (old["lane"], old["machine"]) == (row.lane, row.machine)) or "none"
    return (row.lane, str(row.tests), f"{row.seconds:g}", before[-60:], row.result)
