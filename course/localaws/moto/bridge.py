"""Lets moto's services use the local AWS's own S3, Logs and metrics. `subscriptions` does the same for Lambda.

moto has copies of these services, but no client sees them: a client's requests go to the local AWS's packages. So what moto itself reads
and writes there goes to the packages, too. Firehose writes objects, CloudFormation reads templates, flow logs and
query logging look for a bucket or a log group, and Kinesis counts records. In the journals of earlier releases, CloudTrail looks for
buckets, and EventBridge writes to log groups.

What moto reads here is recorded with its request, and a replay of the journal reads the record. A replay writes nothing: the packages have
kept what the first run wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from course.localaws.core.errors import AwsError, not_supported
from course.localaws.moto.replay import current, patch_on_import, recorded

if TYPE_CHECKING:
    from course.localaws.platform import Platform

_platform: Platform | None = None
# What a delivery stream may be told to do with its records, and moto would not do.
UNPERFORMED = {
    "DataFormatConversionConfiguration": "conversion of records (DataFormatConversionConfiguration)",
    "ProcessingConfiguration": "processing of records (ProcessingConfiguration)",
    "DynamicPartitioningConfiguration": "dynamic partitioning (DynamicPartitioningConfiguration)",
}
_ABSENT, _PRESENT = b"-", b"+"  # in the recording, before the body of an object


def connect(platform: Platform) -> None:
    """Set the platform whose S3, Logs, metrics and Lambda moto uses."""
    global _platform
    _platform = platform


def platform() -> Platform:
    """The platform that was set."""
    assert _platform is not None, "moto serves requests of a local AWS only"
    return _platform


def sends_requests() -> bool:
    """Whether this local AWS may send requests to other servers. A sealed one may not: its guests have no other way to a network."""
    return _platform is None or _platform.sealed is None


def first_time() -> bool:
    """Whether this is no replay."""
    context = current()
    return context is None or not context.replaying


def _there(look: Callable[[], object]) -> bool:
    """Whether ``look`` finds something. At replay: whether it found something at the first run."""

    def ask() -> bytes:
        try:
            return _PRESENT if look() else _ABSENT
        except AwsError:
            return _ABSENT

    return recorded(ask) == _PRESENT


@patch_on_import("moto.s3.models")
def _s3(module: ModuleType) -> None:
    backend = module.S3Backend

    def get_bucket(self: Any, bucket_name: str) -> Any:
        if not _there(lambda: _platform.objects.bucket_exists(bucket_name)):
            raise module.MissingBucket(bucket=bucket_name)
        return module.FakeBucket(bucket_name, self.account_id, self.region_name)

    def get_object(self: Any, bucket_name: str, key_name: str, version_id: str | None = None, **options: Any) -> Any:
        self.get_bucket(bucket_name)

        def read() -> bytes:
            try:
                return _PRESENT + _platform.objects.read_object(bucket_name, key_name, version_id)
            except AwsError:
                return _ABSENT

        found = recorded(read)
        return None if found == _ABSENT else module.FakeKey(key_name, found[1:], self.account_id, self.region_name, bucket_name=bucket_name)

    def put_object(self: Any, bucket_name: str, key_name: str, value: bytes, **options: Any) -> Any:
        self.get_bucket(bucket_name)
        if first_time():
            _platform.objects.put_bytes(bucket_name, key_name, value)
        return module.FakeKey(key_name, value, self.account_id, self.region_name, bucket_name=bucket_name)

    backend.get_bucket, backend.get_object, backend.put_object = get_bucket, get_object, put_object


@patch_on_import("moto.logs.models")
def _logs(module: ModuleType) -> None:
    backend = module.LogsBackend

    def check_group(self: Any, name: str) -> None:
        if not _there(lambda: _platform.logs.group(self.region_name, name)):
            raise module.ResourceNotFoundException()

    def create_log_stream(self: Any, log_group_name: str, log_stream_name: str) -> None:
        check_group(self, log_group_name)

    def put_log_events(self: Any, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]) -> tuple[str, dict]:
        check_group(self, log_group_name)
        if first_time():
            lines = [(int(event["timestamp"]), event["message"]) for event in log_events]
            _platform.logs.append(self.region_name, log_group_name, log_stream_name, lines)
        return "", {}

    def list_tags_log_group(self: Any, log_group_name: str) -> dict:
        check_group(self, log_group_name)
        return {}

    backend.create_log_stream, backend.put_log_events = create_log_stream, put_log_events
    backend.list_tags_log_group = list_tags_log_group


@patch_on_import("moto.cloudwatch.models")
def _metrics(module: ModuleType) -> None:
    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        if not first_time():
            return
        for datum in metric_data:
            dimensions = {dimension["Name"]: dimension["Value"] for dimension in datum.get("Dimensions", [])}
            unit = datum.get("Unit", "None")
            _platform.metrics.put(self.region_name, namespace, datum["MetricName"], datum["Value"], dimensions, unit)

    module.CloudWatchBackend.put_metric_data = put_metric_data


@patch_on_import("moto.ssm.models")
def _parameters(module: ModuleType) -> None:
    # The caller's permissions on the secret are not known here, and moto has a copy that nobody sees.
    def refuse(self: Any, secret_name: str) -> None:
        raise not_supported("ssm", f"a parameter that refers to a secret (use secretsmanager:GetSecretValue of {secret_name})")

    module.ParameterDict._get_secretsmanager_parameter = refuse


@patch_on_import("moto.secretsmanager.models")
def _managed_secrets(module: ModuleType) -> None:
    original = module.SecretsManagerBackend.create_managed_secret

    def create_managed_secret(self: Any, service_name: str, *parts: Any, **members: Any) -> Any:
        if first_time():  # in journals of earlier releases, moto made such secrets
            raise not_supported(service_name, "a secret that the service manages (ManageMasterUserPassword)")
        return original(self, service_name, *parts, **members)

    module.SecretsManagerBackend.create_managed_secret = create_managed_secret


@patch_on_import("moto.firehose.models")
def _streams(module: ModuleType) -> None:
    put = module.FirehoseBackend.put_http_records

    def put_http_records(http_destination: dict[str, Any], records: list[dict[str, bytes]]) -> list:
        if not sends_requests():
            raise not_supported("firehose", "delivery to an HTTP endpoint")
        return put(http_destination, records)

    def refusing(original: Callable) -> Callable:
        def checked(self: Any, *arguments: Any, **members: Any) -> Any:
            if first_time():  # in journals of earlier releases, such streams were made
                _check_stream([*arguments, *members.values()])
            return original(self, *arguments, **members)

        return checked

    backend = module.FirehoseBackend
    backend.put_http_records = staticmethod(put_http_records)
    backend.create_delivery_stream, backend.update_destination = map(refusing, (backend.create_delivery_stream, backend.update_destination))


def _check_stream(given: list[Any]) -> None:
    """Refuse a stream that asks for what moto does not perform. ``given`` are the arguments of moto's function."""
    if "KinesisStreamAsSource" in given:
        raise not_supported("firehose", "a stream of Kinesis as the source")
    for destination in (each for each in given if isinstance(each, dict)):
        for member, what in UNPERFORMED.items():
            if (destination.get(member) or {}).get("Enabled"):
                raise not_supported("firehose", what)
