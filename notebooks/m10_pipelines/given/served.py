"""The archive that an execution made, and an endpoint that serves it."""

from typing import Any

from given.parts import steps_of


def archive_of(sagemaker: Any, execution: str) -> str:
    """The URI of the archive that the step ``Train`` of an execution made."""
    [job] = [step["Metadata"]["TrainingJob"]["Arn"] for step in steps_of(sagemaker, execution) if step["StepName"] == "Train"]
    described = sagemaker.describe_training_job(TrainingJobName=job.rpartition("/")[2])
    return described["ModelArtifacts"]["S3ModelArtifacts"]


def deploy(aws: Any, archive: str) -> str:
    """Serve an archive of XGBoost, and return the endpoint's name."""
    sagemaker, name = aws.client("sagemaker"), aws.unique("late-served")
    container = {"Image": aws.image("xgboost", "3.0-5"), "ModelDataUrl": archive}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    live = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[live])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    return name
