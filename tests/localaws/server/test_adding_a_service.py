"""Adds a service, and a family of SageMaker operations, to a copy of the package: each is one package and one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import course

SERVICE = '''
"""Amazon Translate, for this test: it knows one word."""

from course.localaws.protocol.service import Service


def create_service(platform, stages):
    return Service("translate", platform, {"TranslateText": translate}, stages=stages)


def translate(context, params):
    words = {"flight": "Flug"}
    return {
        "TranslatedText": words[params["Text"]],
        "SourceLanguageCode": params["SourceLanguageCode"],
        "TargetLanguageCode": params["TargetLanguageCode"],
    }
'''
FAMILY = '''
"""Hubs, for this test."""

from course.localaws.core.resources import ResourceKind
from course.localaws.sagemaker.core.family import Family

HUB = ResourceKind(name="Hub", arn="hub", missing="Hub {name} does not exist.", exists="Hub {name} already exists.", status="HubStatus")


class Hubs(Family):
    kinds = (HUB,)

    def __init__(self, platform, engine):
        self.engine = engine
        self.operations = {"CreateHub": self.create, "DescribeHub": self.describe, "ListHubs": self.list}

    def create(self, context, params):
        return {"HubArn": self.engine.create(context, HUB, params["HubName"], {**params, "HubStatus": "InService"}, params.get("Tags", ()))}

    def describe(self, context, params):
        return self.engine.get(context, HUB, params["HubName"])

    def list(self, context, params):
        return {"HubSummaries": self.engine.page(context, HUB, params)[0]}
'''
PROGRAM = """
import json
import boto3
from botocore.exceptions import ClientError
from course.localaws.server import launch


def error(call, **parameters):
    try:
        call(**parameters)
    except ClientError as refused:
        return [refused.response["Error"]["Code"], refused.response["Error"]["Message"]]


with launch.temporary() as aws:
    keys = aws.environment()
    session = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys.get("AWS_SESSION_TOKEN"), "us-east-1")
    translate = session.client("translate", endpoint_url=aws.endpoint)
    request = {"Text": "flight", "SourceLanguageCode": "en", "TargetLanguageCode": "de"}
    sagemaker = session.client("sagemaker", endpoint_url=aws.endpoint)
    found = {
        "translated": translate.translate_text(**request)["TranslatedText"],
        "invalid": error(translate.translate_text, **request | {"TargetLanguageCode": "german"}),
        "refused": error(translate.list_terminologies),
        "arn": sagemaker.create_hub(HubName="Models", HubDescription="ours", Tags=[{"Key": "team", "Value": "delays"}])["HubArn"],
    }
    found["hub"] = sagemaker.describe_hub(HubName="Models")["HubDescription"]
    found["listed"] = [hub["HubName"] for hub in sagemaker.list_hubs()["HubSummaries"]]
    found["tags"] = sagemaker.list_tags(ResourceArn=found["arn"])["Tags"]
    found["twice"] = error(sagemaker.create_hub, HubName="Models", HubDescription="ours")
    found["logged"] = [[event["service"], event["operation"]] for event in aws.events()][:2]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package ``course`` that has the service and the family."""
    root = tmp_path_factory.mktemp("package")
    shutil.copytree(Path(course.__file__).parent, root / "course", ignore=shutil.ignore_patterns("__pycache__"))
    local_aws = root / "course/localaws"
    for module, text in {"translate/service.py": SERVICE, "sagemaker/hubs/operations.py": FAMILY}.items():
        (local_aws / module).parent.mkdir()
        (local_aws / module).write_text(text)
    with (local_aws / "services.yaml").open("a") as services:
        services.write("translate: {module: translate.service, stages: []}\n")
    families = local_aws / "sagemaker/service.py"
    families.write_text(families.read_text().replace("FAMILIES = (\n", 'FAMILIES = (\n    "hubs.operations:Hubs",\n', 1))
    return root


def test_a_service_and_a_family_need_a_package_and_a_line_each(package: Path) -> None:
    settings = os.environ | {"PYTHONPATH": str(package), "LOCALAWS_STRICT": "1"}
    command = [sys.executable, "-P", "-c", PROGRAM]
    found = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=package, env=settings, check=True, timeout=120).stdout
    )
    assert found["translated"] == "Flug"
    code, message = found["invalid"]
    assert code == "ValidationException" and "Member must have length less than or equal to 5" in message
    assert found["refused"][0] == "NotSupportedByLocalAws" and "translate:ListTerminologies" in found["refused"][1]
    assert found["arn"].endswith(":hub/models") and found["hub"] == "ours" and found["listed"] == ["Models"]
    assert found["tags"] == [{"Key": "team", "Value": "delays"}]
    assert found["twice"] == ["ValidationException", "Hub Models already exists."]
    assert found["logged"] == [["translate", "TranslateText"]] * 2
