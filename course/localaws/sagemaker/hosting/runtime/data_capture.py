"""Data capture: an endpoint's requests and answers as JSON lines in S3, for monitoring the model.

Source: "Data capture" of the developer guide, read 2026-11-25: files under ``<destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/``, whose
lines have ``captureData``, ``eventMetadata`` and ``eventVersion``. AWS writes a file every few minutes; here it takes a second.
"""

from __future__ import annotations

import base64
import json
import logging
import random
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from course.localaws.core.batch_writer import BatchWriter
from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import DataError, JobData

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.hosting.servers.container_client import Reply

FLUSH_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the records of one variant go, written with the permissions of its model's role."""

    uri: str
    endpoint: str
    variant: str
    role: str
    kms_key: str | None

    def key(self, moment: datetime) -> str:
        name = f"{moment:%Y/%m/%d/%H/%M-%S}-{moment.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        return f"{self.uri.rstrip('/')}/{self.endpoint}/{self.variant}/{name}"


class DataCapture:
    """Records invocations without delaying them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._writer: BatchWriter[tuple[Destination, float, str]] = BatchWriter(self._write, FLUSH_SECONDS, "data-capture")
        self.flush = self._writer.flush

    def record(self, endpoint: str, variant: dict, config: Mapping, params: Mapping, reply: Reply) -> None:
        """Capture an invocation, if it is sampled.

        Parameters
        ----------
        variant : dict
            The variant's document.
        config : mapping
            A ``DataCaptureConfig``.
        params : mapping
            Of the invocation.
        reply : Reply
        """
        if random.random() * 100 >= config["InitialSamplingPercentage"]:
            return
        moment = self._platform.clock.now()
        line = json.dumps(record(config, params, reply, moment))
        destination = Destination(
            config["DestinationS3Uri"], endpoint, variant["VariantName"], variant["RoleArn"], config.get("KmsKeyId") or None
        )
        self._writer.add((destination, moment, line))

    def _write(self, records: list[tuple[Destination, float, str]]) -> None:
        """Write one file for each variant and hour."""
        files: dict[tuple[Destination, int], list[tuple[float, str]]] = defaultdict(list)
        for destination, moment, line in records:
            files[destination, int(moment // 3600)].append((moment, line))
        for (destination, _), lines in files.items():
            data = JobData(self._platform, f"endpoint/{destination.endpoint}", destination.role)
            body = "".join(f"{line}\n" for _, line in lines).encode()
            try:
                data.put(destination.key(datetime.fromtimestamp(lines[0][0], UTC)), body, destination.kms_key)
            except (AwsError, DataError) as error:  # for example, the bucket is gone; invocations go on, as on AWS
                logger.warning("captured data of endpoint %s could not be stored: %s", destination.endpoint, error)


def record(config: Mapping, params: Mapping, reply: Reply, moment: float) -> dict:
    """One line of a capture file."""
    modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
    kinds, captured = config.get("CaptureContentTypeHeader", {}), {}
    if modes & {"Input", "InputAndOutput"}:
        captured["endpointInput"] = payload(params.get("ContentType", ""), params.get("Body", b""), "INPUT", kinds)
    if modes & {"Output", "InputAndOutput"}:
        captured["endpointOutput"] = payload(reply.headers.get("Content-Type", ""), reply.body, "OUTPUT", kinds)
    metadata = {"eventId": str(uuid.uuid4())}
    if "CustomAttributes" in params:
        metadata["customAttributes"] = [params["CustomAttributes"]]
    if "InferenceId" in params:
        metadata["inferenceId"] = params["InferenceId"]
    metadata["inferenceTime"] = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}


def payload(content_type: str, body: bytes, mode: str, kinds: Mapping) -> dict:
    """One direction of an invocation: text if its content type is in the header settings, otherwise base 64."""
    kind = content_type.partition(";")[0].strip().lower()
    encodings = {"CSV": kinds.get("CsvContentTypes", ()), "JSON": kinds.get("JsonContentTypes", ())}
    encoding = next((name for name, types in encodings.items() if kind in map(str.lower, types)), "BASE64")
    data = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode(errors="replace")
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}
