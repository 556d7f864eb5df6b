"""Compares script mode with the training toolkit itself, if it is installed, and with its known behaviour."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.shared.script_mode import Environment, decoded
from course.localaws.sagemaker.core import ml_folder
from course.localaws.sagemaker.core.cluster import hosts, resource_config

HYPERPARAMETERS = {
    "depth": "3",
    "rate": '"0.1"',
    "kind": "one of two",
    "flag": "true",
    "list": "[1, 2]",
    "map": '{"b": 2, "a": 1}',
    "x": "1",
    "none": "null",
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": '"s3://bucket/key.tar.gz"',
    "sagemaker_mpi_enabled": "false",
    "sagemaker_region": '"us-east-1"',
}
[HOST] = CLUSTER = hosts({"InstanceType": "ml.m5.large", "InstanceCount": 1})
RESOURCES = resource_config(CLUSTER, HOST)
CHANNELS = {"train": {"TrainingInputMode": "File"}, "validation": {"TrainingInputMode": "FastFile"}}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    ml_folder.create_training_layout(tmp_path / "ml", HYPERPARAMETERS, CHANNELS, RESOURCES)
    return tmp_path / "ml"


def group(name: str, count: int) -> dict:
    return {"InstanceGroupName": name, "InstanceType": "ml.m5.large", "InstanceCount": count}


@pytest.mark.parametrize(
    ("groups", "current", "parameters"),
    [
        ([group("homogeneousCluster", 1)], 0, {}),
        ([group("homogeneousCluster", 11)], 9, {"sagemaker_torch_distributed_enabled": "true"}),
        ([group("homogeneousCluster", 2)], 1, {"sagemaker_mpi_enabled": "true", "sagemaker_mpi_num_of_processes_per_host": "2"}),
        (
            [group("loaders", 1), group("trainers", 2)],
            2,
            {"sagemaker_torch_distributed_enabled": "true", "sagemaker_distribution_instance_groups": '["trainers"]'},
        ),
        ([group("loaders", 1), group("trainers", 2)], 0, {"sagemaker_distribution_instance_groups": '["trainers"]'}),
    ],
)
def test_as_the_toolkit(tmp_path: Path, groups: list[dict], current: int, parameters: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, base = hosts({"InstanceGroups": groups}), tmp_path / "ml"
    ml_folder.create_training_layout(base, HYPERPARAMETERS | parameters, CHANNELS, resource_config(cluster, cluster[current]))
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    monkeypatch.setenv("TRAINING_JOB_NAME", "job")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in [name for name in sys.modules if name.startswith("sagemaker_training")]:
        monkeypatch.delitem(sys.modules, name)  # it reads the variables at its import
    toolkit = pytest.importorskip(
        "sagemaker_training.environment", reason="the extra `toolkit` is not installed: make extra-toolkit, until 2027-05-24"
    )
    theirs, ours = toolkit.Environment(), Environment(base, None)
    assert ours.variables() == theirs.to_env_vars()
    assert ours.arguments() == theirs.to_cmd_args()


def test_arguments_and_variables(base: Path) -> None:
    environment = Environment(base, "framework:main")
    assert environment.arguments() == [
        *("--depth", "3", "--flag", "True", "--kind", "one of two", "--list", "[1, 2]", "--map", "a=1,b=2", "--none", "", "--rate", "0.1"),
        *("-x", "1"),
    ]
    variables = environment.variables()
    assert variables["SM_HP_LIST"] == "[1,2]" and variables["SM_HP_MAP"] == '{"a":1,"b":2}' and variables["SM_HP_NONE"] == ""
    assert variables["SM_FRAMEWORK_PARAMS"] == '{"sagemaker_mpi_enabled":false}' and variables["SM_FRAMEWORK_MODULE"] == "framework:main"
    assert variables["SM_CHANNEL_VALIDATION"] == str(base / "input/data/validation")
    assert "sagemaker_program" not in json.loads(variables["SM_HPS"])


@given(st.dictionaries(st.text(min_size=1), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())))
def test_hyperparameters_of_sdk_v2_come_back(values: dict) -> None:
    assert decoded({name: json.dumps(value) for name, value in values.items()}) == values
