"""Log files: which records a trail delivers, and the files that hold them.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from course.localaws.cloudtrail import event_types, history, records, selectors

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file that is ready for delivery.

    Attributes
    ----------
    region : str
    key : str
        In the trail's bucket.
    records : list of dict
        In the order of their calls.
    text : bytes
        The content before it is compressed.
    """

    region: str
    key: str
    records: list[dict]
    text: bytes

    @property
    def compressed(self) -> bytes:
        return gzip.compress(self.text, mtime=0)

    def entry(self, bucket: str) -> dict:
        """What a digest file says of this file."""
        times = sorted(record["eventTime"] for record in self.records)
        return {
            "s3Bucket": bucket,
            "s3Object": self.key,
            "hashValue": hashlib.sha256(self.text).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": times[-1],
            "oldestEventTime": times[0],
        }


def files(trail: dict, rows: Iterable[dict], account: str, moment: float) -> Iterator[LogFile]:
    """The log files with the records that a trail selects from rows of the request log, one for each region.

    Parameters
    ----------
    moment : float
        The time of the delivery, in Unix seconds.
    """
    chosen: dict[str, list[tuple[int, dict]]] = {}
    for row in rows:
        region = records.region_of(row)
        if history.is_event(row) and _is_of(trail, row, region):
            record = records.of_row(row, account)
            if selectors.selects(trail, record):
                chosen.setdefault(region, []).append((row["id"], record))
    for region, found in sorted(chosen.items()):
        named = [record for _, record in found]
        text = json.dumps({"Records": named}, separators=(",", ":")).encode()
        yield LogFile(region, _key(trail, account, region, moment, found[0][0]), named, text)


def folder(trail: dict, account: str, kind: str, region: str) -> str:
    """The beginning of the keys of a trail's files in a region. ``kind`` is ``"CloudTrail"`` or ``"CloudTrail-Digest"``."""
    prefix = trail.get("S3KeyPrefix", "").strip("/")
    return f"{prefix}/AWSLogs/{account}/{kind}/{region}/" if prefix else f"AWSLogs/{account}/{kind}/{region}/"


def _is_of(trail: dict, row: dict, region: str) -> bool:
    """Whether a trail logs the region of a row, and, for services without regions, their events."""
    if event_types.is_global(row["service"]) and not trail["IncludeGlobalServiceEvents"]:
        return False
    return trail["IsMultiRegionTrail"] or region == trail["HomeRegion"]


def _key(trail: dict, account: str, region: str, moment: float, first: int) -> str:
    """The key of a log file. A delivery that is made again after a kill writes the same keys."""
    at = datetime.fromtimestamp(moment, UTC)
    digest = hashlib.sha256(f"{trail['TrailARN']} {trail['_Made']} {region} {first}".encode()).digest()
    unique = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:16])
    return f"{folder(trail, account, 'CloudTrail', region)}{at:%Y/%m/%d}/{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{unique}.json.gz"
