"""Runs the scaling activities of policies, scheduled actions and new limits, one after the other, and records their results."""

from __future__ import annotations

import json
import logging
import math
import threading
import uuid

from course.localaws.autoscaling.adjustments import COOLDOWN, in_cooldown, step_scaling_capacity, target_tracking_capacity
from course.localaws.autoscaling.dimensions import DIMENSIONS
from course.localaws.autoscaling.scalable import Scalable
from course.localaws.autoscaling.store import POLICY, SCHEDULED, TARGET, ScalingStore, own_key, target_key
from course.localaws.autoscaling.target_tracking import is_low
from course.localaws.cloudwatch.alarms.states import ALARM
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.schedule_expressions import ScheduleExpression
from course.localaws.platform import Platform

WAIT_SECONDS = 45.0  # the longest time for which an activity holds up the clock

logger = logging.getLogger(__name__)


class AutoScaler:
    """Scales the targets of a store."""

    def __init__(self, platform: Platform, store: ScalingStore, scalable: Scalable) -> None:
        self._platform, self._store, self._scalable = platform, store, scalable
        self._busy: dict[tuple[str, str], threading.Thread] = {}
        platform.alarms.policies = self.invoked
        platform.scheduler.add(self._next_action, self._run_actions)

    # ---- policies -----------------------------------------------------------------------------------------------------------

    def invoked(self, action: str, alarm: dict, value: float, moment: float) -> None:
        """Scale a target because an alarm has invoked its policy.

        Raises
        ------
        AwsError
            ``ValidationException``: there is no such policy.
        """
        arn, region = action.partition(":createdBy/")[0], action.split(":")[3]
        policy = next((found for _, found in self._store.every(POLICY, region) if found["PolicyARN"] == arn), None)
        target = policy and self._store.get(region, TARGET, target_key(policy))
        if not policy or not target:
            raise invalid(f"No scaling policy found for {arn}.")
        capacity = self._scalable.capacity(region, target["ResourceId"], target["ScalableDimension"])
        if capacity is None or self._is_busy(region, target):
            return
        wanted = self._wanted(region, policy, alarm, capacity, value, moment)
        if wanted is None:
            return
        desired = min(max(wanted, target["MinCapacity"]), target["MaxCapacity"])
        cause = f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy['PolicyName']}"
        if desired == capacity:
            at = "Max" if wanted > capacity else "Min" if wanted < capacity else "Desired"
            self._not_scaled(region, target, cause, f"AlreadyAt{at}Capacity", capacity, moment)
            return
        if self._scalable.is_locked(region, target["ResourceId"], target["ScalableDimension"]):
            self._not_scaled(region, target, cause, "TargetServicePutResourceAsUnscalable", capacity, moment)
            return
        suspended = "DynamicScalingOutSuspended" if desired > capacity else "DynamicScalingInSuspended"
        if target["SuspendedState"][suspended]:
            return
        note = {"moment": moment, "base": capacity}
        member = "_Out" if desired > capacity else "_In"
        self._store.put(region, POLICY, own_key(policy, policy["PolicyName"]), policy | {"_In": None, member: note})
        self._scale(region, target, desired, cause, moment)

    def _wanted(self, region: str, policy: dict, alarm: dict, capacity: int, value: float, moment: float) -> int | None:
        """Returns the capacity that a policy wants; None for no change."""
        if policy["PolicyType"] == "StepScaling":
            return self._stepped(policy, alarm, capacity, value, moment)
        configuration = policy["TargetTrackingScalingPolicyConfiguration"]
        if math.isnan(value):
            return None
        if is_low(alarm):
            if configuration.get("DisableScaleIn") or in_cooldown(
                policy.get("_In"), configuration.get("ScaleInCooldown", COOLDOWN), moment
            ):
                return None
            wanted = self._agreed(region, policy, capacity, target_tracking_capacity(capacity, value, configuration["TargetValue"]))
            return wanted if wanted is not None and wanted < capacity else None
        out = policy.get("_Out")
        base = out["base"] if in_cooldown(out, configuration.get("ScaleOutCooldown", COOLDOWN), moment) else capacity
        wanted = target_tracking_capacity(base, value, configuration["TargetValue"])
        return wanted if wanted > capacity else None

    @staticmethod
    def _stepped(policy: dict, alarm: dict, capacity: int, value: float, moment: float) -> int | None:
        """Returns the capacity that a step scaling policy wants; None for no change.

        During a scale-out cooldown only a larger step counts, added to the capacity before the cooldown. A scale-out ends the cooldown
        of a scale-in.
        """
        configuration = policy["StepScalingPolicyConfiguration"]
        seconds, out = configuration.get("Cooldown", COOLDOWN), policy.get("_Out")
        base = out["base"] if in_cooldown(out, seconds, moment) else capacity
        wanted = step_scaling_capacity(configuration, base, alarm["Threshold"], value)
        if wanted is None or (base != capacity and wanted <= capacity):
            return None
        return (
            None if wanted < capacity and (in_cooldown(policy.get("_In"), seconds, moment) or in_cooldown(out, seconds, moment)) else wanted
        )

    def _agreed(self, region: str, policy: dict, capacity: int, wanted: int) -> int | None:
        """Returns the largest capacity that the target's tracking policies want. None unless all that may scale in are ready to."""
        for _, other in self._store.every(POLICY, region):
            configuration = other.get("TargetTrackingScalingPolicyConfiguration")
            if configuration is None or other["PolicyARN"] == policy["PolicyARN"] or target_key(other) != target_key(policy):
                continue
            low = self._platform.alarms.store.get(region, other["Alarms"][-1]["AlarmName"])
            if configuration.get("DisableScaleIn"):
                continue
            if low is None or low["StateValue"] != ALARM:
                return None
            recent = json.loads(low.get("StateReasonData", "{}")).get("recentDatapoints") or [0.0]
            wanted = max(wanted, target_tracking_capacity(capacity, recent[-1], configuration["TargetValue"]))
        return wanted

    # ---- limits and scheduled actions ---------------------------------------------------------------------------------------

    def within_limits(self, region: str, target: dict, moment: float) -> None:
        """Bring the capacity inside the target's new limits."""
        capacity = self._scalable.capacity(region, target["ResourceId"], target["ScalableDimension"])
        if capacity is None:
            return
        if capacity < target["MinCapacity"]:
            self._scale(region, target, target["MinCapacity"], f"minimum capacity was set to {target['MinCapacity']}", moment)
        elif capacity > target["MaxCapacity"]:
            self._scale(region, target, target["MaxCapacity"], f"maximum capacity was set to {target['MaxCapacity']}", moment)

    def _next_action(self) -> float | None:
        moments = [action["_Next"] for _, action in self._store.every(SCHEDULED) if action["_Next"] is not None]
        return min(moments, default=None)

    def _run_actions(self, moment: float) -> None:
        for region, action in self._store.every(SCHEDULED):
            if action["_Next"] is None or action["_Next"] > moment:
                continue
            key = own_key(action, action["ScheduledActionName"])
            self._store.put(region, SCHEDULED, key, action | {"_Next": following(action, moment)})
            target = self._store.get(region, TARGET, target_key(action))
            if target is not None and not target["SuspendedState"]["ScheduledScalingSuspended"]:
                self._run_action(region, action, target, moment)

    def _run_action(self, region: str, action: dict, target: dict, moment: float) -> None:
        limits = action["ScalableTargetAction"]
        target |= limits
        named = [(word, f"{word.title()}Capacity") for word in ("min", "max")]
        words = " and ".join(f"{word} capacity to {limits[member]}" for word, member in named if member in limits)
        cause = f"scheduled action name {action['ScheduledActionName']} was triggered"
        activity = self._activity(target, f"Setting {words}", cause, moment)
        self._store.put(region, TARGET, target_key(target), target)
        ended = {"EndTime": moment, "StatusCode": "Successful", "StatusMessage": f"Successfully set {words}"}
        self._store.activity(region, activity | ended)
        self.within_limits(region, target, moment)

    # ---- activities ---------------------------------------------------------------------------------------------------------

    def _scale(self, region: str, target: dict, desired: int, cause: str, moment: float) -> None:
        """Begin an activity and wait for it, at most `WAIT_SECONDS`."""
        activity = self._activity(target, f"Setting {DIMENSIONS[target['ScalableDimension']].words} to {desired}.", cause, moment)
        self._store.activity(region, activity)
        thread = threading.Thread(target=self._carry_out, args=(region, target, desired, activity), name="scaling", daemon=True)
        self._busy[region, target_key(target)] = thread
        thread.start()
        left = WAIT_SECONDS
        while thread.is_alive() and left > 0 and not self._platform.scheduler.stopping:
            thread.join(0.1)
            left -= 0.1

    def _carry_out(self, region: str, target: dict, desired: int, activity: dict) -> None:
        words = f"set {DIMENSIONS[target['ScalableDimension']].words} to {desired}"
        try:
            self._scalable.set_capacity(region, target["ResourceId"], target["ScalableDimension"], desired)
            ended = {"StatusCode": "Successful", "StatusMessage": f"Successfully {words}. Change successfully fulfilled by sagemaker."}
        except AwsError as error:
            ended = {"StatusCode": "Failed", "StatusMessage": f"Failed to {words}. Reason: {error.message}"}
        except Exception as error:  # e.g. because the local AWS is shutting down
            logger.info("an activity was not finished", exc_info=True)
            ended = {"StatusCode": "Failed", "StatusMessage": f"Failed to {words}. Reason: {error}"}
        if not self._platform.scheduler.stopping:
            self._store.activity(region, activity | ended | {"EndTime": max(activity["StartTime"], self._platform.clock.now())})

    def _is_busy(self, region: str, target: dict) -> bool:
        thread = self._busy.get((region, target_key(target)))
        return thread is not None and thread.is_alive()

    def _activity(self, target: dict, description: str, cause: str, moment: float) -> dict:
        return {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": target["ServiceNamespace"],
            "ResourceId": target["ResourceId"],
            "ScalableDimension": target["ScalableDimension"],
            "Description": description,
            "Cause": cause,
            "StartTime": moment,
            "StatusCode": "InProgress",
            "StatusMessage": f"{description.rstrip('.')}.".replace("Setting", "Attempting to set", 1),
        }

    def _not_scaled(self, region: str, target: dict, cause: str, code: str, capacity: int, moment: float) -> None:
        """Record why the target was not scaled, unless its last activity gives the same reason."""
        limits = {name: target[name] for name in ("MaxCapacity", "MinCapacity")}
        reason = {"Code": code, "CurrentCapacity": capacity, **limits}
        last = next((found for found in self._store.activities(region) if target_key(found) == target_key(target)), {})
        if last.get("NotScaledReasons") == [reason]:
            return
        activity = self._activity(target, "Attempting to scale due to alarm triggered", cause, moment)
        ended = {"StatusCode": "Unfulfilled", "StatusMessage": "Not scaled.", "EndTime": moment, "NotScaledReasons": [reason]}
        self._store.activity(region, activity | ended)


def following(action: dict, moment: float) -> float | None:
    """Returns the next time of a scheduled action after a moment, within its start and end; None when there is none."""
    begin, end = action.get("StartTime", 0.0), action.get("EndTime", math.inf)
    schedule = ScheduleExpression(action["Schedule"], action.get("Timezone", "UTC"), action.get("StartTime", action["CreationTime"]))
    found = schedule.after(max(moment, begin - 0.001))
    return found if found is not None and found <= end else None
