"""Follows every link of every released notebook: to a file that JupyterLab opens, to a heading, or to a well-formed address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

ROOT = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(ROOT.glob("m*/*.ipynb"))
TARGET = re.compile(r"\]\(\s*<?([^)\s>]+)|<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*[\"']([^\"']+)|<(https?://[^>\s]+)>", re.I)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.M)
CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$|`[^`\n]*`", re.M | re.S)
# What JupyterLab shows without a further extension.
OPENED = {".ipynb", ".py", ".md", ".txt", ".csv", ".json", ".jsonl", ".yaml", ".svg", ".png", ".html", ".pdf"}


def prose(notebook: Path) -> str:
    """The Markdown of a notebook, without code."""
    cells = nbformat.read(notebook, as_version=4).cells
    return CODE.sub("", "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))


def targets(text: str) -> Iterator[str]:
    for found in TARGET.finditer(text):
        yield next(filter(None, found.groups()))


def anchors(text: str) -> set[str]:
    """JupyterLab's anchors: the text of each heading with dashes for blanks."""
    return {re.sub(r"[*_]", "", heading).replace(" ", "-") for heading in HEADING.findall(text)}


def problem(notebook: Path, target: str) -> str:
    """What is wrong with a link; ``""`` for a good one."""
    link = urlsplit(target)
    if link.scheme:
        return "" if link.scheme == "https" and "." in (link.hostname or "") else "no https address"
    path = (notebook.parent / unquote(link.path)).resolve() if link.path else notebook
    if not path.is_relative_to(ROOT):
        return "outside the learner's copy"
    if not path.is_file() or path.suffix not in OPENED:
        return "no file that JupyterLab opens"
    if link.fragment and (path.suffix != ".ipynb" or unquote(link.fragment) not in anchors(prose(path))):
        return "no such heading"
    return ""


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_link_leads_somewhere(notebook: Path) -> None:
    found = list(targets(prose(notebook)))
    assert found  # at least the next notebook
    assert {target: what for target in found if (what := problem(notebook, target))} == {}


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("../m04_training/", "no file that JupyterLab opens"),
        ("../m04_training/gone.ipynb", "no file that JupyterLab opens"),
        ("../../README.md", "outside the learner's copy"),
        ("#No-such-heading", "no such heading"),
        ("#Train", ""),
        ("http://example.org/a", "no https address"),
        ("https://example.org/a", ""),
    ],
)
def test_what_leads_nowhere_is_found(target: str, what: str) -> None:
    start = ROOT / "m00_start" / "m00_start.ipynb"
    text = f"# A\n[word]({target}) and `[code](gone)`\n"
    assert [problem(start, each) for each in targets(CODE.sub("", text))] == [what]
