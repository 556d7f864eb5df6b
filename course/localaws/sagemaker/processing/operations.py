"""The operations of processing jobs. `checks` checks a request, and `run` runs a job.

A processing job runs a command in an image. Its inputs are S3 objects below /opt/ml/processing, and files from there go to S3 afterwards.
"""

from __future__ import annotations

from course.localaws import images
from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceKind
from course.localaws.jobs.s3_data import split
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.core.job_family import DEFAULT_SECONDS, LOST, JobFamily, require_installed
from course.localaws.sagemaker.processing import checks, datasets
from course.localaws.sagemaker.processing.checks import instances, outputs
from course.localaws.sagemaker.processing.run import ProcessingRun, ended

PROCESSING_JOB = ResourceKind(
    name="ProcessingJob",
    arn="processing-job",
    missing="Could not find requested job with name: {name}",
    exists="Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})",
    exists_code="ResourceInUse",
    status="ProcessingJobStatus",
    summary=("ProcessingEndTime", "FailureReason", "ExitMessage"),
    usage=lambda document: "processing job usage",
    instances=lambda document: instances(document["ProcessingResources"]["ClusterConfig"]),
    holding_statuses=("InProgress", "Stopping"),
    event="SageMaker Processing Job State Change",
)


class ProcessingJobs(JobFamily):
    kind, noun, run_class = PROCESSING_JOB, "processing job", ProcessingRun

    def prepare(self, context: Context, params: dict) -> Document:
        checks.check(context, params)
        images.find(params["AppSpecification"]["ImageUri"], params["RoleArn"])
        require_installed(params["AppSpecification"]["ImageUri"])
        for output in outputs(params):
            if "S3Output" in output:
                split(output["S3Output"]["S3Uri"])
        condition = {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {})
        cluster = params["ProcessingResources"]["ClusterConfig"]
        keys = (params.get("ProcessingOutputConfig", {}).get("KmsKeyId"), cluster.get("VolumeKmsKeyId"))
        keys += tuple(datasets.keys(params.get("ProcessingInputs", [])))
        protection.check(self.platform, context, keys, params.get("NetworkConfig", {}).get("VpcConfig"))
        protection.check_volume(self.platform, context, cluster.get("VolumeKmsKeyId"), params["RoleArn"])
        if "InstancePreferences" in cluster:
            [(kind, count)] = instances(cluster)
            cluster = cluster | {"SelectedInstanceType": kind, "SelectedInstanceCount": count}
        resources = params["ProcessingResources"] | {"ClusterConfig": cluster}
        return params | {"StoppingCondition": condition, "ProcessingResources": resources, "ProcessingJobStatus": "InProgress"}

    def lost(self, document: Document) -> dict:
        return ended(self.engine.now(), "Failed", LOST)
