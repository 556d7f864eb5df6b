"""Transform jobs: predict every record of the objects under a prefix or in a manifest, and store the results as objects.

`checks` has AWS's checks of a request, `run` runs a job.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.s3_data import split
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.core.job_family import LOST, JobFamily
from course.localaws.sagemaker.hosting.models import MODEL
from course.localaws.sagemaker.transform import checks, servers
from course.localaws.sagemaker.transform import data as transform_data
from course.localaws.sagemaker.transform.run import TransformRun, ended

# The wording of the two errors is that of processing jobs.
TRANSFORM_JOB = ResourceKind(
    name="TransformJob",
    arn="transform-job",
    missing="Could not find requested job with name: {name}",
    exists="Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})",
    exists_code="ResourceInUse",
    status="TransformJobStatus",
    summary=("TransformEndTime", "FailureReason"),
    usage=lambda document: "transform job usage",
    instances=lambda document: [(document["TransformResources"]["InstanceType"], document["TransformResources"]["InstanceCount"])],
    holding_statuses=("InProgress", "Stopping"),
    event="SageMaker Transform Job State Change",
)


class TransformJobs(JobFamily):
    kind, noun, run_class = TRANSFORM_JOB, "transform job", TransformRun

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        super().__init__(platform, engine)
        del self.operations["DeleteTransformJob"]  # AWS has no such operation

    def role(self, context: Context, params: dict) -> str:
        return self.engine.get(context, MODEL, params["ModelName"])["ExecutionRoleArn"]

    def prepare(self, context: Context, params: dict) -> Document:
        checks.check(context, params)
        variant = servers.variant_of(self.engine, context, params)
        source, target = params["TransformInput"], params["TransformOutput"]
        job, uri = f"{TRANSFORM_JOB.arn}/{params['TransformJobName']}", source["DataSource"]["S3DataSource"]["S3Uri"]
        protection.require_objects(self.platform, job, variant["RoleArn"], uri, context.region)
        capture = params.get("DataCaptureConfig", {})
        for uri in (target["S3OutputPath"], capture.get("DestinationS3Uri")):
            if uri:
                split(uri)
        keys = (target.get("KmsKeyId"), params["TransformResources"].get("VolumeKmsKeyId"), capture.get("KmsKeyId"))
        protection.check(self.platform, context, keys, None)
        protection.check_volume(self.platform, context, keys[1], variant["RoleArn"])
        return params | {
            "TransformInput": {"CompressionType": "None", "SplitType": "None"} | source,
            "TransformOutput": {"AssembleWith": "None", "KmsKeyId": ""} | target,
            "DataProcessing": transform_data.WHOLE | params.get("DataProcessing", {}),
            "TransformJobStatus": "InProgress",
            "_Variant": variant,
        }

    def describe(self, context: Context, params: dict) -> dict:
        """DescribeTransformJob. Only List shows the time of the last change."""
        return {member: value for member, value in super().describe(context, params).items() if member != "LastModifiedTime"}

    def lost(self, document: Document) -> dict:
        return ended(self.engine.now(), "Failed", LOST)
