"""Tests that every skip gives a date until which it is valid; otherwise the check fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("no accelerator, until 2999-01-01", "1 skipped"),
        ("no accelerator", "does not say until when"),
        ("no accelerator, until 2020-01-01", "that day is over"),
    ],
)
@pytest.mark.parametrize(
    "how", ["pytest.skip({!r})", pytest.param("pytest.importorskip('no_such_package', reason={!r})", marks=pytest.mark.nightly)]
)
def test_a_skip_needs_an_expiry_date(tmp_path, monkeypatch, reason, says, how):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they load slowly
    shutil.copy(CONFTEST, tmp_path)
    tmp_path.joinpath("test_it.py").write_text(f"import pytest\n\n\ndef test_it():\n    {how.format(reason)}\n")
    ran = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", tmp_path], cwd=tmp_path, capture_output=True, text=True)
    assert says in ran.stdout, ran.stdout + ran.stderr
    assert ran.returncode == (0 if says == "1 skipped" else 1)
