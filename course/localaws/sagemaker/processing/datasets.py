"""Dataset definitions: inputs of a processing job that are the result of a query. The result goes to S3, and is then an ordinary input.

Source: API reference of DatasetDefinition and AthenaDatasetDefinition, read 2026-11-25. SageMaker's text for a query that fails is not
known; here it gives the query's id and Athena's reason.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from course.localaws.context import Context
from course.localaws.core.call import Principal
from course.localaws.core.errors import AwsError, invalid
from course.localaws.jobs.s3_data import DataError, JobData, split
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.core.protection import key_arn

# By OutputFormat, the values of OutputCompression that Athena's UNLOAD accepts.
COMPRESSIONS = {"PARQUET": ("GZIP", "SNAPPY"), "ORC": ("SNAPPY", "ZLIB"), "JSON": ("GZIP",), "TEXTFILE": ("GZIP",)}


def check(name: str, definition: dict, app_managed: bool) -> None:
    """Refuse a definition that contradicts itself, or that the local AWS does not support. Raises AwsError."""
    if ("AthenaDatasetDefinition" in definition) == ("RedshiftDatasetDefinition" in definition):
        raise invalid(
            f"DatasetDefinition of input {name} must specify exactly one of AthenaDatasetDefinition and RedshiftDatasetDefinition."
        )
    if "RedshiftDatasetDefinition" in definition:
        raise unsupported(f"the RedshiftDatasetDefinition of input {name}, since it has no Redshift cluster")
    if not app_managed and "LocalPath" not in definition:
        raise invalid(f'Input {name} missing one or more required fields for SageMaker-managed DatasetDefinition: "LocalPath"')
    athena = definition["AthenaDatasetDefinition"]
    kind, compression = athena["OutputFormat"], athena.get("OutputCompression")
    if kind not in COMPRESSIONS:
        raise unsupported(f"OutputFormat {kind} of input {name}; it writes {', '.join(COMPRESSIONS)}")
    if compression and compression not in COMPRESSIONS[kind]:
        raise invalid(f"OutputCompression {compression} of input {name} is not one of {kind}: {', '.join(COMPRESSIONS[kind])}.")
    split(athena["OutputS3Uri"])


def keys(inputs: Iterable[dict]) -> list[str | None]:
    """The KMS keys that definitions name."""
    return [entry.get("DatasetDefinition", {}).get("AthenaDatasetDefinition", {}).get("KmsKeyId") for entry in inputs]


def as_s3_input(definition: dict) -> dict:
    """The finished dataset as an ``S3Input``."""
    return {
        "S3Uri": definition["AthenaDatasetDefinition"]["OutputS3Uri"],
        "S3DataType": "S3Prefix",
        "LocalPath": definition["LocalPath"],
        "S3InputMode": definition.get("InputMode", "File"),
        "S3DataDistributionType": definition.get("DataDistributionType", "ShardedByS3Key"),
    }


class DatasetQuery:
    """The query that makes a dataset."""

    def __init__(self, platform: Platform, region: str, id: str) -> None:
        self._athena, self._region, self.id = platform.athena, region, id

    def ended(self, seconds: float) -> bool:
        """Wait at most ``seconds``. Returns whether the query has ended."""
        return self._athena.wait(self.id, seconds)

    def stop(self) -> None:
        self._athena.stop(self._region, self.id)

    def check(self) -> None:
        """Raise DataError when the query has not succeeded."""
        status = self._athena.execution(self._region, self.id)["Status"]
        if status["State"] != "SUCCEEDED":
            raise DataError(f"Athena query {self.id} {status['State']}: {status.get('StateChangeReason', '')}")


@contextlib.contextmanager
def running(platform: Platform, data: JobData, context: Context, role: str, definition: dict) -> Iterator[DatasetQuery]:
    """Run the query of a definition with the rights of a role. At the end of the block, stop it if it still runs. Raises DataError."""
    athena = definition["AthenaDatasetDefinition"]
    group = athena.get("WorkGroup", "primary")
    if not data.allowed("athena:StartQueryExecution", f"arn:aws:athena:{context.region}:{context.account}:workgroup/{group}"):
        raise DataError(
            f"AccessDeniedException (400): {role} is not authorized to perform: athena:StartQueryExecution on workgroup {group}"
        )
    request: dict = {
        "QueryString": _unload(athena),
        "QueryExecutionContext": {"Catalog": athena["Catalog"], "Database": athena["Database"]},
        "WorkGroup": group,
    }
    if "KmsKeyId" in athena:
        key = key_arn(platform, context, athena["KmsKeyId"])
        request["ResultConfiguration"] = {"EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": key}}
    caller = Principal(context.account, platform.identity.session(role), "")
    try:
        id = platform.athena.start(context.region, caller, request, stored=False)
    except AwsError as error:
        raise DataError(f"{error.code} ({error.status}): {error.message}") from error
    query = DatasetQuery(platform, context.region, id)
    try:
        yield query
    finally:
        if not query.ended(0):
            query.stop()


def _unload(athena: dict) -> str:
    uri, text = athena["OutputS3Uri"].replace("'", "%27"), athena["QueryString"].strip().rstrip(";")
    compression = f", compression = '{athena['OutputCompression']}'" if "OutputCompression" in athena else ""
    return f"UNLOAD ({text}) TO '{uri}' WITH (format = '{athena['OutputFormat']}'{compression})"
