"""HTML pages of the course's reports: one file each, without a network, usable by keyboard and screen reader."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --line: #c9d1d9; --soft: #f3f5f7; --link: #0b57d0; --bad: #b3261e;
  --mark: #ffe08a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --paper: #15181c; --line: #3d444d; --soft: #20252b; --link: #9ec5ff; --bad: #ffb4ab;
    --mark: #5c4a00; }
}
body { font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; }
main { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
a { color: var(--link); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tbody tr:nth-child(even) { background: var(--soft); }
figure { margin: 1.5rem 0; background: #ffffff; padding: .5rem; } figure svg { width: 100%; height: auto; }
figcaption { color: #1b1f24; font-size: .95rem; padding: .3rem .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; list-style: none; }
.unbroken { white-space: nowrap; }
details { margin: .4rem 0; } summary { cursor: pointer; }
meter { width: 8rem; height: 1rem; vertical-align: middle; }
td:has(code) { min-width: 16rem; }
code { background: var(--soft); padding: 0 .2em; }
pre { background: var(--soft); padding: .6rem .8rem; overflow-x: auto; font-size: .9rem; }
pre:focus-visible, a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 3px solid #1f6feb; outline-offset: 2px; }
mark { color: inherit; background: var(--mark); }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; } .beside > * { min-width: 0; }
.failed { font-weight: 700; color: var(--bad); }
"""

# The pages hold text of learners, escaped. If a page ever failed to escape it, a browser would still run and ask for nothing.
POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'\">"
)

NUMBER = ' class="number"'
A_NUMBER = re.compile(r"[-+−]?\d[\d,.]*( of \d[\d,.]*)?( ?%)?( (s|min|h|days))?$")
LONGEST_NUMBER = 24


class Markup(str):
    """Text that is already HTML. All other text of a page is escaped."""


def write(path: Path, title: str, parts: Iterable[str]) -> Path:
    """Write a page of HTML ``parts`` under the heading ``title``, atomically."""
    head = (
        f'<meta charset="utf-8">{POLICY}<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
    )
    body = f"<main><h1>{html.escape(title)}</h1>{''.join(parts)}</main>"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n', encoding="utf-8", errors="replace")
    beside.replace(path)
    return path


def text(content: str) -> Markup:
    """The HTML of a text; markup stays as it is."""
    return content if isinstance(content, Markup) else Markup(html.escape(content))


def paragraph(content: str) -> Markup:
    return Markup(f"<p>{text(content)}</p>")


def heading(content: str) -> Markup:
    return Markup(f'<h2 id="{_anchor(content)}">{text(content)}</h2>')


def contents(headings: Iterable[str]) -> Markup:
    """Links to the headings of a long page."""
    links = "".join(f'<li><a href="#{_anchor(each)}">{text(each)}</a></li>' for each in headings)
    return Markup(f'<nav aria-label="On this page"><ul>{links}</ul></nav>')


def _anchor(heading: str) -> str:
    return re.sub(r"\W+", "-", heading.lower()).strip("-")


def bullets(lines: Sequence[str]) -> Markup:
    """A list; nothing when there are no lines."""
    return Markup(f"<ul>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>" if lines else "")


def code(content: str) -> Markup:
    """Escaped text, in which text between backticks is code."""
    pieces = html.escape(content).replace("\n", "<br>").split("`")
    if len(pieces) % 2 == 0:  # a lone backtick is a backtick
        pieces[-2:] = ["`".join(pieces[-2:])]
    return Markup("".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces)))


def unbroken(content: str) -> Markup:
    """Text that is never broken into two lines, such as a date."""
    return Markup(f'<span class="unbroken">{text(content)}</span>')


def block(content: str, label: str) -> Markup:
    """A block of code or markup, described by ``label``. Focusable, so that the arrow keys scroll it."""
    return Markup(f'<pre role="region" tabindex="0" aria-label="{html.escape(label)}">{text(content)}</pre>')


def side_by_side(parts: Iterable[str]) -> Markup:
    """Parts side by side; one below the other in a narrow window."""
    return Markup(f'<div class="beside">{"".join(f"<div>{text(part)}</div>" for part in parts)}</div>')


def share(part: float, whole: float, label: str) -> Markup:
    """A bar of ``part`` in ``whole``, with its numbers beside it. ``label`` describes it to screen readers."""
    words = f"{part:g} of {whole:g}"
    bar = f'<meter min="0" max="{max(whole, 1e-9):g}" value="{part:g}" aria-label="{html.escape(label)}: {words}"></meter>'
    return unbroken(Markup(f"{bar} {words}"))


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table whose first column names its rows. Numbers are right-aligned, and a wide table scrolls."""
    numbers = [_is_numbers([row[i] for row in rows]) for i in range(len(columns))]
    head = "".join(f'<th scope="col"{NUMBER if each else ""}>{text(column)}</th>' for column, each in zip(columns, numbers, strict=True))
    body = "".join(f"<tr>{''.join(map(_cell, row, range(len(row)), numbers))}</tr>" for row in rows)
    made = f"<table><caption>{text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    # Focusable, so that the arrow keys scroll it.
    return Markup(f'<div class="wide" role="region" tabindex="0" aria-label="{html.escape(caption)}">{made}</div>')


def fold(summary: str, parts: Iterable[str], unfolded: bool = False) -> Markup:
    """Parts that a click on the summary shows and hides."""
    state = " open" if unfolded else ""
    return Markup(f"<details{state}><summary>{text(summary)}</summary>{''.join(text(part) for part in parts)}</details>")


def _cell(content: str, column: int, number: bool) -> str:
    if column == 0:
        return f'<th scope="row">{text(content)}</th>'
    failed = ' class="failed"' if content.startswith("failed") else ""
    return f"<td{NUMBER if number else failed}>{text(content)}</td>"


def _is_numbers(column: Sequence[str]) -> bool:
    """Whether these cells are numbers, or short words in place of missing numbers."""
    return any(map(A_NUMBER.match, column)) and all(len(cell) <= LONGEST_NUMBER for cell in column)


def figure(drawn: Figure, caption: str) -> Markup:
    """A plot. Its ``caption`` also describes it to screen readers."""
    return drawing(_svg(drawn), caption)


def drawing(svg: str, caption: str) -> Markup:
    """A drawing as SVG, described as a `figure` is."""
    said = html.escape(caption)
    return Markup(f'<figure><div role="img" aria-label="{said}">{svg}</div><figcaption>{said}</figcaption></figure>')


def axes(height: float) -> tuple[Figure, Axes]:
    """An empty plot as wide as a page and ``height`` inches high."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(9, height), layout="constrained")
    return drawn, drawn.subplots()


def _svg(drawn: Figure) -> str:
    buffer = io.StringIO()
    drawn.savefig(buffer, format="svg", metadata={"Date": None})
    content = buffer.getvalue()
    return content[content.index("<svg") :]
