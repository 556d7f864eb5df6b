"""The Application Auto Scaling service. It serves requests about SageMaker itself and forwards all others to moto."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

from course.localaws.autoscaling import permissions
from course.localaws.autoscaling.checks import check_limits, check_policy
from course.localaws.autoscaling.dimensions import INSTANCES, PROVISIONED, dimension_of
from course.localaws.autoscaling.scalable import DimensionDispatcher
from course.localaws.autoscaling.scaler import AutoScaler, following
from course.localaws.autoscaling.store import POLICY, SCHEDULED, TARGET, ScalingStore, own_key, target_key
from course.localaws.autoscaling.target_tracking import alarms_of
from course.localaws.cloudwatch.alarms.operations import AlarmOperations
from course.localaws.context import by_region
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.schedule_expressions import ScheduleExpressionError
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread

NAMESPACE = "sagemaker"
ROLE = "aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
AWAKE = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}
PAGE = 50


def create_service(platform: Platform, stages: Stages) -> Service:
    """Returns the `Service` with signing name ``application-autoscaling``."""
    scaling = ApplicationAutoScaling(platform)
    return Service(
        "application-autoscaling",
        platform,
        {name: by_region(operation) for name, operation in scaling.operations().items()},
        fallback=platform.moto,
        falls_back=lambda context, params: not scaling.owns(context.region, params),
        parse_all=True,
        run=in_thread,
        resource=lambda operation, params: params.get("ResourceId", ""),
        permissions=of_model("application-autoscaling", permissions.records(scaling.store)).required,
        stages=stages,
        backend=scaling,
    )


class ApplicationAutoScaling:
    """The operations on scalable targets, their policies and scheduled actions. Each takes a region and parameters.

    Parameters
    ----------
    platform : Platform
        Its ``scalable`` holds the resources that can be scaled.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform, self._scalable = platform, DimensionDispatcher(platform.scalable)
        platform.scalable_targets = self
        self.store = ScalingStore(platform.state / "scaling.db")
        self._alarms = AlarmOperations(platform.alarms)
        self._scaler = AutoScaler(platform, self.store, self._scalable)

    def operations(self) -> dict[str, Callable[[str, dict], dict]]:
        return {
            "RegisterScalableTarget": self.register,
            "DeregisterScalableTarget": self.deregister,
            "DescribeScalableTargets": self.describe_targets,
            "PutScalingPolicy": self.put_policy,
            "DeleteScalingPolicy": self.delete_policy,
            "DescribeScalingPolicies": self.describe_policies,
            "PutScheduledAction": self.put_action,
            "DeleteScheduledAction": self.delete_action,
            "DescribeScheduledActions": self.describe_actions,
            "DescribeScalingActivities": self.describe_activities,
            "ListTagsForResource": lambda region, params: {"Tags": self._tagged(region, params).get("_Tags", {})},
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }

    def owns(self, region: str, params: dict) -> bool:
        """Returns whether a request is about SageMaker."""
        about_tags = "ResourceARN" in params and self._by_arn(region, params["ResourceARN"]) is not None
        return about_tags or params.get("ServiceNamespace") == NAMESPACE

    def reset(self) -> None:
        self.store.reset()

    def shutdown(self) -> None:
        self.store.close()

    def scales(self, region: str, endpoint: str, variant: str) -> bool:
        """Returns whether a variant is a scalable target."""
        keys = [f"endpoint/{endpoint}/variant/{variant} {dimension}" for dimension in (INSTANCES, PROVISIONED)]
        return any(self.store.get(region, TARGET, key) for key in keys)

    def forget(self, region: str, resource: str) -> None:
        """Deregister a deleted endpoint or component, and everything below it, as AWS's DeleteEndpoint does."""
        for _, target in self.store.every(TARGET, region):
            if f"{target['ResourceId']}/".startswith(f"{resource}/"):
                self.deregister(region, target)

    # ---- targets ------------------------------------------------------------------------------------------------------------

    def register(self, region: str, params: dict) -> dict:
        kind, key = dimension_of(params).kind, target_key(params)
        present = self.store.get(region, TARGET, key)
        if self._scalable.capacity(region, params["ResourceId"], params["ScalableDimension"]) is None:
            raise invalid(f"The {kind} doesn't exist, or has no {params['ScalableDimension']}: {params['ResourceId']}")
        target = present or {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": params["ResourceId"],
            "ScalableDimension": params["ScalableDimension"],
            "RoleARN": params.get("RoleARN", f"arn:aws:iam::{self._platform.account}:role/{ROLE}"),
            "CreationTime": self._now(),
            "SuspendedState": AWAKE,
            "ScalableTargetARN": self._arn(region, f"scalable-target/{secrets.token_hex(16)}"),
            "_Tags": params.get("Tags", {}),
        }
        target |= {member: params[member] for member in ("MinCapacity", "MaxCapacity") if member in params}
        target["SuspendedState"] = target["SuspendedState"] | params.get("SuspendedState", {})
        check_limits(self._scalable, region, target)
        self.store.put(region, TARGET, key, target)
        self._scaler.within_limits(region, target, self._now())
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def deregister(self, region: str, params: dict) -> dict:
        target = self._target(region, params)
        for kind, delete in ((POLICY, self.delete_policy), (SCHEDULED, self.delete_action)):
            for _, thing in self.store.every(kind, region):
                if target_key(thing) == target_key(target):
                    delete(region, thing)
        self.store.delete(region, TARGET, target_key(target))
        return {}

    def describe_targets(self, region: str, params: dict) -> dict:
        wanted = params.get("ResourceIds")
        found = [shown for shown in self._found(region, TARGET, params) if not wanted or shown["ResourceId"] in wanted]
        return _page("ScalableTargets", found, params)

    # ---- policies -----------------------------------------------------------------------------------------------------------

    def put_policy(self, region: str, params: dict) -> dict:
        dimension_of(params)
        target = self._target(region, params)
        key = own_key(params, params["PolicyName"])
        present = self.store.get(region, POLICY, key)
        policy = present or {"CreationTime": self._now(), "_CreatedBy": str(uuid.uuid4()), "Alarms": []}
        policy |= params
        policy.setdefault("PolicyType", "StepScaling")
        if present is None:
            resource = f"resource/{NAMESPACE}/{target['ResourceId']}:policyName/{params['PolicyName']}"
            policy["PolicyARN"] = f"arn:aws:autoscaling:{region}:{self._platform.account}:scalingPolicy:{uuid.uuid4()}:{resource}"
        check_policy(policy)
        before = [alarm["AlarmName"] for alarm in policy["Alarms"]]
        if policy["PolicyType"] == "TargetTrackingScaling":
            made = alarms_of(policy)
            for alarm in made:
                self._alarms.check(region, alarm)
            self.store.put(region, POLICY, key, policy)
            for alarm in made:
                self._alarms.put_metric_alarm(region, alarm)
            policy["Alarms"] = [{"AlarmName": alarm["AlarmName"], "AlarmARN": self._alarm_arn(region, alarm)} for alarm in made]
        self.store.put(region, POLICY, key, policy)
        self._drop_alarms(region, before)
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def delete_policy(self, region: str, params: dict) -> dict:
        key = own_key(params, params["PolicyName"])
        policy = self.store.get(region, POLICY, key)
        if policy is None:
            raise _missing(f"No scaling policy found for {_place(params)}, policy name: {params['PolicyName']}")
        self.store.delete(region, POLICY, key)
        self._drop_alarms(region, [alarm["AlarmName"] for alarm in policy["Alarms"]])
        return {}

    def describe_policies(self, region: str, params: dict) -> dict:
        names = params.get("PolicyNames")
        found = [shown for shown in self._found(region, POLICY, params) if not names or shown["PolicyName"] in names]
        invoking = [alarm for _, alarm in self._platform.alarms.store.every(region) if "AlarmRule" not in alarm]
        for policy in found:
            if policy["PolicyType"] == "StepScaling":
                calling = [alarm for alarm in invoking if policy["PolicyARN"] in alarm["AlarmActions"]]
                policy["Alarms"] = [{"AlarmName": alarm["AlarmName"], "AlarmARN": alarm["AlarmArn"]} for alarm in calling]
        return _page("ScalingPolicies", found, params)

    # ---- scheduled actions and activities -----------------------------------------------------------------------------------

    def put_action(self, region: str, params: dict) -> dict:
        dimension_of(params)
        target = self._target(region, params)
        key, now = own_key(params, params["ScheduledActionName"]), self._now()
        action = self.store.get(region, SCHEDULED, key) or {"CreationTime": now}
        action |= params
        if "Schedule" not in action or not action.get("ScalableTargetAction"):
            raise invalid("A scheduled action needs a Schedule and a ScalableTargetAction with MinCapacity, MaxCapacity or both.")
        check_limits(self._scalable, region, target | action["ScalableTargetAction"])
        action.setdefault(
            "ScheduledActionARN",
            f"arn:aws:autoscaling:{region}:{self._platform.account}:scheduledAction:{uuid.uuid4()}:resource/{NAMESPACE}/"
            f"{params['ResourceId']}:scheduledActionName/{params['ScheduledActionName']}",
        )
        try:
            action["_Next"] = following(action, now)
        except ScheduleExpressionError as error:
            raise invalid(f"Schedule is not valid: {error}.") from None
        if action["_Next"] is None:
            raise invalid(f"Schedule {action['Schedule']} is never in the future, or not before EndTime.")
        self.store.put(region, SCHEDULED, key, action)
        self._platform.scheduler.wake()
        return {}

    def delete_action(self, region: str, params: dict) -> dict:
        key = own_key(params, params["ScheduledActionName"])
        if self.store.get(region, SCHEDULED, key) is None:
            raise _missing(f"No scheduled action found for {_place(params)}, scheduled action name: {params['ScheduledActionName']}")
        self.store.delete(region, SCHEDULED, key)
        return {}

    def describe_actions(self, region: str, params: dict) -> dict:
        names = params.get("ScheduledActionNames")
        found = [shown for shown in self._found(region, SCHEDULED, params) if not names or shown["ScheduledActionName"] in names]
        return _page("ScheduledActions", found, params)

    def describe_activities(self, region: str, params: dict) -> dict:
        found = [activity for activity in self.store.activities(region) if _matches(activity, params)]
        if not params.get("IncludeNotScaledActivities"):
            found = [activity for activity in found if "NotScaledReasons" not in activity]
        return _page("ScalingActivities", found, params)

    def tag(self, region: str, params: dict) -> dict:
        target = self._tagged(region, params)
        self.store.put(region, TARGET, target_key(target), target | {"_Tags": target.get("_Tags", {}) | params["Tags"]})
        return {}

    def untag(self, region: str, params: dict) -> dict:
        target = self._tagged(region, params)
        kept = {key: value for key, value in target.get("_Tags", {}).items() if key not in params["TagKeys"]}
        self.store.put(region, TARGET, target_key(target), target | {"_Tags": kept})
        return {}

    # ---- parts --------------------------------------------------------------------------------------------------------------

    def _drop_alarms(self, region: str, names: list[str]) -> None:
        for name in names:
            if self._platform.alarms.store.get(region, name) is not None:
                self._alarms.delete_alarms(region, {"AlarmNames": [name]})

    def _target(self, region: str, params: dict) -> dict:
        target = self.store.get(region, TARGET, target_key(params))
        if target is None:
            raise _missing(f"No scalable target registered for {_place(params)}")
        return target

    def _by_arn(self, region: str, arn: str) -> dict | None:
        return next((target for _, target in self.store.every(TARGET, region) if target["ScalableTargetARN"] == arn), None)

    def _tagged(self, region: str, params: dict) -> dict:
        return self._by_arn(region, params["ResourceARN"]) or {}

    def _found(self, region: str, kind: str, params: dict) -> list[dict]:
        every = [thing for _, thing in self.store.every(kind, region) if _matches(thing, params)]
        return [{name: value for name, value in thing.items() if not name.startswith("_")} for thing in every]

    def _arn(self, region: str, rest: str) -> str:
        return f"arn:aws:application-autoscaling:{region}:{self._platform.account}:{rest}"

    def _alarm_arn(self, region: str, alarm: dict) -> str:
        return self._platform.alarms.store.get(region, alarm["AlarmName"])["AlarmArn"]

    def _now(self) -> float:
        return self._platform.clock.now()


def _matches(thing: dict, params: dict) -> bool:
    return all(params.get(member, thing[member]) == thing[member] for member in ("ResourceId", "ScalableDimension"))


def _page(member: str, items: list[dict], params: dict) -> dict:
    token = params.get("NextToken", "0")
    if not token.isdecimal():
        raise AwsError("InvalidNextTokenException", "The NextToken is not valid.")
    end = int(token) + params.get("MaxResults", PAGE)
    return {member: items[int(token) : end]} | ({"NextToken": str(end)} if end < len(items) else {})


def _place(params: dict) -> str:
    return f"service namespace: {NAMESPACE}, resource ID: {params['ResourceId']}, scalable dimension: {params['ScalableDimension']}"


def _missing(message: str) -> AwsError:
    return AwsError("ObjectNotFoundException", message)
