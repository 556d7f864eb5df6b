"""The metrics and the baselines of a model package: `ModelMetrics` and `DriftCheckBaselines`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.registry.registry_fixtures import TYPES, RegistryFixtures

DIGEST = "sha256:" + "0aF" * 21 + "9"


def source(name: str, **members: str) -> dict:
    return {"ContentType": "application/json", "S3Uri": f"s3://bucket/{name}.json"} | members


METRICS = {
    "ModelQuality": {"Statistics": source("a", ContentDigest=DIGEST), "Constraints": source("b")},
    "ModelDataQuality": {"Statistics": source("c"), "Constraints": source("d")},
    "Bias": {"Report": source("e"), "PreTrainingReport": source("f"), "PostTrainingReport": source("g")},
    "Explainability": {"Report": source("h", S3Uri="https://s3.us-east-1.amazonaws.com/bucket/h.json")},
}
BASELINES = {
    "ModelQuality": {"Statistics": source("i"), "Constraints": source("j")},
    "ModelDataQuality": {"Statistics": source("k"), "Constraints": source("l", ContentDigest=DIGEST)},
    "Bias": {"ConfigFile": {"S3Uri": "s3://bucket/m"}, "PreTrainingConstraints": source("n"), "PostTrainingConstraints": source("o")},
    "Explainability": {"Constraints": source("p"), "ConfigFile": {"S3Uri": "s3://bucket/q", "ContentType": "", "ContentDigest": DIGEST}},
}


@pytest.fixture(scope="module")
def registry(client) -> Iterator[RegistryFixtures]:
    made = RegistryFixtures(client)
    yield made
    made.close()


def test_a_package_shows_all_its_metrics_and_baselines(registry: RegistryFixtures) -> None:
    """Also after an approval, and without a group."""
    group, name, both = registry.group(), registry.name("Alone"), {"ModelMetrics": METRICS, "DriftCheckBaselines": BASELINES}
    version = registry.version(group, **both)
    registry.approve(version)
    alone = {"ModelPackageName": name, "InferenceSpecification": registry.specification() | TYPES}
    registry.sagemaker.create_model_package(**alone, **both)
    for package in (version, name):
        described = registry.described(package)
        assert {member: described[member] for member in both} == both
    empty = registry.version(group, ModelMetrics={"ModelQuality": METRICS["ModelQuality"], "Bias": {}, "Explainability": {}})
    assert registry.described(empty)["ModelMetrics"]["ModelQuality"] == METRICS["ModelQuality"]  # as the SDKs write it
    assert "DriftCheckBaselines" not in registry.described(empty)


@pytest.mark.parametrize(
    ("member", "wrong", "place"),
    [
        ("ModelMetrics", {"ModelQuality": {"Statistics": source("a", S3Uri="/a.json")}}, "modelMetrics.modelQuality.statistics.s3Uri"),
        ("ModelMetrics", {"Bias": {"Report": source("a", ContentDigest="md5:1")}}, "modelMetrics.bias.report.contentDigest"),
        ("DriftCheckBaselines", {"Bias": {"ConfigFile": {"S3Uri": "ftp://a/b"}}}, "driftCheckBaselines.bias.configFile.s3Uri"),
        ("DriftCheckBaselines", {"Explainability": {"Constraints": source("a", S3Uri="s3://b/" + "a" * 1024)}}, "constraints.s3Uri"),
        ("DriftCheckBaselines", {"ModelDataQuality": {"Constraints": source("a", ContentType="t" * 257)}}, "constraints.contentType"),
    ],
)  # fmt: skip
def test_sources_of_another_form_are_refused_with_their_place(registry: RegistryFixtures, member: str, wrong: dict, place: str) -> None:
    code, message = refused(registry.version, registry.group(), **{member: wrong})
    assert code == "ValidationException" and place in message
