"""Tests that a new environment compiles the modules that boxes import, even if Python must not write bytecode."""

from __future__ import annotations

from pathlib import Path

import pytest

from course import bytecode


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
