"""The resources of an event: those that the event history lists, and those in a record. The data is in `events.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from course.localaws.cloudtrail.event_types import TABLE, data_events
from course.localaws.core.data_files import table

_MEMBER = re.compile(r"\{(\w+)\}")


def of_history(service: str, resource: str, parameters: dict | None, response: dict | None) -> list[dict]:
    """The resources of an event in the form of LookupEvents: ``ResourceType`` and ``ResourceName``, each once.

    Parameters
    ----------
    resource : str
        As the request log names it.
    """
    types = table(TABLE)["resources"].get(service, {})
    found = {}
    for member, value in [*_members(parameters), *_members(response), *_of_result(service, resource)]:
        if member in types:
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name:
                    found[types[member], name] = {"ResourceType": types[member], "ResourceName": name}
    return list(found.values())


def of_record(row: dict, region: str, account: str, parameters: dict | None, response: dict | None) -> list[dict]:
    """The member ``resources`` of the record of a row; empty for services that do not write it."""
    service, operation = row["service"], row["operation"]
    kind = data_events(service, operation)
    known = dict([*_members(response), *_members(parameters), *_of_result(service, row["resource"])])
    found = []
    if kind and kind.type and (arn := _data_arn(kind.arn, region, account, known)):
        bare = {"type": kind.type, "ARN": arn}
        found.append(bare if service == "s3" else {"accountId": account} | bare)
    for member, (named, template) in table(TABLE)["record_resources"].get(service, {}).items():
        if isinstance(name := known.get(member), str) and name:
            template = template.replace("key/", "") if name.startswith("alias/") else template
            arn = name if name.startswith("arn:") else template.format(name, region=region, account=account)
            found.append({"accountId": account, "type": named, "ARN": arn})
    return found


def _data_arn(template: str, region: str, account: str, members: dict) -> str:
    """The ARN of a data event's resource; empty if its name is not known.

    Parameters
    ----------
    template : str
        See `DataEvents.arn`. A request may have the whole ARN where the template has the name, e.g. of a function.
    members : dict
        The members of ``requestParameters``.
    """
    values = {name: str(members.get(name) or "") for name in _MEMBER.findall(template)}
    values |= {"region": region, "account": account}
    name = next(value for member, value in values.items() if member not in ("region", "account"))
    if not name or name.startswith("arn:"):
        return name
    values["queueUrl"] = values.get("queueUrl", "").rpartition("/")[2]  # SQS names a queue by its URL
    return template.format(**values)


def _of_result(service: str, resource: str) -> Iterator[tuple[str, object]]:
    """The resource that the result of a read named, as a member of ``requestParameters``."""
    if resource:
        yield from ((member, resource) for member in table(TABLE)["resource_of_result"].get(service, {}).values())


def _members(elements: dict | None) -> Iterator[tuple[str, object]]:
    """The members of parameters or of a response, and those of the structures in them, by their own name and as ``outer.inner``."""
    for member, value in (elements or {}).items():
        yield member, value
        if isinstance(value, dict):
            yield from value.items()
            yield from ((f"{member}.{inner}", each) for inner, each in value.items())
