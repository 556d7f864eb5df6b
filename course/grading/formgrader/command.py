"""`course formgrade`: nbgrader's formgrader for looking at graded submissions, in a server in which no learner's script can run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

SETTINGS = "nbgrader_config.py"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course formgrade", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1 (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    if not (root / SETTINGS).is_file():
        print(f"course formgrade: {root} has no {SETTINGS}; run it in the course's folder, or name it with --root.", file=sys.stderr)
        return 2
    from course.grading.formgrader import server

    server.serve(root, options.port, not options.no_browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
