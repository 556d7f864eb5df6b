"""`docs/local-aws.md` is up to date with the code, README.md has its numbers, and every family of operations has its prose."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.server import conformance
from course.localaws.server.app import LocalAws


def test_the_page_is_of_today(tmp_path: Path) -> None:
    made = tmp_path / "local-aws.md"
    subprocess.run([sys.executable, "-m", "course.localaws.server.conformance", str(made)], check=True, timeout=120)
    assert made.read_text() == conformance.DOCUMENT.read_text(), "run `python -m course.localaws.server.conformance`"


def test_the_readme_has_the_pages_numbers() -> None:
    readme = " ".join((conformance.DOCUMENT.parents[1] / "README.md").read_text().split())
    found = re.search(r"model of its (\d+) operations\. Of these, (\d+) are refused", readme)
    counts = re.search(r"^\| `sagemaker` \| (\d+) \| \d+ \| \d+ \| (\d+) \|$", conformance.DOCUMENT.read_text(), re.MULTILINE)
    assert found.groups() == counts.groups()


def test_every_family_says_what_matches_and_what_does_not(tmp_path: Path) -> None:
    families = table(conformance.PROSE)["families"]
    aws = LocalAws(tmp_path, "http://127.0.0.1:1")
    assert families.keys() == {type(family).__name__ for family in aws.sagemaker.families}
    aws.shutdown()
    assert all(prose["title"] and prose["as_aws"] for prose in families.values())
