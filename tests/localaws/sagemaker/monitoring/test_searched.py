"""Schedules in the records that Search has of endpoints and models, and the trial components of their executions' jobs."""

from __future__ import annotations

from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import LAST_HOUR, Monitored
from tests.localaws.sagemaker.monitoring.test_batch_transform import CAPTURED, batch_input, transform


def search(monitored: Monitored, resource: str, name: str, value: str, **params: object) -> list[dict]:
    """The records whose property ``name`` has a value."""
    expression = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
    found = monitored.aws.sagemaker.search(Resource=resource, SearchExpression=expression, **params)
    return [record for result in found["Results"] for record in result.values()]


def without_metadata(answer: dict, *more: str) -> dict:
    return {member: value for member, value in answer.items() if member not in ("ResponseMetadata", *more)}


def test_an_execution_is_found_from_its_endpoint_its_model_and_its_job(monitored: Monitored) -> None:
    aws, name = monitored.aws, monitored.aws.name("searched")
    monitored.send("UA", 3)
    monitored.advance(seconds=2)
    monitored.schedule(name, "NOW", **LAST_HOUR)
    [execution] = monitored.ended(name, 1)
    described = without_metadata(aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name))
    aws.sagemaker.add_tags(ResourceArn=described["MonitoringScheduleArn"], Tags=[{"Key": "team", "Value": name}])

    [endpoint] = search(monitored, "Endpoint", "MonitoringSchedules.MonitoringScheduleName", name)
    [schedule] = [each for each in endpoint.pop("MonitoringSchedules") if each["MonitoringScheduleName"] == name]
    assert schedule == described | {"Tags": [{"Key": "team", "Value": name}]}
    assert schedule["LastMonitoringExecutionSummary"] == execution
    of_endpoint = aws.sagemaker.describe_endpoint(EndpointName="delays")
    assert endpoint.items() <= of_endpoint.items() and endpoint["DataCaptureConfig"]["EnableCapture"]
    assert search(monitored, "Endpoint", "MonitoringSchedules.Tags.team", name)

    [model] = search(monitored, "Model", "MonitoringSchedules.MonitoringScheduleName", name)
    of_model = without_metadata(aws.sagemaker.describe_model(ModelName="delays"))
    assert model["Model"] == of_model and search(monitored, "Model", "Model.ModelName", "delays") == [model]
    assert [each["EndpointName"] for each in model["Endpoints"]] == ["delays"] and "ModelCard" not in model
    [schedule] = [each for each in model["MonitoringSchedules"] if each["MonitoringScheduleName"] == name]
    alerts = aws.sagemaker.list_monitoring_alerts(MonitoringScheduleName=name)["MonitoringAlertSummaries"]
    assert schedule == described | {"MonitoringAlertSummaries": alerts}

    of_job = "SourceDetail.ProcessingJob.MonitoringScheduleArn"
    [component] = search(monitored, "ExperimentTrialComponent", of_job, described["MonitoringScheduleArn"])
    assert component["Source"] == {"SourceArn": execution["ProcessingJobArn"], "SourceType": "SageMakerProcessingJob"}
    assert component["Status"]["PrimaryStatus"] == "Completed"
    job = monitored.job(execution)
    edges = aws.sagemaker.list_associations(SourceArn=component["TrialComponentArn"])["AssociationSummaries"]
    assert [each["AssociationType"] for each in edges] == ["Produced"]
    reports = aws.sagemaker.describe_artifact(ArtifactArn=edges[0]["DestinationArn"])["Source"]["SourceUri"]
    assert reports == job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    before = aws.sagemaker.query_lineage(StartArns=[edges[0]["DestinationArn"]], Direction="Ascendants", IncludeEdges=False)["Vertices"]
    uris = {
        aws.sagemaker.describe_artifact(ArtifactArn=each["Arn"])["Source"]["SourceUri"]
        for each in before
        if each["LineageType"] == "Artifact"
    }
    used = {each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]} | {job["AppSpecification"]["ImageUri"]}
    assert used <= uris and any(uri.startswith(f"s3://{BUCKET}/captured/delays/") for uri in used)

    aws.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)
    for resource in ("Endpoint", "Model"):
        assert search(monitored, resource, "MonitoringSchedules.MonitoringScheduleName", name) == []


def test_a_model_without_endpoint_has_the_schedules_of_its_transform_jobs(monitored: Monitored) -> None:
    aws, name = monitored.aws, monitored.aws.name("searched")
    container = without_metadata(aws.sagemaker.describe_model(ModelName="delays")["PrimaryContainer"], "ModelDataSource")
    tags = [{"Key": "team", "Value": name}]
    for each in (name, f"{name}-unused"):
        aws.sagemaker.create_model(ModelName=each, PrimaryContainer=container, ExecutionRoleArn=ROLE, Tags=tags)
    transform(monitored, f"{name}-job", ["1.5,UA"], model=name, captured=f"{CAPTURED}/{name}")
    source = batch_input(DataCapturedDestinationS3Uri=f"{CAPTURED}/{name}/")
    schedule = monitored.monitor("DataQuality", monitored.definition("DataQuality", source), "cron(0 5 ? * * *)")

    newest = search(monitored, "Model", "Model.Tags.team", name)
    assert [each["Model"]["ModelName"] for each in newest] == [f"{name}-unused", name]
    unused, used = newest
    assert set(unused) == {"Model"} and set(used) == {"Model", "MonitoringSchedules", "LastBatchTransformJob"}
    [found] = used["MonitoringSchedules"]
    assert found["MonitoringScheduleName"] == schedule and found["BatchTransformInput"].items() >= source["BatchTransformInput"].items()
    job = without_metadata(aws.sagemaker.describe_transform_job(TransformJobName=f"{name}-job"))
    assert used["LastBatchTransformJob"] == job
    assert search(monitored, "Model", "LastBatchTransformJob.TransformJobStatus", "Failed") == []
