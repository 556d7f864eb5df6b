"""The channels of a training job: which objects each host gets, in which order, and the stream of Pipe mode.

Source: ``Channel``, ``S3DataSource`` and ``ShuffleConfig`` of the API reference, and "Augmented Manifest File Format for Pipe Mode
Training" of the SageMaker developer guide, read 2026-11-25. AWS documents neither how ``ShardedByS3Key`` distributes the keys
("approximately 1/n") nor how a seed orders them. Here host i of n gets every nth key from the ith on, in the order of Python's ``random``.
"""

from __future__ import annotations

import gzip
import os
import random
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from course.localaws.images.shared import recordio
from course.localaws.jobs.s3_data import DataError, InputObject, JobData
from course.localaws.sagemaker.core.cluster import Host

if TYPE_CHECKING:
    from course.localaws.s3.objects import StoredObject

AUGMENTED = "AugmentedManifestFile"
PIECE = 1 << 18  # bytes to read at once
Record = tuple["bytes | StoredObject", ...]


@dataclass(frozen=True, slots=True)
class TrainingChannel:
    """One channel of a request, and what it contains in S3: objects, or the lines of an augmented manifest."""

    request: dict
    mode: str
    found: tuple[InputObject, ...] | tuple[Record, ...]

    @property
    def name(self) -> str:
        return self.request["ChannelName"]

    def described(self) -> dict:
        """The channel's entry in ``inputdataconfig.json``."""
        source = self.request["DataSource"]["S3DataSource"]
        described = {
            "TrainingInputMode": self.mode,
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": self.request.get("RecordWrapperType", "None"),
        }
        return described | ({"ContentType": self.request["ContentType"]} if "ContentType" in self.request else {})

    def of(self, cluster: list[Host], host: Host, epoch: int = 0) -> list[InputObject] | list[Record] | None:
        """What one host gets in an epoch, in order. None when the channel belongs to other instance groups."""
        source = self.request["DataSource"]["S3DataSource"]
        groups = source.get("InstanceGroupNames")
        receivers = [each for each in cluster if not groups or each.group in groups]
        if host not in receivers:
            return None
        pieces = list(self.found)
        if shuffle := self.request.get("ShuffleConfig"):
            random.Random(f"{shuffle['Seed']}/{epoch}").shuffle(pieces)
        sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        return pieces[receivers.index(host) :: len(receivers)] if sharded else pieces

    def require_read(self, data: JobData) -> None:
        """Check that the job's role may read the channel, by its first object. Raises DataError."""
        parts = (part for piece in self.found for part in _parts(piece))
        if first := next((part for part in parts if not isinstance(part, bytes)), None):
            data.require_read(first.bucket, first.key)

    def stream(self, data: JobData, pieces: Iterable[InputObject | Record]) -> Iterator[bytes]:
        """The stream of Pipe mode: one body after another, decompressed and wrapped as the channel says. Raises DataError."""
        zipped, wrapped = self.request.get("CompressionType") == "Gzip", self.request.get("RecordWrapperType") == "RecordIO"
        for piece in pieces:
            for part in _parts(piece):
                if isinstance(part, bytes):
                    yield from recordio.frames(len(part), [part]) if wrapped else [part]
                elif not part.key.endswith("/"):
                    yield from body(data, part, zipped, wrapped)


def find(request: dict, job_mode: str, data: JobData) -> TrainingChannel:
    """A channel with what it contains in S3. Raises DataError."""
    source, mode = request["DataSource"]["S3DataSource"], request.get("InputMode", job_mode)
    if source["S3DataType"] == AUGMENTED:
        return TrainingChannel(request, mode, tuple(data.records(source["S3Uri"], source["AttributeNames"])))
    return TrainingChannel(request, mode, tuple(data.find(source["S3Uri"], source["S3DataType"])))


def _parts(piece: InputObject | Record) -> Record:
    return (piece.stored,) if isinstance(piece, InputObject) else piece


def body(data: JobData, stored: StoredObject, zipped: bool, wrapped: bool = False) -> Iterator[bytes]:
    """An object's content in pieces, decompressed if ``zipped``, in RecordIO frames if ``wrapped``. Raises DataError."""
    try:
        with data.open(stored.bucket, stored.key) as raw:
            if not wrapped:
                yield from _pieces(raw, zipped)
                return
            # A record begins with its length, so compressed data is read twice.
            length = sum(map(len, _pieces(raw, zipped))) if zipped else raw.seek(0, os.SEEK_END)
            raw.seek(0)
            yield from recordio.frames(length, _pieces(raw, zipped))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"s3://{stored.bucket}/{stored.key} could not be streamed: {error}") from error


def _pieces(raw: BinaryIO, zipped: bool) -> Iterator[bytes]:
    stream = gzip.GzipFile(fileobj=raw) if zipped else raw
    while piece := stream.read(PIECE):
        yield piece
