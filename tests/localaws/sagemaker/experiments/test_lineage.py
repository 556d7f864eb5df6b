"""Artifacts and associations through boto3."""

from __future__ import annotations

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import JobFixtures


def artifact(aws: JobFixtures, uri: str, **params: object) -> str:
    return aws.sagemaker.create_artifact(Source={"SourceUri": uri}, ArtifactType="DataSet", **params)["ArtifactArn"]


def test_an_artifact_is_kept_and_changed(aws: JobFixtures) -> None:
    uri = f"s3://b/{aws.name('data')}"
    arn = artifact(aws, uri, ArtifactName="flights", Properties={"rows": "3", "old": "1"}, Tags=[{"Key": "team", "Value": "a"}])
    found = aws.sagemaker.describe_artifact(ArtifactArn=arn)
    assert (found["ArtifactName"], found["ArtifactType"], found["Source"]) == ("flights", "DataSet", {"SourceUri": uri})
    code, message = refused(artifact, aws, uri)
    assert code == "ValidationException" and "already exists" in message
    aws.sagemaker.update_artifact(ArtifactArn=arn, ArtifactName="delays", Properties={"rows": "4"}, PropertiesToRemove=["old"])
    found = aws.sagemaker.describe_artifact(ArtifactArn=arn)
    assert (found["ArtifactName"], found["Properties"]) == ("delays", {"rows": "4"})
    [listed] = aws.sagemaker.list_artifacts(SourceUri=uri)["ArtifactSummaries"]
    assert (listed["ArtifactArn"], listed["ArtifactName"]) == (arn, "delays")
    assert aws.sagemaker.list_artifacts(SourceUri=uri, ArtifactType="Model")["ArtifactSummaries"] == []
    assert aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert aws.sagemaker.delete_artifact(Source={"SourceUri": uri})["ArtifactArn"] == arn
    assert refused(aws.sagemaker.describe_artifact, ArtifactArn=arn)[0] == "ResourceNotFound"
    assert refused(aws.sagemaker.delete_artifact)[0] == "ValidationException"


def test_an_artifact_needs_no_name(aws: JobFixtures) -> None:
    arn = artifact(aws, f"s3://b/{aws.name('data')}")
    assert "ArtifactName" not in aws.sagemaker.describe_artifact(ArtifactArn=arn)


def test_associations_connect_source_and_destination(aws: JobFixtures) -> None:
    sagemaker, name = aws.sagemaker, aws.name("component")
    data, model = (artifact(aws, f"s3://b/{aws.name(kind)}", ArtifactName=kind) for kind in ("data", "model"))
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


def test_actions_and_contexts_are_kept_and_changed(aws: JobFixtures) -> None:
    sagemaker, name = aws.sagemaker, aws.name("deploy")
    source = {"SourceUri": f"s3://b/{name}", "SourceType": "Model"}
    tags = [{"Key": "team", "Value": "a"}]
    action = sagemaker.create_action(
        ActionName=name, Source=source, ActionType="ModelDeployment", Status="InProgress", Properties={"old": "1"}, Tags=tags
    )["ActionArn"]
    context = sagemaker.create_context(ContextName=name, Source=source, ContextType="Endpoint", Description="first")["ContextArn"]
    assert action.endswith(f":action/{name}") and context.endswith(f":context/{name}")
    code, message = refused(sagemaker.create_context, ContextName=name, Source=source, ContextType="Endpoint")
    assert code == "ValidationException" and "already exists" in message

    sagemaker.update_action(ActionName=name, Status="Completed", Properties={"new": "2"}, PropertiesToRemove=["old"])
    found = sagemaker.describe_action(ActionName=action)  # an ARN works like a name
    assert (found["ActionName"], found["Status"], found["Properties"], found["Source"]) == (name, "Completed", {"new": "2"}, source)
    assert sagemaker.update_context(ContextName=name, Description="second")["ContextArn"] == context
    assert sagemaker.describe_context(ContextName=name)["Description"] == "second"
    [listed] = sagemaker.list_actions(SourceUri=source["SourceUri"])["ActionSummaries"]
    assert (listed["ActionArn"], listed["Status"], listed["ActionType"]) == (action, "Completed", "ModelDeployment")
    assert sagemaker.list_contexts(SourceUri=source["SourceUri"], ContextType="ModelGroup")["ContextSummaries"] == []
    assert sagemaker.list_tags(ResourceArn=action)["Tags"] == tags

    sagemaker.add_association(SourceArn=action, DestinationArn=context)
    [edge] = sagemaker.list_associations(DestinationArn=context)["AssociationSummaries"]
    assert (edge["SourceName"], edge["SourceType"], edge["DestinationType"]) == (name, "ModelDeployment", "Endpoint")
    code, message = refused(sagemaker.delete_action, ActionName=name)
    assert code == "ValidationException" and context in message
    sagemaker.delete_association(SourceArn=action, DestinationArn=context)
    assert sagemaker.delete_action(ActionName=name)["ActionArn"] == action
    assert sagemaker.delete_context(ContextName=name)["ContextArn"] == context
    assert refused(sagemaker.describe_context, ContextName=name)[0] == "ResourceNotFound"


