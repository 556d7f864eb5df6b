"""Programs on pipelines in environments of only an SDK: v2, v3, and the parts of SageMaker Studio's image."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.regression import package_sets
from tests.localaws.server.test_cli_aws import program

PROGRAMS = Path(__file__).parents[2] / "programs"
GOOD = ("Prepare", "Train", "Evaluate", "Judge", "Create-CreateModel", "Register-RegisterModel", "Transform")
V2 = {
    "good": dict.fromkeys(GOOD, "Succeeded"),
    "bad": "MSE above 1e-09",
    "cached": ["Prepare", "Train", "Evaluate"],
    "batch": 20,
    "tuned": dict.fromkeys(("Tune", "Best-RepackModel-0", "Best-CreateModel"), "Succeeded"),
    "called": {"Count": "Succeeded", "Double": "Succeeded"},
    "result": 8,
}
CHECKED = dict.fromkeys(("Rows", "Guesses", "Register-RegisterModel"), "Succeeded")
DONE = dict.fromkeys(("Measure", "Train", "Script", "Judge", "Create", "Register", "Count", "Double"), "Succeeded")


@pytest.mark.nightly  # installs a gigabyte, and the SDKs take their time
@pytest.mark.timeout(1200)
def test_a_program_of_sdk_v2(local_aws, tmp_path: Path) -> None:
    """Its functions install SDK v2 into their jobs from the package index."""
    python = package_sets.clean(tmp_path / "venv", ["sagemaker==2.257.0", "pandas<3"])
    assert program(local_aws.state, (PROGRAMS / "pipelines_v2.py").read_text(), python, seconds=900) == V2


@pytest.mark.nightly  # installs a gigabyte
@pytest.mark.timeout(1200)
def test_a_program_of_sdk_v2_on_check_steps(local_aws, tmp_path: Path) -> None:
    python = package_sets.clean(tmp_path / "venv", ["sagemaker==2.257.0", "pandas<3"])
    failed = "ClientError: Quality check failed. See violation report"
    assert program(local_aws.state, (PROGRAMS / "checks_v2.py").read_text(), python, seconds=900) == {
        "runs": [CHECKED, CHECKED, {"Rows": "Failed"}, {"Rows": "Failed"}],
        "reasons": [failed, failed],
        "used": True,
    }


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "packages", [["sagemaker==3.27.0", "pandas<3"], package_sets.load_package_sets()["studio"]["overrides"]], ids=["v3", "Studio"]
)
def test_a_program_of_sdk_v3(local_aws, tmp_path: Path, packages: list[str]) -> None:
    python = package_sets.clean(tmp_path / "venv", packages)
    found = program(local_aws.state, (PROGRAMS / "pipelines_v3.py").read_text(), python, seconds=900)
    assert found == {"steps": DONE, "result": 2 * found["data"], "data": found["data"]}
