"""Starts executions for rules of EventBridge and for schedules of EventBridge Scheduler.

They start a pipeline as StartPipelineExecution does, under the role of the rule's target or of the schedule. The execution itself runs
under the pipeline's role.
"""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.context import Context
from course.localaws.core.call import Principal
from course.localaws.events.targets import StartPipeline
from course.localaws.platform import Platform

SESSION = "EventBridge"  # the name of the role's session


def starter(platform: Platform, begin: Callable[[Context, dict], str]) -> StartPipeline:
    """The function that starts a pipeline, given the one that serves a request of StartPipelineExecution."""

    def start(arn: str, parameters: dict[str, str], role: str, token: str) -> None:
        principal = Principal(platform.account, platform.identity.session(role, SESSION), "")
        given = [{"Name": name, "Value": value} for name, value in parameters.items()]
        request = {"PipelineName": arn, "ClientRequestToken": token, "PipelineParameters": given}
        begin(Context(arn.split(":")[3], platform.account, platform, principal), request)

    return start
