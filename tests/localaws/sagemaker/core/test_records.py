"""What is only recorded: kept, shown, changed and deleted as on AWS, and each answer says that it is a record."""

from __future__ import annotations

import base64
import itertools

import pytest
from botocore.exceptions import ClientError

SCRIPT = base64.b64encode(b"#!/bin/bash\necho hello\n").decode()
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonSageMaker-git-Ab12Cd"
GIT = {"RepositoryUrl": "https://git.example.com/team/flights.git", "Branch": "main"}
KERNELS = {"KernelSpecs": [{"Name": "python3", "DisplayName": "Python 3"}]}
NAMES = itertools.count()


class Recorded:
    """Operations of one kind by their verbs."""

    def __init__(self, sagemaker, stem: str, plural: str, shown: str, prefix: str) -> None:
        self._sagemaker, self._stem, self._plural, self._shown, self._prefix = sagemaker, stem, plural, shown, prefix
        self.name = f"kept-{next(NAMES)}"

    def do(self, verb: str, name: str | None = None, **params: object) -> dict:
        answer = getattr(self._sagemaker, f"{verb}_{self._stem}")(**{f"{self._prefix}Name": name or self.name}, **params)
        assert answer.pop("ResponseMetadata")["HTTPHeaders"]["x-local-aws"] == "record"
        return answer

    def list(self, **params: object) -> dict:
        answer = getattr(self._sagemaker, f"list_{self._plural}")(**params)
        assert answer.pop("ResponseMetadata")["HTTPHeaders"]["x-local-aws"] == "record"
        return answer

    def names(self, **params: object) -> list[str]:
        return [item[f"{self._prefix}Name"] for item in self.list(**params)[self._shown]]

    def refused(self, verb: str, **params: object) -> tuple[str, str]:
        with pytest.raises(ClientError) as error:
            self.do(verb, **params)
        return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# Stem, plural and list in boto3's and AWS's words; what is made; what is changed, and what is shown then; the codes of missing and taken.
KINDS = {
    "CodeRepository": (
        ("code_repository", "code_repositories", "CodeRepositorySummaryList"),
        {"GitConfig": GIT},
        ({"GitConfig": {"SecretArn": SECRET}}, {"GitConfig": GIT | {"SecretArn": SECRET}}),
        ("ValidationException", "ValidationException"),
    ),
    "NotebookInstanceLifecycleConfig": (
        ("notebook_instance_lifecycle_config", "notebook_instance_lifecycle_configs", "NotebookInstanceLifecycleConfigs"),
        {"OnCreate": [{"Content": SCRIPT}]},
        ({"OnStart": [{"Content": SCRIPT}]}, {"OnCreate": [{"Content": SCRIPT}], "OnStart": [{"Content": SCRIPT}]}),
        ("ValidationException", "ValidationException"),
    ),
    "StudioLifecycleConfig": (
        ("studio_lifecycle_config", "studio_lifecycle_configs", "StudioLifecycleConfigs"),
        {"StudioLifecycleConfigContent": SCRIPT, "StudioLifecycleConfigAppType": "JupyterLab"},
        None,
        ("ResourceNotFound", "ResourceInUse"),
    ),
    "AppImageConfig": (
        ("app_image_config", "app_image_configs", "AppImageConfigs"),
        {"KernelGatewayImageConfig": KERNELS},
        ({"KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "r"}]}}, {"KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "r"}]}}),
        ("ResourceNotFound", "ResourceInUse"),
    ),
}


@pytest.mark.parametrize("prefix", KINDS)
def test_a_record_from_its_making_to_its_end(client, prefix):
    words, made, change, (missing, taken) = KINDS[prefix]
    kind, sagemaker = Recorded(client("sagemaker"), *words, prefix), client("sagemaker")
    assert kind.refused("describe")[0] == kind.refused("delete")[0] == missing

    arn = kind.do("create", **made, Tags=[{"Key": "team", "Value": "a"}])[f"{prefix}Arn"]
    assert arn.startswith("arn:aws:sagemaker:us-east-1:123456789012:") and arn.endswith(f"/{kind.name}")
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    first = kind.do("describe")
    assert first == {f"{prefix}Name": kind.name, f"{prefix}Arn": arn, "CreationTime": first["LastModifiedTime"], **first, **made}
    assert kind.refused("create", **made)[0] == taken

    if change is not None:
        kind.do("update", **change[0])
        second = kind.do("describe")
        assert {**second, "LastModifiedTime": None} == {**first, **change[1], "LastModifiedTime": None}
        assert second["LastModifiedTime"] > first["LastModifiedTime"]
    assert kind.names(NameContains=kind.name) == [kind.name]

    assert set(kind.do("delete")) <= {f"{prefix}Arn"}
    code, message = kind.refused("describe")
    assert code == missing and kind.name in message
    assert kind.names(NameContains=kind.name) == []


def test_lists_have_an_order_filters_and_pages(client):
    repositories = Recorded(client("sagemaker"), *KINDS["CodeRepository"][0], "CodeRepository")
    for letter in "bac":
        repositories.do("create", name=f"order-{letter}", GitConfig=GIT)
    # By name and ascending, unless asked for otherwise.
    assert repositories.names(NameContains="order-") == ["order-a", "order-b", "order-c"]
    assert repositories.names(NameContains="order-", SortBy="CreationTime", SortOrder="Descending") == ["order-c", "order-a", "order-b"]
    first = repositories.list(NameContains="order-", MaxResults=2)
    assert first["CodeRepositorySummaryList"][0]["GitConfig"] == GIT
    assert repositories.names(NameContains="order-", MaxResults=2, NextToken=first["NextToken"]) == ["order-c"]

    scripts = Recorded(client("sagemaker"), *KINDS["StudioLifecycleConfig"][0], "StudioLifecycleConfig")
    for name, app in (("app-lab", "JupyterLab"), ("app-code", "CodeEditor")):
        scripts.do("create", name=name, StudioLifecycleConfigContent=SCRIPT, StudioLifecycleConfigAppType=app)
    assert scripts.names(NameContains="app", AppTypeEquals="CodeEditor") == ["app-code"]
    made = scripts.do("describe", name="app-lab")["CreationTime"]
    assert "app-lab" not in scripts.names(NameContains="app", ModifiedTimeBefore=made)
    assert "app-lab" in scripts.names(NameContains="app", ModifiedTimeAfter=made)


def test_an_image_is_configured_for_one_application(client):
    images = Recorded(client("sagemaker"), *KINDS["AppImageConfig"][0], "AppImageConfig")
    code, message = images.refused("create", KernelGatewayImageConfig=KERNELS, JupyterLabAppImageConfig={})
    assert code == "ValidationException" and message.endswith("got KernelGatewayImageConfig, JupyterLabAppImageConfig.")


def test_operations_that_are_executed_are_not_marked_as_records(client):
    assert "x-local-aws" not in client("sagemaker").list_models()["ResponseMetadata"]["HTTPHeaders"]
