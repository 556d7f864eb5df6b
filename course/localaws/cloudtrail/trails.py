"""Trails: their operations, and the state that `delivery` works on.

Differs from AWS: Insights and trails of an organization are refused. Source:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.cloudtrail import migration, selectors, trail_checks
from course.localaws.cloudtrail.delivery import Deliveries
from course.localaws.cloudtrail.destinations import Destinations
from course.localaws.cloudtrail.store import TRAIL, TrailStore, fresh, shown
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.platform import Platform

MOST_TRAILS = 5  # in a region ("Quotas in AWS CloudTrail")
MOST_TAGS = 50
_OPTIONAL = ("S3KeyPrefix", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId")
_CREATED = (  # members of the answers of CreateTrail and UpdateTrail
    *("Name", "S3BucketName", "S3KeyPrefix", "SnsTopicName", "SnsTopicARN", "IncludeGlobalServiceEvents", "IsMultiRegionTrail", "TrailARN"),
    *("LogFileValidationEnabled", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId", "IsOrganizationTrail"),
    "RecursiveLogging",
)


class Trails:
    """The trails of the account.

    Attributes
    ----------
    operations : dict
        Name -> handler. Handlers wait for moto's thread, so they run in threads.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = TrailStore(platform.state / "cloudtrail.db")
        self._destinations = Destinations(platform)
        self._deliveries = Deliveries(platform, self._store, self._destinations)
        platform.configurations["AWS::CloudTrail::Trail"] = self._configured
        self.operations: dict[str, Operation] = {
            "CreateTrail": self._changing(self.create),
            "UpdateTrail": self._changing(self.update),
            "DeleteTrail": self._changing(self.delete),
            "StartLogging": self._changing(self.start_logging),
            "StopLogging": self._changing(self.stop_logging),
            "PutEventSelectors": self._changing(self.put_event_selectors),
            "AddTags": self._changing(self.add_tags),
            "RemoveTags": self._changing(self.remove_tags),
            "GetTrail": self._reading(self.get),
            "DescribeTrails": self._reading(self.describe),
            "ListTrails": self._reading(self.list),
            "GetTrailStatus": self._reading(self.status),
            "GetEventSelectors": self._reading(self.get_event_selectors),
            "GetInsightSelectors": self._reading(self.get_insight_selectors),
            "ListTags": self._reading(self.list_tags),
            "ListPublicKeys": self._reading(self.list_public_keys),
        }

    def _configured(self, region: str) -> list[dict]:
        """The trails that log events of a region, with ``_Status``."""
        return [trail for trail in self._store.every(TRAIL) if trail["HomeRegion"] == region or trail["IsMultiRegionTrail"]]

    # Life

    def recover(self) -> None:
        """Go on after a start. The trails of an earlier release are taken over in the background, when moto has replayed its journal."""
        if self._store.migration.pending:
            self._store.migration.begin("trails", self._take_over)
        else:
            self._deliveries.refresh()

    def reset(self) -> None:
        self._store.reset()
        self._deliveries.refresh()

    def shutdown(self) -> None:
        self._store.close()

    def _take_over(self) -> None:
        found = self._platform.moto.run(lambda: migration.trails(self._platform.account))
        with self._deliveries.lock, self._store.taking_over() as change:
            for trail in found:
                if trail["_Status"]["IsLogging"]:
                    self._deliveries.start(trail)
                change.put_trail(trail)
        self._deliveries.refresh()

    def _reading(self, handler: Operation) -> Operation:
        def run(context: Context, params: dict) -> dict | None:
            self._store.migration.wait()
            return handler(context, params)

        return run

    def _changing(self, handler: Operation) -> Operation:
        def run(context: Context, params: dict) -> dict | None:
            self._store.migration.wait()
            with self._deliveries.lock:
                result = handler(context, params)
                self._deliveries.refresh()
            return result

        return run

    # Trails

    def create(self, context: Context, params: dict) -> dict:
        name, region = params["Name"], context.region
        trail_checks.check_name(name)
        there = self._store.every(TRAIL, region)
        if any(trail["Name"] == name for trail in there):
            raise AwsError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {context.account}")
        if len(there) >= MOST_TRAILS:
            message = f"User: {context.account} already has {len(there)} trails in {region}."
            raise AwsError("MaximumNumberOfTrailsExceededException", message)
        trail = {
            "Name": name,
            "TrailARN": f"arn:aws:cloudtrail:{region}:{context.account}:trail/{name}",
            "HomeRegion": region,
            "IncludeGlobalServiceEvents": True,
            "IsMultiRegionTrail": False,
            "LogFileValidationEnabled": False,
            "IsOrganizationTrail": False,
            "HasCustomEventSelectors": False,
            "HasInsightSelectors": False,
            "_Made": self._platform.clock.now(),
            "_Tags": _with_tags([], params.get("TagsList", [])),
            **fresh(),
        }
        self._set(trail, params)
        with self._store.change() as change:
            change.put_trail(trail)
        return _created(trail)

    def update(self, context: Context, params: dict) -> dict:
        trail = self._own(context, params["Name"])
        validated = trail["LogFileValidationEnabled"]
        self._set(trail, params)
        with self._store.change() as change:
            if validated and not trail["LogFileValidationEnabled"]:
                trail["_NextDigest"] = None
                change.forget_digests(trail["TrailARN"])
            elif trail["LogFileValidationEnabled"] and not validated and trail["_Status"]["IsLogging"]:
                self._deliveries.start_digests(trail)
            change.put_trail(trail)
        return _created(trail)

    def delete(self, context: Context, params: dict) -> None:
        trail = self._own(context, params["Name"])
        if trail["_Next"] is not None:
            self._deliveries.finish(trail, self._platform.clock.now())
        with self._store.change() as change:
            change.forget_digests(trail["TrailARN"])
            change.delete(TRAIL, trail["HomeRegion"], trail["Name"])

    def get(self, context: Context, params: dict) -> dict:
        return {"Trail": shown(self._find(context, params["Name"]))}

    def describe(self, context: Context, params: dict) -> dict:
        found = [trail for trail in self._store.every(TRAIL) if trail["HomeRegion"] == context.region or _is_shadow(trail, context, params)]
        if named := params.get("trailNameList"):
            found = [trail for trail in found if trail["TrailARN"] in named or trail["Name"] in named]
        return {"trailList": [shown(trail) for trail in found]}

    def list(self, context: Context, params: dict) -> dict:
        members = ("TrailARN", "Name", "HomeRegion")
        return {"Trails": [{member: trail[member] for member in members} for trail in self._store.every(TRAIL)]}

    # Logging

    def start_logging(self, context: Context, params: dict) -> None:
        trail = self._own(context, params["Name"])
        if trail["_Until"]:
            self._deliveries.finish(trail, self._platform.clock.now())
        status = trail["_Status"]
        if not status["IsLogging"]:
            status |= {"IsLogging": True, "StartLoggingTime": self._platform.clock.now()}
            self._deliveries.start(trail)
        with self._store.change() as change:
            change.put_trail(trail)

    def stop_logging(self, context: Context, params: dict) -> None:
        """StopLogging. The next delivery is the trail's last; it ends with this call's own event."""
        trail = self._own(context, params["Name"])
        status = trail["_Status"]
        if status["IsLogging"]:
            status |= {"IsLogging": False, "StopLoggingTime": self._platform.clock.now()}
            trail["_Until"] = context.call.id
            with self._store.change() as change:
                change.put_trail(trail)

    def status(self, context: Context, params: dict) -> dict:
        return self._find(context, params["Name"])["_Status"]

    def put_event_selectors(self, context: Context, params: dict) -> dict:
        trail = self._own(context, params["TrailName"])
        trail["_Selectors"], trail["_Advanced"] = selectors.checked(params)
        trail["HasCustomEventSelectors"] = trail["_Selectors"] != selectors.DEFAULT
        with self._store.change() as change:
            change.put_trail(trail)
        return self.get_event_selectors(context, params)

    def get_event_selectors(self, context: Context, params: dict) -> dict:
        trail = self._find(context, params["TrailName"])
        if trail["_Advanced"]:
            return {"TrailARN": trail["TrailARN"], "AdvancedEventSelectors": trail["_Advanced"]}
        return {"TrailARN": trail["TrailARN"], "EventSelectors": trail["_Selectors"]}

    def get_insight_selectors(self, context: Context, params: dict) -> dict:
        if "TrailName" not in params:
            raise not_supported("cloudtrail", "GetInsightSelectors of an event data store")
        name = self._find(context, params["TrailName"])["Name"]
        message = f"Trail {name} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation"
        raise AwsError("InsightNotEnabledException", f"{message} again.")

    def list_public_keys(self, context: Context, params: dict) -> dict:
        now = self._platform.clock.now()
        first, last = params.get("StartTime", now), params.get("EndTime", now)
        if first > last:
            raise AwsError("InvalidTimeRangeException", "The start time that is specified must occur before the end time.")
        return {"PublicKeyList": self._deliveries.keys.public(context.region, first, last)}

    # Tags

    def add_tags(self, context: Context, params: dict) -> None:
        self._retag(context, params["ResourceId"], lambda tags: _with_tags(tags, params["TagsList"]))

    def remove_tags(self, context: Context, params: dict) -> None:
        removed = {tag["Key"] for tag in params["TagsList"]}
        self._retag(context, params["ResourceId"], lambda tags: [tag for tag in tags if tag["Key"] not in removed])

    def list_tags(self, context: Context, params: dict) -> dict:
        found = [self._tagged(context, arn) for arn in params["ResourceIdList"]]
        return {"ResourceTagList": [{"ResourceId": trail["TrailARN"], "TagsList": trail["_Tags"]} for trail in found]}

    def _retag(self, context: Context, arn: str, change_tags: Callable[[list[dict]], list[dict]]) -> None:
        trail = self._tagged(context, arn)
        trail["_Tags"] = change_tags(trail["_Tags"])
        with self._store.change() as change:
            change.put_trail(trail)

    def _tagged(self, context: Context, arn: str) -> dict:
        if ":trail/" not in arn:
            raise AwsError("CloudTrailARNInvalidException", f"The ARN {arn} is not that of a trail.")
        try:
            return self._find(context, arn)
        except AwsError:
            raise AwsError("ResourceNotFoundException", f"The resource {arn} is not found.") from None

    # What handlers share

    def _set(self, trail: dict, params: dict) -> None:
        """Give a trail the parameters of CreateTrail or UpdateTrail, and check the result."""
        for member in ("S3BucketName", "IncludeGlobalServiceEvents", "IsMultiRegionTrail", "IsOrganizationTrail", "RecursiveLogging"):
            if member in params:
                trail[member] = params[member]
        trail["LogFileValidationEnabled"] = params.get("EnableLogFileValidation", trail["LogFileValidationEnabled"])
        for member in (*_OPTIONAL, "SnsTopicName"):  # an empty text removes it
            if params.get(member):
                trail[member] = params[member]
            elif member in params:
                trail.pop(member, None)
        trail.pop("SnsTopicARN", None)
        account = self._platform.account
        if name := trail.get("SnsTopicName"):
            trail["SnsTopicARN"] = name if name.startswith("arn:") else f"arn:aws:sns:{trail['HomeRegion']}:{account}:{name}"
        trail_checks.check(trail, self._destinations, account, self._platform.objects.bucket_exists(trail["S3BucketName"]))
        if key := self._destinations.key(trail) if trail.get("KmsKeyId") else None:
            trail["KmsKeyId"] = key.arn

    def _find(self, context: Context, name: str) -> dict:
        """A trail by name or ARN. Raises AwsError ``TrailNotFoundException``, ``CloudTrailARNInvalidException``."""
        region = context.region
        if name.startswith("arn:"):
            parts = name.split(":", 5)
            if len(parts) != 6 or parts[2] != "cloudtrail" or not parts[5].startswith("trail/"):
                raise AwsError("CloudTrailARNInvalidException", f"The ARN {name} is not valid.")
            region, name = parts[3], parts[5].removeprefix("trail/")
        else:
            trail_checks.check_name(name)
        trail = self._store.get(TRAIL, region, name)
        if trail is None:
            arn = f"arn:aws:cloudtrail:{region}:{context.account}:trail/{name}"
            raise AwsError("TrailNotFoundException", f"Unknown trail: {arn} for the user: {context.account}")
        return trail

    def _own(self, context: Context, name: str) -> dict:
        """A trail that an operation changes. Raises AwsError as `_find` does, and ``InvalidHomeRegionException``."""
        trail = self._find(context, name)
        if trail["HomeRegion"] != context.region:
            message = f"The trail {trail['Name']} can be changed in its home region {trail['HomeRegion']} only."
            raise AwsError("InvalidHomeRegionException", message)
        return trail


def _is_shadow(trail: dict, context: Context, params: dict) -> bool:
    """Whether DescribeTrails shows a trail of another region."""
    return trail["IsMultiRegionTrail"] and params.get("includeShadowTrails", True)


def _created(trail: dict) -> dict:
    return {member: trail[member] for member in _CREATED if member in trail}


def _with_tags(tags: list[dict], added: list[dict]) -> list[dict]:
    found = {tag["Key"]: tag for tag in [*tags, *added]}
    if len(found) > MOST_TAGS:
        raise AwsError("TagsLimitExceededException", f"The number of tags per trail has exceeded the limit of {MOST_TAGS}.")
    return list(found.values())