def test_contexts_are_listed_by_name_and_by_page(aws: JobFixtures) -> None:
    uri = f"s3://b/{aws.name('ordered')}"
    names = [aws.name(f"{letter}-context") for letter in "bca"]
    for name in names:
        aws.sagemaker.create_context(ContextName=name, Source={"SourceUri": uri}, ContextType="Test")
    pages = aws.sagemaker.get_paginator("list_contexts").paginate(
        SourceUri=uri, SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    assert [found["ContextName"] for page in pages for found in page["ContextSummaries"]] == sorted(names)


def lineage(aws: JobFixtures) -> dict[str, str]:
    """data -> component -> model -> deploy -> endpoint, and other -> deploy."""
    sagemaker, stem = aws.sagemaker, aws.name("line")
    source = {"SourceUri": f"s3://b/{stem}"}
    found = {kind: artifact(aws, f"s3://b/{stem}/{kind}", ArtifactName=kind) for kind in ("data", "other")}
    found["component"] = sagemaker.create_trial_component(TrialComponentName=stem)["TrialComponentArn"]
    model = sagemaker.create_artifact(Source={"SourceUri": f"s3://b/{stem}/model"}, ArtifactType="Model", Properties={"f1": "0.9"})
    found["model"] = model["ArtifactArn"]
    found["deploy"] = sagemaker.create_action(ActionName=stem, Source=source, ActionType="ModelDeployment")["ActionArn"]
    found["endpoint"] = sagemaker.create_context(ContextName=stem, Source=source, ContextType="Endpoint")["ContextArn"]
    for start, end, how in [
        ("data", "component", "ContributedTo"),
        ("component", "model", "Produced"),
        ("model", "deploy", "ContributedTo"),
        ("other", "deploy", "AssociatedWith"),
        ("deploy", "endpoint", "AssociatedWith"),
    ]:
        sagemaker.add_association(SourceArn=found[start], DestinationArn=found[end], AssociationType=how)
    return found


def test_a_query_follows_lineage_up_and_down(aws: JobFixtures) -> None:
    arns = lineage(aws)
    names = {arn: name for name, arn in arns.items()}

    def query(start: str, **params: object) -> tuple[list[str], set[tuple[str, str]]]:
        answer = aws.sagemaker.query_lineage(StartArns=[arns[start]], **params)
        edges = {(names[edge["SourceArn"]], names[edge["DestinationArn"]]) for edge in answer["Edges"]}
        return [names[vertex["Arn"]] for vertex in answer["Vertices"]], edges

    vertices, edges = query("endpoint", Direction="Ascendants")
    assert set(vertices) == set(names.values()) and vertices[:2] == ["endpoint", "deploy"] and len(edges) == 5
    assert set(query("model", Direction="Descendants")[0]) == {"model", "deploy", "endpoint"}
    assert set(query("model")[0]) == set(names.values())  # in both directions from each entity: ``other`` by way of ``deploy``
    assert set(query("model", Direction="Ascendants", IncludeEdges=False)[0]) == {"data", "component"}  # without edges, without the start
    assert set(query("model", MaxDepth=1)[0]) == {"component", "model", "deploy"}
    assert query("endpoint", Direction="Ascendants", IncludeEdges=False, Filters={"Types": ["DataSet"]}) == (["other", "data"], set())
    vertices, edges = query("endpoint", Direction="Ascendants", Filters={"Types": ["Model"]})  # with edges, all entities on the path
    assert vertices == ["endpoint", "deploy", "model"] and edges == {("model", "deploy"), ("deploy", "endpoint")}
    assert query("data", IncludeEdges=False, Filters={"LineageTypes": ["TrialComponent", "Context"]})[0] == ["component", "endpoint"]
    assert query("data", Filters={"Properties": {"f1": "0.9", "none": "x"}}, IncludeEdges=False)[0] == ["model"]
    assert query("data", Filters={"CreatedAfter": 4e9}) == ([], set())
    model = aws.sagemaker.query_lineage(StartArns=[arns["model"]], MaxDepth=0)["Vertices"]
    assert model == [{"Arn": arns["model"], "Type": "Model", "LineageType": "Artifact"}]
    assert refused(aws.sagemaker.query_lineage, StartArns=[arns["model"] + "0"])[0] == "ResourceNotFound"


def test_a_query_comes_in_pages_that_hold_every_edge_once(aws: JobFixtures) -> None:
    arns = lineage(aws)
    request = {"StartArns": [arns["endpoint"]], "Direction": "Ascendants", "MaxResults": 2}
    pages = [aws.sagemaker.query_lineage(**request)]
    while token := pages[-1].get("NextToken"):
        pages.append(aws.sagemaker.query_lineage(**request, NextToken=token))
    assert [len(page["Vertices"]) for page in pages] == [2, 2, 2]
    assert {vertex["Arn"] for page in pages for vertex in page["Vertices"]} == set(arns.values())
    edges = [(edge["SourceArn"], edge["DestinationArn"]) for page in pages for edge in page["Edges"]]
    assert len(edges) == len(set(edges)) == 5
