"""Parameters generated from botocore's models: valid ones of any operation, and ways to spoil them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.model import OperationModel, Shape
from hypothesis import strategies as st

from course.localaws.protocol.model import required, service_model
from course.localaws.protocol.patterns import pattern

SERVICES = ("sagemaker", "sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker-metrics")
DEEPEST = 6
ASCII = st.characters(codec="ascii", min_codepoint=32)
LETTERS = "abcXYZ019-_. "


def model(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def operations() -> list[tuple[str, str]]:
    return [(service, operation) for service in SERVICES for operation in service_model(service).operation_names]


def parameters(service: str, operation: str) -> st.SearchStrategy[dict]:
    """Parameters that satisfy every constraint of the operation's input shape."""
    shape = model(service, operation).input_shape
    return st.just({}) if shape is None else structures(shape, 0)


def structures(shape: Shape, depth: int) -> st.SearchStrategy[dict]:
    members = {name: st.deferred(lambda shape=member: values(shape, depth + 1)) for name, member in shape.members.items()}
    if shape.is_tagged_union:
        return st.one_of([st.fixed_dictionaries({name: strategy}) for name, strategy in members.items()])
    needed = {name: members[name] for name in required(shape)}
    optional = {} if depth >= 2 else {name: strategy for name, strategy in members.items() if name not in needed}
    return st.fixed_dictionaries(needed, optional=optional)


def values(shape: Shape, depth: int) -> st.SearchStrategy:
    kind, low, high = shape.type_name, shape.metadata.get("min"), shape.metadata.get("max")
    least = int(low or 0)
    most = least + 3 if high is None else min(high, least + 3)
    if kind == "structure":
        return structures(shape, depth)
    if kind == "list":
        most = least if depth >= DEEPEST else most
        return st.lists(values(shape.member, depth + 1), min_size=least, max_size=int(most))
    if kind == "map":
        most = least if depth >= DEEPEST else most
        return st.dictionaries(values(shape.key, depth + 1), values(shape.value, depth + 1), min_size=least, max_size=int(most))
    if kind == "string":
        return strings(shape)
    if kind in ("integer", "long"):
        return st.integers(int(-1000 if low is None else low), int(2**31 - 1 if high is None else high))
    if kind in ("float", "double"):
        return st.floats(-1e9 if low is None else low, 1e9 if high is None else high, width=32)
    if kind == "timestamp":
        return st.integers(0, 2**31).map(float)
    if kind == "blob":
        return st.binary(min_size=least, max_size=int(most))
    return st.booleans()


@functools.cache
def strings(shape: Shape) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    java, least, most = shape.metadata.get("pattern"), int(shape.metadata.get("min", 0)), shape.metadata.get("max", 200)
    if shape.name == "CfnTemplateURL":  # hypothesis finds no text for two lookaheads in a row
        return st.just("https://templates.example.com/stack.yaml")
    if java is None or any(mark in java for mark in (r"\p{L}", r"\uD7FF")):
        return st.text(LETTERS, min_size=least, max_size=int(min(most, least + 20)))
    return st.from_regex(pattern(java), fullmatch=True, alphabet=ASCII).filter(lambda text: least <= len(text) <= most)


@dataclass(frozen=True)
class Fault:
    """One constraint broken in otherwise valid parameters, and what AWS says of it."""

    spoil: Callable[[dict], None]
    says: str


def faults(shape: Shape, value: dict, path: str = "") -> Iterator[Fault]:
    """Every single fault that the members present in ``value`` allow; each is to be applied to a copy of its own."""
    for name in required(shape):
        yield Fault(
            lambda target, name=name: target.pop(name),
            f"Value null at '{path}{lower(name)}' failed to satisfy constraint: Member must not be null",
        )
    for name, inner in value.items():
        part = shape.members[name]
        place = f"{path}{lower(name)}"
        for wrong, says in wrong_values(part, inner):
            yield Fault(
                lambda target, name=name, wrong=wrong: target.__setitem__(name, wrong),
                f" at '{place}' failed to satisfy constraint: {says}",
            )
        if part.type_name == "structure":
            yield from (within(fault, name) for fault in faults(part, inner, f"{place}."))
        elif part.type_name == "list" and part.member.type_name == "structure":
            for index, item in enumerate(inner):
                yield from (within(fault, name, index) for fault in faults(part.member, item, f"{place}.{index + 1}.member."))
        elif part.type_name == "list" and inner and part.member.type_name == "string":
            for wrong, _ in wrong_values(part.member, inner[0]):
                spoiled = [wrong, *inner[1:]]
                yield Fault(
                    lambda target, name=name, spoiled=spoiled: target.__setitem__(name, spoiled),
                    f" at '{place}' failed to satisfy constraint: Member must satisfy constraint: [",
                )


def within(fault: Fault, *keys: str | int) -> Fault:
    def spoil(target: dict) -> None:
        for key in keys:
            target = target[key]
        fault.spoil(target)

    return Fault(spoil, fault.says)


def wrong_values(shape: Shape, value: object) -> Iterator[tuple[object, str]]:
    kind, low, high, java = shape.type_name, *(shape.metadata.get(trait) for trait in ("min", "max", "pattern"))
    if enum := shape.metadata.get("enum"):
        yield f"{enum[0]}?", f"Member must satisfy enum value set: [{', '.join(enum)}]"
    elif kind in ("integer", "long", "float", "double"):
        if high is not None:
            yield high + 1, f"Member must have value less than or equal to {high}"
        if low is not None:
            yield low - 1, f"Member must have value greater than or equal to {low}"
    elif kind in ("string", "blob", "list"):
        if high is not None and high < 100_000 and value:
            longer = value * (int(high) // len(value) + 1)
            yield longer, f"Member must have length less than or equal to {high}"
        if low:
            yield value[:0], f"Member must have length greater than or equal to {low}"
        if java and not pattern(java).fullmatch("\u2028"):
            yield "\u2028", f"Member must satisfy regular expression pattern: {java}"


def lower(name: str) -> str:
    return name[0].lower() + name[1:]
