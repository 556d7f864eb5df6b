"""Sanitises a graded notebook: what is left of cells, outputs and metadata is harmless in every program that shows notebooks."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict

from course.grading.characters import writable
from course.grading.display import machine_paths
from course.grading.display.sanitiser import Sanitiser, as_text

# Programs choose a kernel and a highlighter by these names, which go into pages. Every submission runs in this kernel.
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"},
}
PLAIN = ("text/plain", "text/latex")  # shown as text
IMAGES = ("image/png", "image/jpeg")
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
GRADE_ID = re.compile(r"[a-zA-Z0-9_-]+\Z")
MEDIA_TYPE = re.compile(r"[\w.+/-]{1,80}\Z")
TIMES = ("iopub.execute_input", "iopub.status.busy", "iopub.status.idle", "shell.execute_reply")  # of a cell's run, as nbclient writes them
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,20}(Z|[+-][0-9]{2}:[0-9]{2})\Z")
MARKS = {  # nbgrader's cell metadata of schema 3, and their types
    "schema_version": int,
    "grade_id": str,
    "grade": bool,
    "solution": bool,
    "locked": bool,
    "task": bool,
    "cell_type": str,
    "checksum": str,
    "points": (int, float),
}


def sanitise(notebook: NotebookNode, root: Path | None = None) -> None:
    """Keep only what cannot run: in place. Outputs of other kinds (SVG, JavaScript, widgets) are dropped, raw cells are shown as text.

    Parameters
    ----------
    notebook : NotebookNode
    root : Path, optional
        The course's folder, by default the current one. Its path and others of this machine are replaced in outputs.
    """
    sanitiser, hide = Sanitiser(), machine_paths.hide(root or Path.cwd())
    notebook.metadata = from_dict(METADATA)
    notebook.cells = [from_dict(_cell(cell, sanitiser, hide)) for cell in notebook.cells]


def _cell(cell: NotebookNode, sanitiser: Sanitiser, hide: Callable[[str], str]) -> dict[str, Any]:
    source = _text(cell.get("source"))
    kept = {"cell_type": cell.get("cell_type"), "metadata": _metadata(cell.get("metadata"))}
    if "id" in cell:
        kept["id"] = cell["id"] if CELL_ID.match(_text(cell["id"])) else uuid.uuid4().hex[:8]
    if kept["cell_type"] == "code":
        outputs = [_output(output, sanitiser) for output in cell.get("outputs", ()) if isinstance(output, dict)]
        shown = [_without_paths(output, hide) for output in outputs if output]
        return kept | {"source": source, "execution_count": _count(cell), "outputs": shown}
    if kept["cell_type"] == "raw":  # an exporter passes its text on as HTML
        return kept | {"cell_type": "markdown", "source": as_text(source)}
    attachments = dict(_attachments(cell.get("attachments")))
    shown = sanitiser.markdown(source, attachments)
    needed = attachments if shown == source else {}  # a sanitised rendering has the pictures in it
    return kept | {"cell_type": "markdown", "source": shown} | ({"attachments": needed} if needed else {})


def _output(output: Mapping[str, Any], sanitiser: Sanitiser) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        traceback = output.get("traceback")
        lines = [_text(line) for line in traceback] if isinstance(traceback, list) else []
        return {"output_type": kind, "ename": _text(output.get("ename")), "evalue": _text(output.get("evalue")), "traceback": lines}
    if kind in ("display_data", "execute_result"):
        given = output.get("data")
        data, metadata = given if isinstance(given, dict) else {}, output.get("metadata")
        kept = dict(_data(data, sanitiser)) or {"text/plain": _not_shown(data)}
        shown: dict[str, Any] = {"output_type": kind, "data": kept, "metadata": dict(_descriptions(kept, metadata))}
        return shown | ({"execution_count": _count(output)} if kind == "execute_result" else {})
    return None


def _without_paths(shown: Any, hide: Callable[[str], str]) -> Any:
    """An output whose texts say nothing of where things lie on this machine."""
    if isinstance(shown, dict):
        return {name: each if name in IMAGES else _without_paths(each, hide) for name, each in shown.items()}
    if isinstance(shown, list):
        return [_without_paths(each, hide) for each in shown]
    return hide(shown) if isinstance(shown, str) else shown


def _data(data: Mapping[str, Any], sanitiser: Sanitiser) -> Iterator[tuple[str, str]]:
    for kind, content in data.items():
        if kind in PLAIN:
            yield kind, _text(content)
        elif kind == "text/html" and (html := sanitiser.html(_text(content))) is not None:
            yield kind, html
        elif kind == "text/markdown":
            yield kind, sanitiser.markdown(_text(content), {})
        elif kind in IMAGES and (image := _base64(content)):
            yield kind, image


def _not_shown(data: Mapping[str, Any]) -> str:
    kinds = ", ".join(kind for kind in data if isinstance(kind, str) and MEDIA_TYPE.match(kind))
    return f"[an output that is not shown: {kinds or 'of no kind'}]"


def _descriptions(data: Mapping[str, str], metadata: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The text for screen readers and the size of each picture."""
    for kind in IMAGES:
        given = metadata.get(kind) if kind in data and isinstance(metadata, dict) else None
        if isinstance(given, dict):
            numbers = {name: given[name] for name in ("width", "height") if type(given.get(name)) in (int, float)}
            yield kind, numbers | ({"alt": _text(given["alt"])} if "alt" in given else {})


def _attachments(given: Any) -> Iterator[tuple[str, dict[str, str]]]:
    for name, kinds in given.items() if isinstance(given, dict) else ():
        images = {kind: image for kind in IMAGES if isinstance(kinds, dict) and (image := _base64(kinds.get(kind)))}
        if images:
            yield name, images


def _metadata(given: Any) -> dict[str, Any]:
    """The marks of nbgrader, when the cell ran, and whether JupyterLab lets people edit and delete it."""
    given = given if isinstance(given, dict) else {}
    kept: dict[str, Any] = {name: given[name] for name in ("deletable", "editable") if isinstance(given.get(name), bool)}
    times = given.get("execution")
    if isinstance(times, dict) and (known := {name: text for name in TIMES if MOMENT.match(text := _text(times.get(name)))}):
        kept["execution"] = known
    marks = given.get("nbgrader")
    if isinstance(marks, dict) and GRADE_ID.match(_text(marks.get("grade_id"))):
        kept["nbgrader"] = {name: marks[name] for name, kind in MARKS.items() if isinstance(marks.get(name), kind)}
    return kept


def _count(of: Mapping[str, Any]) -> int | None:
    count = of.get("execution_count")
    return count if type(count) is int else None


def _text(value: Any) -> str:
    """A text of a notebook file, which may be split into lines; empty for anything else. Lone surrogates cannot be written to a file."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    return writable(value) if isinstance(value, str) else ""


def _base64(content: Any) -> str:
    """A picture in base64, without line breaks; empty when it is something else."""
    try:
        return base64.b64encode(base64.b64decode("".join(_text(content).split()), validate=True)).decode()
    except (binascii.Error, ValueError):
        return ""
