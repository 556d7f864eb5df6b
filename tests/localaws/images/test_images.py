"""Image URIs: all URIs that the SDK writes for our images are known, in every region and version. Others are refused in one form."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws import images
from course.localaws.core.errors import AwsError
from course.localaws.images import catalogue

EXAMPLE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"

FIRST_PARTY = ("kmeans", "pca", "knn", "linear-learner", "randomcutforest", "lda", "ntm")
NEAREST = re.compile(r"\. The nearest images are (\S+(?:, \S+){1,2})\. The SDK's image_uris\.retrieve\(\) writes such a URI\.$", re.DOTALL)
ROOM = 700  # characters of a refusal, besides the URI that was asked for

USES = ("training", "inference", "processing", "inference_graviton")
PYTHON_2 = [("sagemaker-tensorflow-scriptmode", "1.13.1")]


def refusal(uri: str) -> tuple[str, list[str]]:
    """The message about an image that is not known, and the images that it names. They exist."""
    with pytest.raises(AwsError) as caught:
        images.find(uri)
    message = caught.value.message
    assert caught.value.code == "ValidationException" and message.startswith(f"The local AWS does not know the image {uri}: ")
    assert len(message) < len(uri) + ROOM
    nearest = NEAREST.search(message)[1].split(", ")
    assert all(images.find(each).uri == each for each in nearest)
    return message, nearest


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


@pytest.mark.parametrize(
    "image, python",
    [
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "3.8"),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0", ""),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3", "3.9"),
        ("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.1.0-cpu-py310", "3.10"),
        ("081325390199.dkr.ecr.us-east-1.amazonaws.com/sagemaker-base-python-38:1.0", "3.8"),
    ],
)
def test_the_python_of_awss_image(image: str, python: str) -> None:
    assert images.find(image).python == python


def test_the_variables_of_awss_images() -> None:
    """Those that AWS's Dockerfiles set, and a program may read in a job of any kind."""
    sklearn = images.find("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3").environment
    assert sklearn["SAGEMAKER_SKLEARN_VERSION"] == "1.2-1" and sklearn["SM_MODEL_DIR"] == "/opt/ml/model"
    assert images.find(EXAMPLE).environment["SM_INPUT_DATA_CONFIG_FILE"] == "/opt/ml/input/config/inputdataconfig.json"
    pytorch = images.find("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6.0-cpu-py312").environment
    assert pytorch["DLC_CONTAINER_TYPE"] == "training"
    assert pytorch["SAGEMAKER_TRAINING_MODULE"] == "sagemaker_pytorch_container.training:main"


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
    ("uri", "words", "first"),
    [
        ("xgboost", "is not of the form", "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"),
        ("xgboost:1.7-1", "is not of the form", "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"),
        (
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-train:2.6.0-cpu-py312",
            "there is no local image for the repository pytorch-train",
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.6.0-cpu-py312",
        ),
        (
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-1",
            "sagemaker-xgboost has no version 3.0-1",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5",
        ),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost", "sagemaker-xgboost has no version latest", None),
        (EXAMPLE.replace("683313688378", "123456789012"), "belongs to the account 683313688378, not to 123456789012", EXAMPLE),
        (
            "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5",
            "sagemaker-spark-processing has no version 3.5",
            "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu",
        ),
        (EXAMPLE.replace("us-east-1", "mars-north-1"), "sagemaker-xgboost is not in the region mars-north-1", EXAMPLE),
        ("766337827248.dkr.ecr.eu-north-1.amazonaws.com/lda:1", "lda is not in the region eu-north-1", None),
        (
            "382416733822.dkr.ecr.cn-north-1.amazonaws.com.cn/ntm:1",
            "in cn-north-1 ntm belongs to the account 390948362332",
            "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/ntm:1",
        ),
    ],
)
def test_any_other_is_refused_with_the_three_nearest(uri: str, words: str, first: str | None) -> None:
    message, nearest = refusal(uri)
    assert words in message and len(nearest) == 3 and first in (None, nearest[0])


@given(st.text() | st.from_regex(images.URI, fullmatch=True))
def test_text_of_any_kind_is_refused_in_the_same_form(uri: str) -> None:
    assert len(refusal(uri)[1]) == 3


def test_the_name_of_a_version_is_nearest_to_itself() -> None:
    for entry in catalogue.entries():
        for version in {entry["versions"][0], entry["versions"][-1]}:
            name = f"{entry['repository']}:{version}"
            image = images.find(catalogue.nearest(name, "us-east-1")[0])
            assert image.uri.partition("/")[2].startswith(name) and image.version == version


def first_party_of_the_sdk() -> dict[str, dict]:
    """The SDK's tables of AWS's own algorithms: with one version, for training and inference."""
    sagemaker = pytest.importorskip("sagemaker.core", reason="compares with the SDK's tables, until 2027-05-24")
    tables = {path.stem: json.loads(path.read_text()) for path in (Path(sagemaker.__path__[0]) / "image_uri_config").glob("*.json")}
    return {
        name: table["versions"]["1"]
        for name, table in tables.items()
        if table.get("scope") == ["inference", "training"] and list(table["versions"]) == ["1"]
    }


def test_every_algorithm_of_aws_is_built_or_refused_with_what_runs_instead() -> None:
    refused = []
    for name, table in first_party_of_the_sdk().items():
        for region in ("us-east-1", "eu-west-1"):
            uri = f"{table['registries'][region]}.dkr.ecr.{region}.amazonaws.com/{table['repository']}:1"
            if catalogue.entry(table["repository"]):
                assert images.find(uri).algorithm == name
                continue
            message, instead = refusal(uri)
            entry = catalogue.not_built()[table["repository"]]
            assert f"AWS's algorithm {entry['title']} is not built here; {entry['instead']}" in message
            assert [each.partition("/")[2].partition(":")[0] for each in instead] == entry["images"]
            assert all(f".{region}." in each for each in instead)
            refused.append(name)
    assert set(refused) >= {"factorization-machines", "object2vec", "forecasting-deepar", "blazingtext", "seq2seq", "ipinsights"}


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
    assert images.missing("382416733822.dkr.ecr.us-east-1.amazonaws.com/ntm:1") == "torch: make extra-torch"
    clarify = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
    assert images.missing(clarify) == "smclarify: make extra-clarify"
    monkeypatch.undo()
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: "here")
    monkeypatch.setenv("PATH", "/nowhere")
    assert images.missing(spark) == "the program java"


def test_an_image_that_does_not_train_is_started_as_docker_starts_it() -> None:
    image = images.find("173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu")
    assert (image.train(), image.serve()) == (["smspark-submit", "train"], ["smspark-submit", "serve"])
