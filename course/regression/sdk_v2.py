"""Runs what the lessons show of version 2 of the SageMaker SDK: `python -m course.regression.sdk_v2 [NOTEBOOK ...]`.

Each lesson ends with its main path in version 2, as text, because version 3 is installed here. So that what is shown has run: the
notebook runs with the reference answers up to that text, and then the text's code runs in an environment of its own that has version 2,
on the same local AWS. The code may use the notebook's ``aws`` (its ``role``, ``bucket``, ``prefix`` and ``region``), tables, and values
that JSON can hold. Logs go to ``build/sdk-v2``.
"""

from __future__ import annotations

import ast
import builtins
import json
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from course import interrupts
from course.localaws.server import launch
from course.regression import package_sets
from course.regression.execute import cells_of, execute_all, lessons
from course.session import CourseSession

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("build", "sdk-v2")
HEADING = "## The same in version 2 of the SDK"
PACKAGES = ("sagemaker>=2.257,<3", "pandas<3", "pyarrow")  # AWS supports version 2 until 2027-07-05; it was written for pandas 2
PROGRAM_SECONDS = 600
SHOWN_LINES = 30  # of the log of a program that failed
HANDOVER = "from course.regression.sdk_v2 import hand_over\nhand_over({place!r}, {names!r}, globals())"
GIVEN_NAMES = "names.py"  # binds the names that a program takes from its notebook
SESSION = ("role", "bucket", "prefix", "region")  # what a program may use of ``aws``


class TextError(Exception):
    """The code in a lesson's text cannot be run; the message says why."""


@dataclass(frozen=True, slots=True)
class ShownProgram:
    """The code of a notebook's text.

    Attributes
    ----------
    notebook : Path
    cell : int
        The position of the text's cell.
    code : str
    names : tuple of str
        The names that it takes from the notebook.
    """

    notebook: Path
    cell: int
    code: str
    names: tuple[str, ...]


def shown_program(notebook: Path) -> ShownProgram | None:
    """The program below `HEADING`, all its code blocks in order; None when the notebook does not have that heading.

    Raises
    ------
    TextError
    """
    for number, cell in enumerate(cells_of(notebook)):
        if cell.cell_type == "markdown" and (code := _code_below_heading(cell.source)) is not None:
            return ShownProgram(notebook, number, code, _names(notebook, code))
    return None


def _code_below_heading(text: str) -> str | None:
    lines = text.splitlines()
    if HEADING not in lines:
        return None
    kept, in_block = [], False
    for line in lines[lines.index(HEADING) + 1 :]:
        if not in_block and line.startswith("## "):
            break
        if line.startswith("```"):
            in_block = line == "```python"
        elif in_block:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _names(notebook: Path, code: str) -> tuple[str, ...]:
    """The names that code uses and does not bind."""
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise TextError(f"{notebook.stem}: below {HEADING!r}: {error.msg}, line {error.lineno} of its code") from error
    if any(isinstance(node, ast.Constant) and node.value is Ellipsis for node in ast.walk(tree)):
        raise TextError(f"{notebook.stem}: the code below {HEADING!r} leaves something out (...)")
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ExceptHandler):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return tuple(sorted({node.id for node in names} - bound))


def run(program: ShownProgram, python: Path, log: Path) -> bool:
    """Run a notebook up to its text, then the text's program, on a local AWS of their own. Returns whether both succeeded.

    Parameters
    ----------
    program : ShownProgram
    python : Path
        A Python that has `PACKAGES`.
    log : Path
        What they print goes there.
    """
    with tempfile.TemporaryDirectory(prefix="sdk-v2-") as made, launch.temporary() as handle:
        folder = Path(made) / program.notebook.parent.name
        shutil.copytree(program.notebook.parent, folder)
        source = _begun(program, folder)
        environment = {"COURSE_LOCALAWS_STATE": str(handle.state), "COURSE_BACKEND": "local"}
        [executed] = execute_all([source], Path(made) / "executed", [environment], lambda _: None)
        if executed.error:
            log.write_text(f"The notebook failed before the text: {executed.error}\n")
            return False
        code = (folder / GIVEN_NAMES).read_text() + program.code
        with log.open("w") as output:
            command = [str(python), "-c", code]
            options = {"cwd": folder, "env": handle.environment(), "stdout": output, "stderr": subprocess.STDOUT}
            try:
                return subprocess.run(command, **options, timeout=PROGRAM_SECONDS).returncode == 0
            except subprocess.TimeoutExpired:
                output.write(f"The program was stopped: it ran longer than {PROGRAM_SECONDS} s.\n")
                return False


def _begun(program: ShownProgram, folder: Path) -> Path:
    """A copy of the notebook in ``folder`` that ends before the text and hands over the names."""
    notebook = nbformat.read(program.notebook, as_version=4)
    handover = nbformat.v4.new_code_cell(HANDOVER.format(place=str(folder), names=program.names))
    notebook.cells = [*notebook.cells[: program.cell], handover]
    source = folder / program.notebook.name
    nbformat.write(notebook, source)
    return source


def hand_over(place: str, names: Sequence[str], values: Mapping[str, Any]) -> None:
    """Write a program that binds names to the values that they have in a notebook. Runs in the notebook's kernel.

    Raises
    ------
    NameError
        The notebook does not have a name.
    TypeError
        A value is neither ``aws`` nor a table nor one that JSON can hold.
    """
    lines = ["import pandas", "from types import SimpleNamespace"]
    for name in names:
        if name not in values:
            raise NameError(f"the code below {HEADING!r} uses {name!r}, which the notebook does not have")
        value = values[name]
        if isinstance(value, CourseSession):
            members = {member: getattr(value, member) for member in SESSION}
            lines.append(f"{name} = SimpleNamespace(**{members!r})")
        elif isinstance(value, pd.DataFrame):
            file = Path(place, f"{name}.parquet")
            value.to_parquet(file)
            lines.append(f"{name} = pandas.read_parquet({str(file)!r})")
        else:
            lines.append(f"{name} = {json.loads(json.dumps(value))!r}")
    Path(place, GIVEN_NAMES).write_text("\n".join(lines) + "\n")


def main(chosen: Sequence[str] | None = None) -> int:
    """Run the programs of all notebooks, or of some by their names. Returns the exit code."""
    chosen = sys.argv[1:] if chosen is None else chosen
    try:
        programs = [program for notebook in lessons(ROOT) if (program := shown_program(notebook)) is not None]
        if unknown := set(chosen) - {program.notebook.stem for program in programs}:
            raise TextError(f"no notebook {', '.join(sorted(unknown))} has the heading {HEADING!r}")
        python = package_sets.clean(ROOT / FOLDER / "venv", PACKAGES)
    except (TextError, package_sets.PackageSetError) as error:
        print(f"sdk_v2: {error}", file=sys.stderr)
        return 1
    failed = [program for program in programs if not chosen or program.notebook.stem in chosen if not _reported(program, python)]
    return 1 if failed else 0


def _reported(program: ShownProgram, python: Path) -> bool:
    """Run a program and print a line about it, or the end of its log."""
    name, started = program.notebook.stem, time.monotonic()
    log = ROOT / FOLDER / f"{name}.log"
    done = run(program, python, log)
    print(f"{name}: version 2 {'ran' if done else 'failed'}, {time.monotonic() - started:.0f} s", flush=True)
    if not done:
        print(textwrap.indent("\n".join(log.read_text().splitlines()[-SHOWN_LINES:]), "    "), flush=True)
    return done


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
