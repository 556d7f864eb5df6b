"""Ends a stack of CloudFormation as AWS does when one of its resources cannot be made: the request succeeds, the stack rolls back.

moto answers with the error of the resource's service, in that service's protocol, and the stack stays CREATE_IN_PROGRESS. An update is not
rolled back here: the stack is UPDATE_FAILED, as on AWS when roll-back is disabled.

Sources: "Stack status codes" and "Choose how to handle failures when provisioning resources" (AWS CloudFormation User Guide). The texts of
the stack's events are those that AWS shows there; the reasons of resources are their service's, or moto's.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from course.localaws.moto.bridge import first_time
from course.localaws.moto.replay import patch_on_import, recorded

_ENDED = b"ended"  # in the recording of a request


class _ResourceError(Exception):
    """A resource that could not be made or changed, and why."""

    def __init__(self, logical_id: str, resource_type: str, error: Exception) -> None:
        super().__init__(logical_id)
        self.logical_id, self.resource_type, self.error = logical_id, resource_type, error

    @property
    def reason(self) -> str:
        message = getattr(self.error, "message", "")  # of services' errors
        return str(message) or f"{type(self.error).__name__}: {self.error}"


@patch_on_import("moto.cloudformation.parsing")
def _naming_resources(module: ModuleType) -> None:
    from moto.cloudformation.exceptions import CloudFormationError

    def naming(name: str) -> None:
        original = getattr(module, name)

        def parse(logical_id: str, resource_json: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            try:
                return original(logical_id, resource_json, *args, **kwargs)
            except (CloudFormationError, _ResourceError):  # of the template, or of a resource that this one refers to
                raise
            except Exception as error:
                if not _ends_stack():
                    raise
                raise _ResourceError(logical_id, resource_json["Type"], error) from error

        setattr(module, name, parse)

    naming("parse_and_create_resource")
    naming("parse_and_update_resource")


@patch_on_import("moto.cloudformation.models")
def _ending_stacks(module: ModuleType) -> None:
    create_resources, create_stack, update = module.Stack.create_resources, module.CloudFormationBackend.create_stack, module.Stack.update

    def creating(self: Any) -> None:
        try:
            create_resources(self)
        except _ResourceError as failed:
            _roll_back(module, self, failed)

    def creating_stack(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return create_stack(self, name, *args, **kwargs)
        except _ResourceError as failed:  # while moto read the stack's exports
            stack = next(each for each in self.stacks.values() if each.name == name)
            _roll_back(module, stack, failed)
            return stack

    def updating(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            update(self, *args, **kwargs)
        except _ResourceError as failed:
            _add_event(module, self, failed, "UPDATE_FAILED")
            self._add_stack_event("UPDATE_FAILED", f"The following resource(s) failed to update: [{failed.logical_id}].")
            self.status = "UPDATE_FAILED"

    module.Stack.create_resources, module.Stack.update = creating, updating
    module.CloudFormationBackend.create_stack = creating_stack


def _ends_stack() -> bool:
    """Whether a failed resource ends its stack. At replay, whether it did: requests of earlier releases failed."""
    return recorded(lambda: _ENDED if first_time() else b"") == _ENDED


def _roll_back(module: ModuleType, stack: Any, failed: _ResourceError) -> None:
    _add_event(module, stack, failed, "CREATE_FAILED")
    reason = f"The following resource(s) failed to create: [{failed.logical_id}]. Rollback requested by user."
    stack._add_stack_event("ROLLBACK_IN_PROGRESS", reason)
    stack.resource_map.delete()
    stack.resource_map._resource_json_map = {}  # else moto would make the resources again when somebody reads the stack
    stack.output_map = module.OutputMap(stack.resource_map, {}, stack.stack_id)
    stack._add_stack_event("ROLLBACK_COMPLETE")
    stack.status = "ROLLBACK_COMPLETE"


def _add_event(module: ModuleType, stack: Any, failed: _ResourceError, status: str) -> None:
    stack.events.append(module.Event(stack.stack_id, stack.name, failed.logical_id, "", failed.resource_type, status, failed.reason, None))
