"""Models: the containers and model data that an endpoint or a batch transform job runs."""

from __future__ import annotations

import asyncio

from course.localaws import images
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.s3_data import split
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.core.family import Family, describe, list_page
from course.localaws.sagemaker.core.job_family import check_isolation, require_installed
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.registry import models as package_models

# Wording: https://github.com/aws/sagemaker-python-sdk/issues/2112 (missing); the twin of "Cannot create already existing endpoint
# configuration" in https://github.com/awslabs/spot-tagging-bot-for-digital-assets/issues/2 (existing).
MODEL = ResourceKind(
    name="Model",
    arn="model",
    missing='Could not find model "{arn}".',
    exists='Cannot create already existing model "{arn}".',
    mutable=False,
)


class Models(Family):
    """The family of models."""

    kinds = (MODEL,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform = platform
        self._engine = engine
        self.operations: dict[str, Operation] = {
            "CreateModel": self.create,
            "DescribeModel": describe(engine, MODEL),
            "ListModels": list_page(engine, MODEL, "Models"),
            "DeleteModel": self.delete,
        }

    async def create(self, context: Context, params: dict) -> dict:
        # This waits for IAM and S3, so it must not run in the event loop.
        return await asyncio.to_thread(self._create, context, params)

    def delete(self, context: Context, params: dict) -> None:
        self._engine.delete(context, MODEL, params["ModelName"])

    def _create(self, context: Context, params: dict) -> dict:
        params = package_models.resolved(self._engine, context, params)
        document = {"EnableNetworkIsolation": False} | params
        if "PrimaryContainer" in params:
            document["PrimaryContainer"] = described(params["PrimaryContainer"])
        else:
            document.pop("PrimaryContainer", None)
        if "Containers" in params:
            document["Containers"] = [described(container) for container in params["Containers"]]
        role = params.get("ExecutionRoleArn")
        if role is None:
            raise invalid("ExecutionRoleArn is required: SageMaker assumes this role to read the model's data and image.")
        require_role(self._platform, role)
        check_isolation(params.get("EnableNetworkIsolation", False))
        protection.check(self._platform, context, (), params.get("VpcConfig"))
        for container in check_containers(params):
            image = images.find(container["Image"])
            if image.algorithm:
                require_installed(container["Image"])
            if container.get("Mode") == "MultiModel" and not image.multi_model:
                label = "com.amazonaws.sagemaker.capabilities.multi-models=true"
                raise invalid(f"Your Ecr Image {container['Image']} does not contain required {label} Docker label(s).")
            self._check_data(context, role, container)
        return {"ModelArn": self._engine.create(context, MODEL, params["ModelName"], document, params.get("Tags", ()))}

    def _check_data(self, context: Context, role: str, container: dict) -> None:
        """Check that the model's data exists and that the role may read it.

        Raises
        ------
        AwsError
            ``ValidationException``. Wording: https://github.com/aws/aws-step-functions-data-science-sdk-python/issues/61 (missing),
            https://github.com/philschmid/llm-sagemaker-sample/issues/2 (not readable).
        """
        source = container.get("ModelDataSource", {}).get("S3DataSource", {})
        uri = container.get("ModelDataUrl") or source.get("S3Uri")
        if uri is None:
            return
        bucket, key = split(uri)
        prefix = container.get("Mode") == "MultiModel" or source.get("S3DataType") == "S3Prefix"
        if not self._allowed(role, "s3:GetObject", f"{bucket}/{key}"):
            raise invalid(
                f'Could not access model data at {uri}. Please ensure that the role "{role}" exists and that its trust relationship policy '
                'allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has '
                f'"s3:GetObject" permissions and that the object is located in {context.region}. If your Model uses multiple models or '
                'uncompressed models, please ensure that the role has "s3:ListBucket" permission.',
            )
        if not self._there(bucket, key, prefix):
            raise invalid(f"Could not find model data at {uri}.")

    def _there(self, bucket: str, key: str, prefix: bool) -> bool:
        try:
            if prefix:
                # A multi-model endpoint may start without models.
                return self._platform.objects.bucket_exists(bucket)
            self._platform.objects.head(bucket, key)
        except AwsError:
            return False
        return True

    def _allowed(self, role: str, action: str, resource: str) -> bool:
        return self._platform.identity.allows(role, action, f"arn:aws:s3:::{resource}")


def check_containers(params: dict) -> list[dict]:
    """The containers of a CreateModel request.

    Raises
    ------
    AwsError
        ``ValidationException`` for a request that AWS refuses too, ``NotSupportedByLocalAws``.
    """
    if ("PrimaryContainer" in params) == ("Containers" in params):
        raise invalid("Specify either PrimaryContainer or Containers, and not both.")
    containers = params.get("Containers") or [params.get("PrimaryContainer")]
    if containers == [None]:
        raise invalid("Containers must hold at least one container.")
    for container in containers:
        if "Image" not in container:
            raise invalid("A container needs an Image, or a ModelPackageName that has one.")
        if "ModelDataUrl" in container and "ModelDataSource" in container:
            raise invalid("Specify either ModelDataUrl or ModelDataSource of a container, and not both.")
    # Wording: https://github.com/OElesin/sagemaker-autopilot-step-functions/issues/10
    if sum(container.get("Mode") == "MultiModel" for container in containers) > 1:
        raise invalid("More than one container in MultiModel mode is not supported with inference pipeline.")
    hostnames = [container["ContainerHostname"] for container in containers if "ContainerHostname" in container]
    if hostnames and len(hostnames) != len(containers):
        raise invalid("Specify the ContainerHostname of every container of a pipeline, or of none.")
    if len(hostnames) != len(set(hostnames)):
        raise invalid(f"Container hostnames must be unique within a model; got {', '.join(hostnames)}.")
    return containers


def described(container: dict) -> Document:
    """A container as DescribeModel shows it: AWS adds the mode and, for an archive's URL, the equivalent data source."""
    shown = {"Mode": "SingleModel", "Environment": {}} | container
    if "ModelDataUrl" in container and shown["Mode"] == "SingleModel":
        archive = {"S3Uri": container["ModelDataUrl"], "S3DataType": "S3Object", "CompressionType": "Gzip"}
        shown["ModelDataSource"] = {"S3DataSource": archive}
    return shown
