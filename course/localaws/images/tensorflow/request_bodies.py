"""The bodies that the TensorFlow image takes, written as requests to TensorFlow Serving.

Matches ``tensorflowServing.js`` of aws/sagemaker-tensorflow-serving-container, read 2026-11-25, also in what it guesses by patterns, and in
that it quotes no more than the first two columns of a line of text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

TFS = re.compile(r'"(instances|inputs|examples)"\s*:')
SEVERAL = re.compile(r"[}\]]\s*[\[{]")  # objects or lists separated by white space alone
NESTED = re.compile(r"\s*\[\s*\[")
VALUES = re.compile(r'\s*("|[\d.Ee+\-]+.*)')  # of a CSV whose first field is a number or quoted


def from_json(body: str) -> str:
    """A request as it is; of JSON lines an instance each; of any other JSON one instance, or a list of them."""
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
    """An instance a line; a line of one column is a value, any other a list."""
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
