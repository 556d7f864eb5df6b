"""Tests that pytest collects the tests from the repository's root, together and by folder, and that they hide no package."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = sorted({path.relative_to(ROOT).parts[1] for path in ROOT.glob("tests/*/**/test_*.py")})
COLLECT = """
import json, sys
import pytest
code = pytest.main(["--collect-only", "-qq", *sys.argv[1:]])
import packaging, sagemaker
print(json.dumps({"code": code, "path": sys.path, "homes": [*packaging.__path__, *sagemaker.__path__]}))
"""


def collected(*names: str) -> dict:
    """pytest's exit code, ``sys.path`` afterwards, and the locations of packages that share a name with one of our folders."""
    done = subprocess.run([sys.executable, "-c", COLLECT, *names], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    *output, last = done.stdout.splitlines()
    found = json.loads(last)
    assert found["code"] == 0, "\n".join(output)
    return found


def test_this_run_hides_no_package():
    homes = [home for name in ("packaging", "sagemaker") for home in importlib.util.find_spec(name).submodule_search_locations]
    assert [place for place in sys.path + homes if Path(place).is_relative_to(ROOT / "tests")] == []


@pytest.mark.nightly  # each lane collects its own part by day
def test_all_folders_are_collected_in_one_run():
    found = collected("tests")
    assert [place for place in found["path"] + found["homes"] if Path(place).is_relative_to(ROOT / "tests")] == []


@pytest.mark.nightly
@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_alone(folder):
    collected(f"tests/{folder}")
