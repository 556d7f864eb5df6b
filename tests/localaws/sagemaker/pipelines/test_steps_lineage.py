"""Lineage steps."""

from __future__ import annotations

import uuid

from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines


def entities() -> dict:
    """Arguments of a step that makes one entity of each kind."""
    source, unique = {"SourceUri": f"s3://step-data/{uuid.uuid4().hex}"}, uuid.uuid4().hex[:8]
    return {
        "Actions": [{"ActionName": f"train-{unique}", "Source": source, "ActionType": "ModelTraining"}],
        "Artifacts": [{"ArtifactName": "model", "Source": source, "ArtifactType": "Model"}],
        "Contexts": [{"ContextName": f"run-{unique}", "Source": source, "ContextType": "Experiment"}],
    }


def test_entities_and_associations_are_made(pipelines: Pipelines) -> None:
    arguments = entities()
    action = arguments["Actions"][0]["ActionName"]
    ends = {"Source": {"Name": action, "Type": "Action"}, "Destination": {"Name": "model", "Type": "Artifact"}}
    arguments["Associations"] = [ends | {"AssociationType": "Produced"}]
    second = {"Artifacts": [{"ArtifactName": "report", "Source": {"SourceUri": f"s3://{uuid.uuid4().hex}"}, "ArtifactType": "Report"}]}
    second["Associations"] = [
        {"Source": {"Arn": get("Steps.record.ArtifactArns['model']")}, "Destination": {"Name": "report", "Type": "Artifact"}}
    ]
    found = pipelines.run(step("record", "Lineage", arguments), step("again", "Lineage", second))
    made = found["record"]["Metadata"]["Lineage"]
    edge = {"SourceArn": made["ActionArns"][action], "DestinationArn": made["ArtifactArns"]["model"]}
    assert made["Associations"] == [edge]
    assert list(made["ContextArns"]) == [arguments["Contexts"][0]["ContextName"]]
    [listed] = pipelines.sagemaker.list_associations(DestinationArn=edge["DestinationArn"])["AssociationSummaries"]
    assert (listed["SourceArn"], listed["AssociationType"]) == (edge["SourceArn"], "Produced")
    [later] = pipelines.sagemaker.list_associations(SourceArn=edge["DestinationArn"])["AssociationSummaries"]
    assert later["DestinationArn"] == found["again"]["Metadata"]["Lineage"]["ArtifactArns"]["report"]


def test_an_association_of_an_entity_that_the_step_does_not_make_fails(pipelines: Pipelines) -> None:
    arguments = entities()
    ends = {"Source": {"Name": "other", "Type": "Action"}, "Destination": {"Name": "model", "Type": "Artifact"}}
    found = pipelines.failed(step("record", "Lineage", arguments | {"Associations": [ends]}))["record"]
    assert found["FailureReason"] == "ClientError: The step makes no lineage entity of type Action with the name other"


def test_an_entity_that_exists_fails_the_step(pipelines: Pipelines) -> None:
    arguments = entities()
    pipelines.run(step("record", "Lineage", arguments))
    found = pipelines.failed(step("record", "Lineage", arguments))["record"]
    assert found["FailureReason"].startswith("ClientError: Failed to invoke sagemaker:CreateAction. Error Details: An action with name")
