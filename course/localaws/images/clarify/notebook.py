"""The report as a notebook, ``report.ipynb``. All its cells are text, so that it shows everything before anyone trusts or runs it.

Each cell has HTML as the page has it. Drawings are images: JupyterLab removes other SVG from text. Dollar signs are kept from being read
as the start of a formula, and line breaks from ending the HTML.
"""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

import nbformat
from nbformat import v4

from course import pages
from course.localaws.images.clarify import page
from course.localaws.images.clarify.blocks import Report

TAG = re.compile(r"(<[^>]*>)")


def write(path: Path, report: Report) -> None:
    """Write the notebook."""
    parts = [f"<h1>{html.escape(report.title)}</h1>", *(page.part(block, image) for block in report.blocks)]
    cells = [v4.new_markdown_cell(without_formulas(part), id=f"part-{number}") for number, part in enumerate(parts)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=cells, metadata=kernel), path)


def image(svg: str, said: str) -> str:
    """A drawing as an image, with its description as text below it."""
    whole = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    data = base64.b64encode(whole.encode()).decode()
    alt = html.escape(said)
    return pages.Markup(f'<figure><img alt="{alt}" src="data:image/svg+xml;base64,{data}"><figcaption>{alt}</figcaption></figure>')


def without_formulas(part: str) -> str:
    """HTML with the same text, in which no dollar sign begins a formula and no line is empty."""
    pieces = TAG.split(part)
    pieces[::2] = [text.replace("$", "<span>&#36;</span>") for text in pieces[::2]]
    pieces[1::2] = [tag.replace("$", "&#36;") for tag in pieces[1::2]]
    return "".join(pieces).replace("\n", "&#10;").replace("\r", "&#13;")
