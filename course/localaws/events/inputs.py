"""What a target of a rule receives: the event, a part of it, a constant, or a template that is filled from it.

Source: "Amazon EventBridge input transformation" of the User Guide, read 2026-11-28, and outputs of AWS that LocalStack has recorded
(tests/aws/services/events/test_events_inputs.snapshot.json of https://github.com/localstack/localstack, 2024-06-11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from course.localaws.core import json_text
from course.localaws.core.errors import invalid
from course.localaws.events import json_paths
from course.localaws.events.json_paths import MISSING, compact

CHOICES = ("Input", "InputPath", "InputTransformer")
RULE_ARN, RULE_NAME, RECEIVED = "aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time"
EVENT, WHOLE_EVENT = "aws.events.event", "aws.events.event.json"
PREDEFINED = {RULE_ARN, RULE_NAME, RECEIVED, EVENT, WHOLE_EVENT}
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_TOKENS = re.compile(r'<[A-Za-z0-9_.\-]+>|\\.|"|[^<"\\]+|.', re.DOTALL)


def check(target: dict) -> None:
    """Raises AwsError for an input that cannot be made."""
    id = target["Id"]
    if len([member for member in CHOICES if member in target]) > 1:
        raise invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {id}.")
    if "Input" in target and not _is_json(target["Input"]):
        raise invalid(f"JSON syntax error in input for target {id}.")
    transformer = target.get("InputTransformer", {"InputTemplate": ""})
    paths = transformer.get("InputPathsMap", {})
    for path in (*([target["InputPath"]] if "InputPath" in target else ()), *paths.values()):
        if not json_paths.is_valid(path):
            raise invalid(f"InputPath for target {id} is invalid.")
    template = transformer["InputTemplate"]
    for name in _PLACEHOLDER.findall(template):
        if name not in paths and name not in PREDEFINED:
            raise invalid(f"InputTemplate for target {id} contains invalid placeholder {name}.")
        if name == WHOLE_EVENT and not template.lstrip().startswith("{"):
            raise invalid(f"InputTemplate for target {id} contains placeholder {name} valid only for JSON template.")


def payload(target: dict, rule: dict, event: dict, received: str) -> str:
    """What a target receives.

    Parameters
    ----------
    target, rule : dict
    event : dict
    received : str
        When EventBridge received the event, in ISO 8601.
    """
    if "Input" in target:
        return target["Input"]
    if "InputPath" in target:
        found = json_paths.find(event, target["InputPath"])
        return compact(None if found is MISSING else found)
    if "InputTransformer" in target:
        return _filled(target["InputTransformer"], rule, event, received)
    return compact(event)


def _filled(transformer: dict, rule: dict, event: dict, received: str) -> str:
    values = {name: json_paths.find(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    shown = {("detailType" if name == "detail-type" else name): value for name, value in event.items() if name != "detail"}
    values |= {RULE_ARN: rule["Arn"], RULE_NAME: rule["Name"], RECEIVED: received, EVENT: shown, WHOLE_EVENT: event}
    text = "".join(_parts(transformer["InputTemplate"], values))
    return compact(json.loads(text)) if _is_json(text) else text


def _parts(template: str, values: dict[str, object]) -> Iterator[str]:
    """The template's pieces with values. One that is neither JSON nor a single placeholder is plain text."""
    in_string = template.lstrip()[:1] not in ("{", "[", '"') and not _PLACEHOLDER.fullmatch(template.strip())
    for token in _TOKENS.findall(template):
        name = token[1:-1] if _PLACEHOLDER.fullmatch(token) else ""
        if name in values:
            value = "" if values[name] is MISSING else values[name]
            yield _within(value) if in_string else compact(value)
            continue
        in_string ^= token == '"'
        yield token


def _within(value: object) -> str:
    """A value inside a string of the template. AWS does not escape it, and leaves out the quotes of objects and lists."""
    return value if isinstance(value, str) else compact(value).replace('"', "")


def _is_json(text: str) -> bool:
    try:
        json_text.load(text)
    except ValueError:
        return False
    return True
