"""The channels of a training job: what of them each host gets, in which order, as files or as a stream.

Source: ``TrainingChannel``, ``S3DataSource`` and ``ShuffleConfig`` of the API reference, and "Augmented Manifest File Format for Pipe Mode
Training" of the SageMaker developer guide, read 2026-11-25. AWS tells neither how ``ShardedByS3Key`` deals the keys ("approximately
1/n") nor how a seed orders them: here host i of n gets every nth key from the ith on, and the order is that of Python's ``random``.
"""

from __future__ import annotations

import gzip
import os
import random
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from course.localaws.core.errors import AwsError
from course.localaws.images.shared import recordio
from course.localaws.jobs.s3_data import DataError, InputObject, JobData
from course.localaws.sagemaker.core.cluster import Host
from course.localaws.sagemaker.core.job_family import unsupported

if TYPE_CHECKING:
    from course.localaws.s3.objects import StoredObject

AUGMENTED = "AugmentedManifestFile"
PIECE = 1 << 18  # bytes that are read at a time
Record = tuple["bytes | StoredObject", ...]


@dataclass(frozen=True, slots=True)
class TrainingChannel:
    """One channel as the request asks for it, and what was found for it in S3: objects, or the lines of an augmented manifest."""

    request: dict
    mode: str
    found: tuple[InputObject, ...] | tuple[Record, ...]

    @property
    def name(self) -> str:
        return self.request["ChannelName"]

    def described(self) -> dict:
        """It as ``inputdataconfig.json`` describes it."""
        source = self.request["DataSource"]["S3DataSource"]
        described = {
            "TrainingInputMode": self.mode,
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": self.request.get("RecordWrapperType", "None"),
        }
        return described | ({"ContentType": self.request["ContentType"]} if "ContentType" in self.request else {})

    def of(self, cluster: list[Host], host: Host, epoch: int = 0) -> list[InputObject] | list[Record] | None:
        """What one host gets in an epoch, in its order; None where the channel is for other instance groups."""
        source = self.request["DataSource"]["S3DataSource"]
        groups = source.get("InstanceGroupNames")
        takers = [each for each in cluster if not groups or each.group in groups]
        if host not in takers:
            return None
        pieces = list(self.found)
        if shuffle := self.request.get("ShuffleConfig"):
            random.Random(f"{shuffle['Seed']}/{epoch}").shuffle(pieces)
        sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        return pieces[takers.index(host) :: len(takers)] if sharded else pieces

    def require_read(self, data: JobData) -> None:
        """That the job's role may read what is to be streamed, by its first object. Raises DataError."""
        parts = (part for piece in self.found for part in _parts(piece))
        if first := next((part for part in parts if not isinstance(part, bytes)), None):
            data.require_read(first.bucket, first.key)

    def stream(self, data: JobData, pieces: Iterable[InputObject | Record]) -> Iterator[bytes]:
        """The content of Pipe mode: bodies one after the other, decompressed and wrapped as the channel asks.

        Raises DataError.
        """
        zipped, wrapped = self.request.get("CompressionType") == "Gzip", self.request.get("RecordWrapperType") == "RecordIO"
        for piece in pieces:
            for part in _parts(piece):
                if isinstance(part, bytes):
                    yield from recordio.frames(len(part), [part]) if wrapped else [part]
                elif not part.key.endswith("/"):
                    yield from body(data, part, zipped, wrapped)


def find(request: dict, job_mode: str, data: JobData) -> TrainingChannel:
    """A channel and what there is for it. Raises DataError."""
    source, mode = request["DataSource"]["S3DataSource"], request.get("InputMode", job_mode)
    if source["S3DataType"] == AUGMENTED:
        return TrainingChannel(request, mode, tuple(data.records(source["S3Uri"], source["AttributeNames"])))
    return TrainingChannel(request, mode, tuple(data.find(source["S3Uri"], source["S3DataType"])))


def check(request: dict, job_mode: str, groups: set[str]) -> None:
    """Refuse a channel that the local AWS has not, or that contradicts itself; ``groups`` are the job's instance groups.

    Raises AwsError.
    """
    name, source = request["ChannelName"], request["DataSource"]
    if "S3DataSource" not in source:
        raise unsupported(f"the data source of channel {name}: {', '.join(source) or 'none'}; it has S3DataSource alone")
    mode, source = request.get("InputMode", job_mode), source["S3DataSource"]
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile", AUGMENTED):
        raise unsupported(f"S3DataType {source['S3DataType']} (channel {name})")
    if "HubAccessConfig" in source:
        raise unsupported(f"HubAccessConfig (channel {name})")
    augmented = source["S3DataType"] == AUGMENTED
    only_pipe = f"is used only in Pipe input mode; channel {name} has input mode {mode}."
    for broken, complaint in (
        (augmented and mode != "Pipe", f"S3DataType {AUGMENTED} {only_pipe}"),
        (augmented and not source.get("AttributeNames"), f"S3DataType {AUGMENTED} takes AttributeNames; channel {name} has none."),
        (
            not augmented and source.get("AttributeNames"),
            f"AttributeNames are used only with S3DataType {AUGMENTED}; channel {name} has another.",
        ),
        *(
            (request.get(member, "None") != "None" and mode != "Pipe", f"{member} {only_pipe}")
            for member in ("CompressionType", "RecordWrapperType")
        ),
    ):
        if broken:
            raise AwsError("ValidationException", complaint)
    for group in source.get("InstanceGroupNames", []):
        if group not in groups:
            raise AwsError("ValidationException", f"ResourceConfig has no instance group {group}, which channel {name} names.")


def _parts(piece: InputObject | Record) -> Record:
    return (piece.stored,) if isinstance(piece, InputObject) else piece


def body(data: JobData, stored: StoredObject, zipped: bool, wrapped: bool = False) -> Iterator[bytes]:
    """An object's content in pieces, decompressed, and in RecordIO's frames, when it is to be. Raises DataError."""
    try:
        with data.open(stored.bucket, stored.key) as raw:
            if not wrapped:
                yield from _pieces(raw, zipped)
                return
            # A record begins with its length: what is compressed is read twice.
            length = sum(map(len, _pieces(raw, zipped))) if zipped else os.fstat(raw.fileno()).st_size
            raw.seek(0)
            yield from recordio.frames(length, _pieces(raw, zipped))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"s3://{stored.bucket}/{stored.key} could not be streamed: {error}") from error


def _pieces(raw: BinaryIO, zipped: bool) -> Iterator[bytes]:
    stream = gzip.GzipFile(fileobj=raw) if zipped else raw
    while piece := stream.read(PIECE):
        yield piece
