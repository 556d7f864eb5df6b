"""Converts the request bodies that the TensorFlow image accepts to requests to TensorFlow Serving.

Matches ``tensorflowServing.js`` of aws/sagemaker-tensorflow-serving-container, read 2026-11-25, including what it
guesses by patterns. It quotes no more than the first two columns of a line of text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

TFS = re.compile(r'"(instances|inputs|examples)"\s*:')
SEVERAL = re.compile(r"[}\]]\s*[\[{]")  # objects or lists with only white space between them
NESTED = re.compile(r"\s*\[\s*\[")
VALUES = re.compile(r'\s*("|[\d.Ee+\-]+.*)')  # a CSV whose first field is a number or quoted


def from_json(body: str) -> str:
    """A request for a JSON body: a complete request, JSON lines (one instance each), one instance, or a list of instances."""
    if TFS.search(body):
        return body
    if SEVERAL.search(body):
        return _from_lines(body)
    return f'{{"instances":{body if NESTED.match(body) else f"[{body}]"}}}'


def _from_lines(body: str) -> str:
    lines = _lines(body)
    instances = lines[0] if len(lines) == 1 else f"[{','.join(line for line in lines if line)}]"
    return f'{{"instances":{instances}}}'


def from_csv(body: str) -> str:
    """A request for a CSV body, with one instance for each line: a value for one column, a list for several."""
    quotes = VALUES.match(body) is None
    return f'{{"instances":[{",".join(_csv_line(line, quotes) for line in _lines(body) if line)}]}}'


def _csv_line(line: str, quotes: bool) -> str:
    several = "," in line
    if quotes:
        line = '"' + line.replace('"', '\\"', 1).replace(",", '","', 1) + '"'
    return f"[{line}]" if several else line


def _lines(body: str) -> list[str]:
    return [line.strip() for line in re.split(r"\r?\n", body.strip())]


WRITERS: dict[str, Callable[[str], str]] = {
    "application/json": from_json,
    "application/jsonlines": from_json,
    "application/jsons": from_json,
    "text/csv": from_csv,
}
