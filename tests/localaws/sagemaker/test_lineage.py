"""Artifacts and associations through boto3."""

from __future__ import annotations

import pytest

from .job_world import World
from .test_processing import refused


def artifact(world: World, uri: str, **params: object) -> str:
    return world.sagemaker.create_artifact(Source={"SourceUri": uri}, ArtifactType="DataSet", **params)["ArtifactArn"]


def test_an_artifact_is_kept_and_changed(world: World) -> None:
    uri = f"s3://b/{world.name('data')}"
    arn = artifact(world, uri, ArtifactName="flights", Properties={"rows": "3", "old": "1"}, Tags=[{"Key": "team", "Value": "a"}])
    found = world.sagemaker.describe_artifact(ArtifactArn=arn)
    assert (found["ArtifactName"], found["ArtifactType"], found["Source"]) == ("flights", "DataSet", {"SourceUri": uri})
    code, message = refused(artifact, world, uri)
    assert code == "ValidationException" and "already exists" in message
    world.sagemaker.update_artifact(ArtifactArn=arn, ArtifactName="delays", Properties={"rows": "4"}, PropertiesToRemove=["old"])
    found = world.sagemaker.describe_artifact(ArtifactArn=arn)
    assert (found["ArtifactName"], found["Properties"]) == ("delays", {"rows": "4"})
    [listed] = world.sagemaker.list_artifacts(SourceUri=uri)["ArtifactSummaries"]
    assert (listed["ArtifactArn"], listed["ArtifactName"]) == (arn, "delays")
    assert world.sagemaker.list_artifacts(SourceUri=uri, ArtifactType="Model")["ArtifactSummaries"] == []
    assert world.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert world.sagemaker.delete_artifact(Source={"SourceUri": uri})["ArtifactArn"] == arn
    assert refused(world.sagemaker.describe_artifact, ArtifactArn=arn)[0] == "ResourceNotFound"
    assert refused(world.sagemaker.delete_artifact)[0] == "ValidationException"


def test_an_artifact_needs_no_name(world: World) -> None:
    arn = artifact(world, f"s3://b/{world.name('data')}")
    assert "ArtifactName" not in world.sagemaker.describe_artifact(ArtifactArn=arn)


def test_associations_say_what_comes_of_what(world: World) -> None:
    sagemaker, name = world.sagemaker, world.name("component")
    data, model = (artifact(world, f"s3://b/{world.name(kind)}", ArtifactName=kind) for kind in ("data", "model"))
    component = sagemaker.create_trial_component(TrialComponentName=name)["TrialComponentArn"]
    sagemaker.add_association(SourceArn=data, DestinationArn=component, AssociationType="ContributedTo")
    sagemaker.add_association(SourceArn=component, DestinationArn=model, AssociationType="Produced")
    [edge] = sagemaker.list_associations(DestinationArn=component)["AssociationSummaries"]
    assert (edge["SourceArn"], edge["SourceName"], edge["SourceType"]) == (data, "data", "DataSet")
    assert (edge["DestinationName"], edge["AssociationType"]) == (name, "ContributedTo")
    [edge] = sagemaker.list_associations(SourceArn=component, AssociationType="Produced")["AssociationSummaries"]
    assert edge["DestinationArn"] == model
    assert sagemaker.list_associations(SourceArn=component, AssociationType="SameAs")["AssociationSummaries"] == []
    code, message = refused(sagemaker.add_association, SourceArn=data, DestinationArn=component)
    assert code == "ValidationException" and "already exists" in message
    code, message = refused(sagemaker.add_association, SourceArn=data, DestinationArn=f"{component}-not")
    assert code == "ResourceNotFound" and "-not' does not exist" in message
    code, message = refused(sagemaker.delete_artifact, ArtifactArn=data)
    assert code == "ValidationException" and component in message
    sagemaker.delete_association(SourceArn=data, DestinationArn=component)
    assert refused(sagemaker.delete_association, SourceArn=data, DestinationArn=component)[0] == "ResourceNotFound"
    sagemaker.delete_artifact(ArtifactArn=data)


@pytest.mark.parametrize("kind", ["action", "context"])
def test_an_entity_with_a_name_is_kept_and_changed(world: World, kind: str) -> None:
    sagemaker, name, title = world.sagemaker, world.name(kind), kind.title()

    def do(verb: str, **params: object) -> dict:
        return getattr(sagemaker, f"{verb}_{kind}")(**{f"{title}Name": name} | params)

    source, made = {"SourceUri": f"s3://b/{name}"}, {"rows": "3", "old": "1"}
    new = {"Source": source, f"{title}Type": "ModelDeployment", "Description": "first", "Properties": made}
    arn = do("create", **new, Tags=[{"Key": "team", "Value": "a"}])[f"{title}Arn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/{name}"
    found = do("describe")
    assert {member: found[member] for member in new} == new and "role/" in found["CreatedBy"]["IamIdentity"]["Arn"]
    assert do("describe", **{f"{title}Name": arn})[f"{title}Name"] == name  # by its ARN, too
    code, message = refused(do, "create", **new)
    assert code == "ValidationException" and "already exists" in message

    do("update", Description="second", Properties={"rows": "4"}, PropertiesToRemove=["old"])
    found = do("describe")
    assert (found["Description"], found["Properties"], found["Source"]) == ("second", {"rows": "4"}, source)
    [listed] = getattr(sagemaker, f"list_{kind}s")(SourceUri=source["SourceUri"])[f"{title}Summaries"]
    assert (listed[f"{title}Arn"], listed[f"{title}Type"]) == (arn, "ModelDeployment")
    assert getattr(sagemaker, f"list_{kind}s")(SourceUri=source["SourceUri"], **{f"{title}Type": "Other"})[f"{title}Summaries"] == []
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]

    data = artifact(world, f"s3://b/{world.name('data')}")
    sagemaker.add_association(SourceArn=data, DestinationArn=arn, AssociationType="ContributedTo")
    [edge] = sagemaker.list_associations(DestinationArn=arn)["AssociationSummaries"]
    assert (edge["SourceArn"], edge["DestinationName"], edge["DestinationType"]) == (data, name, "ModelDeployment")
    code, message = refused(do, "delete")
    assert code == "ValidationException" and data in message
    sagemaker.delete_association(SourceArn=data, DestinationArn=arn)
    assert do("delete")[f"{title}Arn"] == arn
    assert refused(do, "describe") == ("ResourceNotFound", f"{title} '{name}' does not exist.")
