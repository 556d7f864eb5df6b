"""Programs on Feature Store in environments of only an SDK: v2, v3, and the parts of SageMaker Studio's image."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.regression import package_sets
from tests.localaws.server.test_cli_aws import program

PROGRAMS = Path(__file__).parents[2] / "programs"
BOTH = {
    "ddl": ["  carrier STRING", "  t FLOAT", "  delay FLOAT", "  n INT"],
    "record": {"carrier": "UA", "t": "1700043200.0", "delay": "3.0", "n": "12"},
    "failed": [1],
    "as of": [["f1", 1.0], ["f2", 3.0], ["f3", None]],
    "listed": 2,
}
V2 = BOTH | {
    "tags": [{"Key": "team", "Value": "a"}],
    "chosen": {"delay": "3.0"},
    "absent": None,
    "batch": [["AA", False], ["B6", True]],
    "deleted": None,
    "searched": [True],
    "ttl": {"Unit": "Hours", "Value": 1},
    "metadata": ["speed", [{"Key": "unit", "Value": "mph"}]],
    "offline": [["AA", 7.0, 5], ["UA", 1.0, 10], ["UA", 3.0, 12]],
    "latest": [3.0],
    "csv": 2,
    "range": ["UA"],
    "collection": ["1", "2", "3"],
}
V3 = BOTH | {"absent": {}, "deleted": {}, "metadata": ["speed", "unit"], "kept": ["AA", "UA", "UA"]}


@pytest.mark.nightly  # installs a gigabyte, and the SDKs take their time
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("packages", "script", "found"),
    [
        (["sagemaker==2.257.0", "pandas<3"], "feature_store_v2.py", V2),  # its `load_feature_definitions` does not know pandas 3
        (["sagemaker==3.27.0", "pandas<3"], "feature_store_v3.py", V3),
        (package_sets.load_package_sets()["studio"]["overrides"], "feature_store_v3.py", V3),
    ],
    ids=["v2", "v3", "Studio"],
)
def test_a_program_of_a_clean_sdk(local_aws, tmp_path: Path, packages: list[str], script: str, found: dict) -> None:
    python = package_sets.clean(tmp_path / "venv", packages)
    assert program(local_aws.state, (PROGRAMS / script).read_text(), python, seconds=600) == found


SPARK_PYTHON = "3.12"  # the SDK refuses feature processors in others, but for 3.9, which it no longer runs on
PROCESSOR = {
    "pipeline": "pipeline/speeds",
    "executions": 2,
    "job": "Failed",  # the Spark image here has neither hadoop-aws nor the connector's place
    "described": ["rate(1 day)", "ENABLED", True],
    "listed": [{"pipeline_name": "speeds"}],
    "gone": [
        "event_pattern",
        "schedule_arn",
        "schedule_expression",
        "schedule_role",
        "schedule_start_date",
        "schedule_state",
        "trigger",
        "trigger_state",
    ],
}


@pytest.mark.nightly  # installs a gigabyte and a half
@pytest.mark.timeout(1200)
def test_a_feature_processor_becomes_a_pipeline_with_a_schedule_and_a_trigger(local_aws, tmp_path: Path) -> None:
    packages = ["sagemaker==3.27.0", "pandas<3", "pyspark>=3.5,<3.6", "sagemaker-feature-store-pyspark==2.2.2"]
    try:
        python = package_sets.clean(tmp_path / "venv", packages, SPARK_PYTHON)
    except package_sets.PythonMissingError:
        pytest.skip(f"The SDK makes feature processors with Python {SPARK_PYTHON}, which is not here, until 2027-05-30")
    assert program(local_aws.state, (PROGRAMS / "feature_processor_v3.py").read_text(), python, seconds=600) == PROCESSOR
