"""AWS's checks of a CreateTransformJob request.

Rules: API reference of CreateTransformJob, TransformResources, TransformS3DataSource and DataProcessing, read 2026-11-25. The error texts
are ours.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.errors import invalid
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.transform import data

LARGEST = 100  # MB of one payload, and of all payloads under way on an instance
DEFAULT_PAYLOAD = 6  # MB


def check(context: Context, params: dict) -> None:
    """Refuse unsupported and contradictory requests. Raises AwsError."""
    check_payload(params)
    quotas.check(context, "Maximum number of instances per transform job", params["TransformResources"]["InstanceCount"])
    source = params["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"]
    if source == "AugmentedManifestFile":
        raise invalid("S3DataType AugmentedManifestFile is not compatible with batch transform; it takes S3Prefix and ManifestFile.")
    if source == "Converse":
        raise unsupported("S3DataType Converse of a transform job")
    if data.asked(params):
        data.formats(params)


def check_payload(params: dict) -> None:
    largest, concurrent = params.get("MaxPayloadInMB", DEFAULT_PAYLOAD), params.get("MaxConcurrentTransforms", 0)
    if largest > LARGEST:
        raise invalid(f"MaxPayloadInMB cannot be greater than {LARGEST}; got {largest}.")
    if concurrent * largest > LARGEST:
        raise invalid(
            f"MaxConcurrentTransforms * MaxPayloadInMB cannot exceed {LARGEST}; got {concurrent} * {largest} = {concurrent * largest}."
        )
