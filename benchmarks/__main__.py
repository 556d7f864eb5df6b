"""``python -m benchmarks [NAME ...]``: measures, prints a table and writes ``build/benchmarks.json``.

Exit code 1 when a target is missed or a benchmark fails. A benchmark that fails does not stop the others. A run that is interrupted
keeps and shows its measurements so far.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row
from course import interrupts

RESULT = Path("build/benchmarks.json")
COLOURS = {"met": "green", "missed": "red", "not measured": "yellow"}
# Modules of this package.
NAMES = (
    "ready",
    "training",
    "tuning",
    "invoke",
    "throughput",
    "update",
    "transform",
    "listing",
    "pipelines",
    "monitoring",
    "explaining",
    "feature_store.offline",
    "objects",
    "authorization",
    "encryption",
    "audit",
    "billing",
    "restart",
    "queue",
    "grading",
    "judging",
    "feature_store.online",
)


def _measuring(name: str) -> Callable[[], list[Row]]:
    """The benchmark's ``measure``. It is imported only when it runs, so that no benchmark loads the packages of another."""
    return lambda: import_module(f"benchmarks.{name}").measure()


BENCHMARKS = {name: _measuring(name) for name in NAMES}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the local AWS and the grading beside their baselines."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    names = parser.parse_args(arguments).names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    console, rows, failed = Console(), [], []
    _write(rows, missing=names)
    try:
        for number, name in enumerate(names, 1):
            with console.status(f"measuring {name}"):
                try:
                    rows += BENCHMARKS[name]()
                except Exception:
                    traceback.print_exc()
                    failed.append(name)
            _write(rows, missing=[*failed, *names[number:]])
    finally:
        if rows:
            console.print(_table(rows))
    if failed:
        print(f"benchmarks: {', '.join(failed)} failed; the reason is above.", file=sys.stderr)
    return 1 if failed or any(row.verdict == "missed" for row in rows) else 0


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="What was measured, beside its baselines (medians)")
    for heading in ("", "ours", "baseline", "which is", "compared", "target", ""):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("ours", "baseline", "compared", "target") else "left")
    for row in rows:
        table.add_row(*row.cells(), f"[{COLOURS[row.verdict]}]{row.verdict}[/]")
    return table


def _write(rows: Sequence[Row], missing: Sequence[str]) -> None:
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": os.getloadavg()[0]}
    measured = {"rows": [row.as_json() for row in rows], "not_measured": list(missing)}
    result = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), **machine, **measured}
    RESULT.parent.mkdir(exist_ok=True)
    beside = RESULT.with_suffix(".new")
    beside.write_text(json.dumps(result, indent=2) + "\n")
    beside.replace(RESULT)


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
