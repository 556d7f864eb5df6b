"""botocore's service model as the contract reads it: operations, and their shapes with references resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import botocore.loaders
import yaml

NUMBERS = frozenset({"integer", "long", "float", "double"})
INTEGERS = frozenset({"integer", "long"})
SCALARS = NUMBERS | {"string", "boolean", "timestamp", "blob"}


@dataclass(slots=True, eq=False)
class Shape:
    """A shape of the model; ``least`` and ``most`` bound a number's value, a text's or blob's length, a list's or map's size."""

    name: str
    type: str
    least: float | None = None
    most: float | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    sensitive: bool = False
    union: bool = False
    event_stream: bool = False
    timestamp_format: str | None = None
    payload: str | None = None
    required: tuple[str, ...] = ()
    members: dict[str, Member] = field(default_factory=dict)
    element: Shape | None = None
    key: Shape | None = None
    value: Shape | None = None


@dataclass(slots=True, eq=False)
class Member:
    """A structure's member.

    ``location`` is ``"uri"``, ``"header"``, ``"headers"``, ``"querystring"``, ``"statusCode"``, or ``""`` for the body.
    """

    name: str
    shape: Shape
    location: str
    wire_name: str


@cache
def raw(service: str) -> dict:
    """The model as botocore has it (SageMaker's takes about 50 ms to read), to be left as it is."""
    return botocore.loaders.Loader().load_service_model(service, "service-2")


@cache
def _left_out() -> frozenset[str]:
    """``"Shape.Member"`` of what the model requires and AWS leaves out."""
    return frozenset(yaml.safe_load(Path(__file__).with_name("left_out.yaml").read_text())["members"])


class ApiModel:
    """One service's model, read when first needed and only as far as needed.

    Parameters
    ----------
    service : str
        botocore's name of the service.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self._shapes: dict[str, Shape] = {}

    @cached_property
    def _raw(self) -> dict:
        return raw(self.service)

    @property
    def metadata(self) -> dict:
        return self._raw["metadata"]

    @property
    def operations(self) -> dict[str, dict]:
        return self._raw["operations"]

    def input_of(self, operation: str) -> Shape | None:
        return self._referred(self.operations[operation].get("input"))

    def output_of(self, operation: str) -> Shape | None:
        return self._referred(self.operations[operation].get("output"))

    def errors_of(self, operation: str) -> dict[str, int]:
        """The modelled errors of an operation: code -> HTTP status."""
        errors = {}
        for reference in self.operations[operation].get("errors", ()):
            raw = self._raw["shapes"][reference["shape"]]
            modelled = raw.get("error", {})
            errors[modelled.get("code", reference["shape"])] = modelled.get("httpStatusCode", 500 if raw.get("fault") else 400)
        return errors

    def _referred(self, reference: dict | None) -> Shape | None:
        return self._shape(reference["shape"]) if reference else None

    def _shape(self, name: str) -> Shape:
        shape = self._shapes.get(name)
        if shape is None:
            raw = self._raw["shapes"][name]
            # Known before its parts are, since a shape may hold itself.
            shape = self._shapes[name] = Shape(
                name,
                raw["type"],
                least=raw.get("min"),
                most=raw.get("max"),
                pattern=raw.get("pattern"),
                enum=tuple(raw.get("enum", ())),
                sensitive=raw.get("sensitive", False),
                union=raw.get("union", False),
                event_stream=raw.get("eventstream", False),
                timestamp_format=raw.get("timestampFormat"),
                payload=raw.get("payload"),
                required=tuple(member for member in raw.get("required", ()) if f"{name}.{member}" not in _left_out()),
            )
            shape.members = {member: self._member(member, reference) for member, reference in raw.get("members", {}).items()}
            shape.element = self._referred(raw.get("member"))
            shape.key = self._referred(raw.get("key"))
            shape.value = self._referred(raw.get("value"))
        return shape

    def _member(self, name: str, reference: dict) -> Member:
        return Member(name, self._shape(reference["shape"]), reference.get("location", ""), reference.get("locationName", name))
