"""Image URIs: all URIs that the SDK writes for our images are known, in every region and version, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws import images
from course.localaws.core.errors import AwsError

EXAMPLE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"

FIRST_PARTY = ("kmeans", "pca", "knn", "linear-learner", "randomcutforest")


USES = ("training", "inference", "processing", "inference_graviton")
PYTHON_2 = [("sagemaker-tensorflow-scriptmode", "1.13.1")]


def by_python(entry: dict) -> list[dict]:
    """The entries of a version in the SDK's table, which may have one for each Python."""
    return [entry] if "repository" in entry else [each for each in entry.values() if isinstance(each, dict)]


def sdk_tables() -> list[tuple[str, str, str, str]]:
    """``(account, region, repository, version)`` of the SDK's own tables."""
    sagemaker = pytest.importorskip("sagemaker.core", reason="compares with the SDK's tables, until 2027-05-24")
    found = []
    for name in ("xgboost", "sklearn", "spark", "pytorch", "tensorflow", *FIRST_PARTY):
        table = json.loads((Path(sagemaker.__path__[0]) / "image_uri_config" / f"{name}.json").read_text())
        scopes = [table] if "versions" in table else [table[use] for use in USES if use in table]
        for scope in scopes:
            entries = [(version, each) for version, entry in scope["versions"].items() for each in by_python(entry)]
            for version, entry in entries:
                if (entry["repository"], version) in PYTHON_2 or entry["repository"] in ("sagemaker-pytorch", "sagemaker-tensorflow"):
                    continue
                found += [(account, region, entry["repository"], version) for region, account in entry["registries"].items()]
    return found


def test_every_uri_of_the_sdk_is_known() -> None:
    tables = sdk_tables()
    assert len(tables) > 1000
    for account, region, repository, version in tables:
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        usual = (version, f"{version}-cpu-py3", f"{version}-gpu-py312-cu126-ubuntu22.04-sagemaker")
        usual += (f"{version}-cpu", f"{version}-gpu") if "tensorflow" in repository else ()
        for tag in (f"{version}-cpu", f"{version}-cpu-py39-v1.0") if "spark" in repository else usual:
            image = images.find(f"{account}.dkr.ecr.{region}.{suffix}/{repository}:{tag}")
            assert image.version == version


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("xgboost", "is not of the form"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1", "repository mine"),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:9.9-1", "3.0-5"),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost", "has the versions"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "belongs to the account 683313688378"),
        ("173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5", "has the versions 2.4"),
        ("683313688378.dkr.ecr.mars-north-1.amazonaws.com/sagemaker-xgboost:1.7-1", "mars-north-1"),
    ],
)
def test_any_other_is_refused_with_what_is_known(uri: str, word: str) -> None:
    with pytest.raises(AwsError) as caught:
        images.find(uri)
    assert caught.value.code == "ValidationException"
    assert word in caught.value.message and EXAMPLE in caught.value.message and "image_uris.retrieve" in caught.value.message


@given(st.text())
def test_text_of_any_kind_is_answered(uri: str) -> None:
    with pytest.raises(AwsError):
        images.find(uri)


def test_a_job_has_at_most_forty_metric_definitions() -> None:
    names = [definition["Name"] for definition in images.find(EXAMPLE).metric_definitions()]
    assert len(names) == len(set(names)) == 40 and {"validation:auc", "train:rmse"} <= set(names)


def test_an_image_says_what_has_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    spark = "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu"
    assert images.missing(EXAMPLE) == ""
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
    assert images.missing(spark) == "pyspark: uv sync --inexact --extra spark"
    account = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
    assert images.missing(f"{account}/pytorch-training:2.6.0-cpu-py312") == "torch: make extra-torch"
    assert images.missing(f"{account}/tensorflow-inference:2.19.0-cpu") == "tensorflow: make extra-tensorflow"
    monkeypatch.undo()
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: "here")
    monkeypatch.setenv("PATH", "/nowhere")
    assert images.missing(spark) == "the program java"


def test_an_image_that_does_not_train_is_started_as_docker_starts_it() -> None:
    image = images.find("173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu")
    assert (image.train(), image.serve()) == (["smspark-submit", "train"], ["smspark-submit", "serve"])
