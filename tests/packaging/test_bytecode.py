"""Tests that a new environment compiles the modules that boxes import, even if Python must not write bytecode: all that lessons import of
the SDK, too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from course import bytecode

ROOT = Path(__file__).parents[2]


def test_what_is_imported_is_compiled_and_what_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "__init__.py").write_text("from tiny import part\n")
    (tmp_path / "tiny" / "part.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert bytecode.main([["no_such_module", "tiny"]]) == 0
    compiled = {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")}
    assert compiled == {"__init__", "part"}
    assert "no_such_module is not compiled" in capfd.readouterr().err


def imported(path: Path) -> set[str]:
    """The SDK's modules that a Python file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name for name in names if name.split(".")[0] == "sagemaker"}


def test_what_lessons_import_of_the_sdk_is_compiled() -> None:
    sources = [*ROOT.glob("solutions/**/*.py"), *ROOT.glob("graders/**/*.py")]
    needed = set().union(*map(imported, sources))
    assert needed and needed <= {name for group in bytecode.GROUPS for name in group}
