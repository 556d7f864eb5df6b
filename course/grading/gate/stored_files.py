"""Writes the files in which hidden code leaves what practice and notebooks look up: ``python -m course.grading.gate.stored_files``.

A hidden module with such files defines ``stored()``, which returns their contents, JSON data by path from the root of the repository.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from course.grading import catalogue


def files(root: Path) -> dict[Path, str]:
    """The text of every such file of the course in ``root``."""
    found = {}
    for path in sorted((root / "graders").glob(f"*/*{catalogue.HIDDEN}.py")):
        module = catalogue.load_module(path)
        if stored := vars(module).get("stored"):
            found |= {root / name: text(data) for name, data in stored().items()}
    return found


def text(data: Any, depth: int = 2) -> str:
    """JSON with a line for each item of the upper levels, so that a change shows where it is."""
    if depth and isinstance(data, list) and data:
        return "[\n" + ",\n".join(text(item, depth - 1).strip() for item in data) + "\n]\n"
    return json.dumps(data, separators=(",", ":")) + "\n"


def main() -> int:
    for path, content in files(Path.cwd()).items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
