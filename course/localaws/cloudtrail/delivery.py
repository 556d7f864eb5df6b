"""Delivers the files of trails when the clock reaches their times: log files every five minutes, digest files every hour.

Differs from AWS: the times are exact, so that advancing the clock by five minutes delivers; CloudTrail's own calls to the bucket make no
events, as with ``RecursiveLogging`` false.

Log files that could not be delivered are tried again every five minutes, for as long as the request log has their events; AWS tries for 30
days. A digest file that could not be delivered is left out: the next one, an hour later, covers its time, too. The last files of a stopped
trail are tried again every five minutes, until the trail is started again or deleted: what the bucket then still refuses is lost.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections.abc import Iterator

from course.localaws.cloudtrail import metering, selectors
from course.localaws.cloudtrail.destinations import Destinations
from course.localaws.cloudtrail.digests import SECONDS as DIGEST_SECONDS
from course.localaws.cloudtrail.digests import digest_file
from course.localaws.cloudtrail.log_files import LogFile, files
from course.localaws.cloudtrail.signing import SigningKeys
from course.localaws.cloudtrail.store import CHAIN, FILE, TRAIL, TrailStore
from course.localaws.core.errors import AwsError
from course.localaws.platform import Platform

SECONDS = 300.0  # between two deliveries of log files
MOST_ROWS = 10_000  # of the request log that are read at a time

logger = logging.getLogger(__name__)


class Deliveries:
    """Delivers what trails log.

    Attributes
    ----------
    lock : threading.RLock
        Held while a trail changes or delivers.
    keys : SigningKeys
    """

    def __init__(self, platform: Platform, store: TrailStore, destinations: Destinations) -> None:
        self._platform, self._store, self._destinations = platform, store, destinations
        self.keys, self.lock = SigningKeys(store), threading.RLock()
        self._next_time = math.inf
        platform.scheduler.add(self._next, self._deliver_due)

    def refresh(self) -> None:
        """Read again from the store when trails deliver, which regions they log, and which data events they ask for."""
        with self.lock:
            trails = self._store.every(TRAIL)
            self._next_time = min(map(_due, trails), default=math.inf)
            active = [trail for trail in trails if trail["_Status"]["IsLogging"]]
            _replace(self._platform.recorded_data, set().union(*map(selectors.data_types, active)))
            _replace(self._platform.logged_regions, {"*" if trail["IsMultiRegionTrail"] else trail["HomeRegion"] for trail in active})
        self._platform.scheduler.wake()

    def start(self, trail: dict) -> None:
        """Set the times of a trail that begins to log now."""
        now = self._platform.clock.now()
        trail["_Cursor"], trail["_Next"], trail["_Until"] = self._platform.requests.last(), following(now), None
        if trail["LogFileValidationEnabled"]:
            self.start_digests(trail)

    def start_digests(self, trail: dict) -> None:
        """Begin a chain of digest files."""
        now = self._platform.clock.now()
        trail["_DigestStart"], trail["_NextDigest"] = now, now + DIGEST_SECONDS

    def finish(self, trail: dict, moment: float) -> None:
        """Deliver at once what a trail has logged, and its last digest file. Then it delivers nothing more, unless this was refused."""
        done = self._deliver_logs(trail, moment) and (trail["_NextDigest"] is None or self._deliver_digests(trail, moment))
        with self._store.change() as change:
            if done:
                trail["_Next"] = trail["_NextDigest"] = trail["_Until"] = None
                change.forget_digests(trail["TrailARN"])
            else:
                trail["_Next"] = following(moment)
            change.put_trail(trail)

    # In the scheduler's thread

    def _next(self) -> float | None:
        return None if self._next_time == math.inf else self._next_time

    def _deliver_due(self, moment: float) -> None:
        with self.lock:
            for trail in self._store.every(TRAIL):
                if _due(trail) <= moment:
                    self._deliver(trail, moment)
            self.refresh()

    def _deliver(self, trail: dict, moment: float) -> None:
        if trail["_Until"]:
            self.finish(trail, moment)
            return
        if trail["_Next"] <= moment:
            self._deliver_logs(trail, moment)
            trail["_Next"] = self._following(trail, moment)
        if trail["_NextDigest"] is not None and trail["_NextDigest"] <= moment:
            self._deliver_digests(trail, moment)
            trail["_NextDigest"] = moment + DIGEST_SECONDS
        with self._store.change() as change:
            change.put_trail(trail)

    # Log files

    def _deliver_logs(self, trail: dict, moment: float) -> bool:
        """Deliver all that a trail has logged. Returns whether that was possible."""
        while rows := list(itertools.islice(self._rows(trail, moment), MOST_ROWS)):
            if not self._deliver_rows(trail, rows, moment):
                return False
        return True

    def _deliver_rows(self, trail: dict, rows: list[dict], moment: float) -> bool:
        """Deliver what a trail logs of some rows of the request log. Returns whether that was possible."""
        found, status = list(files(trail, rows, self._platform.account, moment)), trail["_Status"]
        try:
            for file in found:
                self._destinations.put(trail, file.key, file.compressed)
        except AwsError as error:
            _note(status, "Delivery", moment, error.code)
            logger.warning("the trail %s was not delivered: %s", trail["Name"], error)
            return False
        others = [each for each in self._store.every(TRAIL) if each["_Status"]["IsLogging"] and each["TrailARN"] != trail["TrailARN"]]
        metering.meter(self._platform.usage, trail, others, found, moment)
        trail["_Cursor"] = rows[-1]["id"]
        if found:
            _note(status, "Delivery", moment)
        with self._store.change() as change:
            if trail["_NextDigest"] is not None:
                for file in found:
                    entry = file.entry(trail["S3BucketName"])
                    change.put(FILE, trail["TrailARN"], file.key, {"region": file.region, "entry": entry})
            change.put_trail(trail)
        self._notify(trail, found, moment)
        return True

    def _following(self, trail: dict, moment: float) -> float:
        """When a trail delivers next: not before now, if everything was delivered. So a long advance of the clock is no long wait."""
        delivered = trail["_Cursor"] >= self._platform.requests.last()
        return following(max(moment, self._platform.clock.now()) if delivered else moment)

    def _rows(self, trail: dict, moment: float) -> Iterator[dict]:
        """The rows of the request log that a trail has not delivered yet."""
        # the row of StopLogging is the last one, and comes after StopLoggingTime
        latest = trail["_Status"]["StopLoggingTime"] + SECONDS if trail["_Until"] else moment
        for row in self._platform.requests.after(trail["_Cursor"], self._last(trail)):
            if row["time"] > latest:
                return
            yield row

    def _last(self, trail: dict) -> int:
        """The id of the last row that a trail delivers: of a stopped one that of StopLogging, unless the request log does not have it."""
        requests, until = self._platform.requests, trail["_Until"]
        stopped = next(requests.newest(None, "request_id = ?", [until]), None) if until else None
        return stopped["id"] if stopped else requests.last()

    def _notify(self, trail: dict, found: list[LogFile], moment: float) -> None:
        """Send the records to the trail's log group, and a message to its topic. Failures are in the trail's status."""
        status = trail["_Status"]
        if found and trail.get("SnsTopicARN"):
            try:
                self._destinations.notify(trail, [file.key for file in found])
                _note(status, "Notification", moment)
            except AwsError as error:
                _note(status, "Notification", moment, error.code)
        if found and trail.get("CloudWatchLogsLogGroupArn"):
            try:
                for file in found:
                    self._destinations.log(trail, file.region, file.records)
                _note(status, "CloudWatchLogsDelivery", moment)
            except AwsError as error:
                _note(status, "CloudWatchLogsDelivery", moment, error.message)

    # Digest files

    def _deliver_digests(self, trail: dict, moment: float) -> bool:
        """Deliver a digest file for the trail's home region, and for each other region in which it has delivered a log file.

        Returns whether that was possible.
        """
        status, arn, period = trail["_Status"], trail["TrailARN"], (trail["_DigestStart"], moment)
        waiting, chains = self._store.every(FILE, arn), {chain["region"]: chain["chain"] for chain in self._store.every(CHAIN, arn)}
        for region in sorted({trail["HomeRegion"], *chains, *(file["region"] for file in waiting)}):
            entries = [file["entry"] for file in waiting if file["region"] == region]
            previous = chains.get(region)
            made = digest_file(self.keys, trail, self._platform.account, region, period, entries, previous)
            try:
                self._destinations.put(trail, made.key, made.compressed, made.metadata)
            except AwsError as error:
                _note(status, "DigestDelivery", moment, error.code)
                logger.warning("a digest of the trail %s was not delivered: %s", trail["Name"], error)
                return False
            with self._store.change() as change:
                change.put(CHAIN, arn, region, {"region": region, "chain": made.chain})
                for entry in entries:
                    change.delete(FILE, arn, entry["s3Object"])
        _note(status, "DigestDelivery", moment)
        trail["_DigestStart"] = moment
        return True


def _replace(kept: set[str], found: set[str]) -> None:
    """Change a set in place. What is in both is never missing: other threads read it without the lock."""
    kept &= found
    kept |= found


def following(moment: float) -> float:
    """The time of the next delivery of log files."""
    return (moment // SECONDS + 1) * SECONDS


def _note(status: dict, kind: str, moment: float, error: str = "") -> None:
    """Write into a trail's status how an attempt of a kind ended, e.g. ``"Delivery"``."""
    status.pop(f"Latest{kind}Error", None)
    status |= {f"Latest{kind}Error": error} if error else {f"Latest{kind}Time": moment}


def _due(trail: dict) -> float:
    """When a trail delivers next. Nothing is due of a trail that does not log."""
    digest = None if trail["_Until"] else trail["_NextDigest"]  # the last one comes with the last log files
    return min((time for time in (trail["_Next"], digest) if time is not None), default=math.inf)
