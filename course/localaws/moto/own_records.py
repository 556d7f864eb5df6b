"""What moto's records say of resources when a caller's policies are checked: full ARNs, tags and resource policies.

The functions only read single entries of moto's dictionaries, which is safe beside moto's thread; they copy what they iterate. A service
whose records are not read here supplies no tags: a condition on them cannot be evaluated.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from course.localaws.iam import policy
from course.localaws.iam.policy import Policy
from course.localaws.iam.service_authorization.permissions import ServiceRecords

# Prefix of actions -> moto's module and the name of its backends, where they differ from the prefix.
_MODULES = {
    "application-autoscaling": "applicationautoscaling",
    "cognito-idp": "cognitoidp",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "states": "stepfunctions",
}
Backend = Any


def records_of(prefix: str, account: str) -> ServiceRecords:
    """The records of a service that moto serves, for `ServicePermissions`.

    Parameters
    ----------
    prefix : str
        The prefix of the service's actions.
    """

    def backend(arn: str) -> Backend | None:
        fields = arn.split(":", 5)
        return backend_of(prefix, account, fields[3]) if len(fields) == 6 and fields[2] == prefix else None

    def tags(arn: str) -> dict[str, str] | None:
        read = _TAGS.get(prefix)
        there = backend(arn)
        if read is not None:
            return dict(read(there, arn)) if there is not None else {}
        tagger = getattr(there, "tagger", None) or getattr(there, "tagging_service", None)
        return dict(tagger.get_tag_dict_for_resource(arn)) if tagger is not None else None

    def resource_policy(arn: str, action: str) -> Policy | None:
        read = _POLICIES.get(prefix)
        there = backend(arn) if read else None
        text = read(there, arn) if there is not None else None
        return _parsed(text) if text else None

    return ServiceRecords(tags=tags, policy=resource_policy)


def is_there(prefix: str, account: str, arn: str) -> bool:
    """Whether moto has a topic (``"sns"``) or a queue (``"sqs"``)."""
    backend = backend_of(prefix, account, arn.split(":")[3])
    return backend is not None and {"sns": _topic, "sqs": _queue}[prefix](backend, arn) is not None


def backend_of(prefix: str, account: str, region: str) -> Backend | None:
    """The records of a region. ``None`` when moto has not made any yet: reading must not make them."""
    return backends_of(prefix, account).get(region or "aws")


def backends_of(prefix: str, account: str) -> dict[str, Backend]:
    """The records of all regions for which moto has made some."""
    name = _MODULES.get(prefix, prefix).replace("-", "")
    module = sys.modules.get(f"moto.{name}.models")
    backends = getattr(module, f"{name}_backends", None)
    of_account = dict.get(backends, account) if backends is not None else None
    return dict(dict.items(of_account)) if of_account is not None else {}


@lru_cache(maxsize=256)
def _parsed(text: str) -> Policy:
    return policy.parse("the resource policy", text)


def _named(tags: Iterable[dict] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in list(tags or ())}


def _last(arn: str) -> str:
    return arn.split(":", 5)[-1]


def _name(arn: str) -> str:
    return _last(arn).rpartition("/")[2]


def _topic(backend: Backend, arn: str) -> Any:
    return backend.topics.get(arn)


def _queue(backend: Backend, arn: str) -> Any:
    return backend.queues.get(_last(arn))


def _topic_policy(backend: Backend, arn: str) -> str | None:
    found = _topic(backend, arn)
    return found.policy if found else None


def _queue_policy(backend: Backend, arn: str) -> str | None:
    found = _queue(backend, arn)
    return found.policy if found and isinstance(found.policy, str) else None


def _ecr_policy(backend: Backend, arn: str) -> str | None:
    found = backend.repositories.get(_last(arn).removeprefix("repository/"))
    return found.policy if found else None


def _ec2_tags(backend: Backend, arn: str) -> dict[str, str]:
    return dict(backend.tags.get(_name(arn), {}))


def _parameter_tags(backend: Backend, arn: str) -> dict[str, str]:
    kind, _, name = _last(arn).partition("/")
    of_kind = {"parameter": "Parameter", "document": "Document", "maintenancewindow": "MaintenanceWindow"}.get(kind, "")
    found = dict.get(backend._resource_tags, of_kind, {})
    return dict(dict.get(found, name) or dict.get(found, f"/{name}") or {})


_POLICIES: dict[str, Callable[[Backend, str], str | None]] = {
    "ecr": _ecr_policy,
    "sns": _topic_policy,
    "sqs": _queue_policy,
}
_TAGS: dict[str, Callable[[Backend, str], dict[str, str]]] = {
    "dynamodb": lambda backend, arn: _named(getattr(backend.tables.get(_last(arn).split("/")[1]), "tags", ())),
    "ec2": _ec2_tags,
    "kinesis": lambda backend, arn: getattr(backend.streams.get(_name(arn)), "tags", {}),
    "sns": lambda backend, arn: getattr(_topic(backend, arn), "_tags", {}),
    "sqs": lambda backend, arn: getattr(_queue(backend, arn), "tags", {}),
    "ssm": _parameter_tags,
}
