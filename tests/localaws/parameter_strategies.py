"""Parameters generated from botocore's models: valid ones of any operation, and ways to spoil them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from course.localaws.protocol.contract import Contract
from course.localaws.protocol.model import Shape
from course.localaws.protocol.patterns import pattern

SERVICES = ("sagemaker", "sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker-metrics")
DEEPEST = 6
ASCII = st.characters(codec="ascii", min_codepoint=32)
LETTERS = "abcXYZ019-_. "


@functools.cache
def contract(service: str) -> Contract:
    return Contract(service)


def operations() -> list[tuple[str, str]]:
    return [(service, operation) for service in SERVICES for operation in contract(service).operations]


def parameters(service: str, operation: str) -> st.SearchStrategy[dict]:
    """Parameters that satisfy every constraint of the operation's input shape."""
    shape = contract(service).model.input_of(operation)
    return st.just({}) if shape is None else structures(shape, 0)


def structures(shape: Shape, depth: int) -> st.SearchStrategy[dict]:
    members = {name: st.deferred(lambda shape=member.shape: values(shape, depth + 1)) for name, member in shape.members.items()}
    if shape.union:
        return st.one_of([st.fixed_dictionaries({name: strategy}) for name, strategy in members.items()])
    required = {name: members[name] for name in shape.required}
    optional = {} if depth >= 2 else {name: strategy for name, strategy in members.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def values(shape: Shape, depth: int) -> st.SearchStrategy:
    least = int(shape.least or 0)
    most = min(shape.most if shape.most is not None else least + 3, least + 3)
    if shape.type == "structure":
        return structures(shape, depth)
    if shape.type == "list":
        most = least if depth >= DEEPEST else most
        return st.lists(values(shape.element, depth + 1), min_size=least, max_size=int(most))
    if shape.type == "map":
        most = least if depth >= DEEPEST else most
        return st.dictionaries(values(shape.key, depth + 1), values(shape.value, depth + 1), min_size=least, max_size=int(most))
    if shape.type == "string":
        return strings(shape)
    if shape.type in ("integer", "long"):
        return st.integers(int(shape.least if shape.least is not None else -1000), int(shape.most if shape.most is not None else 2**31 - 1))
    if shape.type in ("float", "double"):
        return st.floats(shape.least if shape.least is not None else -1e9, shape.most if shape.most is not None else 1e9, width=32)
    if shape.type == "timestamp":
        return st.integers(0, 2**31).map(float)
    if shape.type == "blob":
        return st.binary(min_size=least, max_size=int(most))
    return st.booleans()


@functools.cache
def strings(shape: Shape) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    least, most = int(shape.least or 0), shape.most if shape.most is not None else 200
    if shape.name == "CfnTemplateURL":  # hypothesis finds no text for two lookaheads in a row
        return st.just("https://templates.example.com/stack.yaml")
    if shape.pattern is None or any(mark in shape.pattern for mark in (r"\p{L}", r"\uD7FF")):
        return st.text(LETTERS, min_size=least, max_size=int(min(most, least + 20)))
    return st.from_regex(pattern(shape.pattern), fullmatch=True, alphabet=ASCII).filter(lambda text: least <= len(text) <= most)


@dataclass(frozen=True)
class Fault:
    """One constraint broken in otherwise valid parameters, and what AWS says of it."""

    spoil: Callable[[dict], None]
    says: str


def faults(shape: Shape, value: dict, path: str = "") -> Iterator[Fault]:
    """Every single fault that the members present in ``value`` allow; each is to be applied to a copy of its own."""
    for name in shape.required:
        yield Fault(
            lambda target, name=name: target.pop(name),
            f"Value null at '{path}{lower(name)}' failed to satisfy constraint: Member must not be null",
        )
    for name, inner in value.items():
        part = shape.members[name].shape
        place = f"{path}{lower(name)}"
        for wrong, says in wrong_values(part, inner):
            yield Fault(
                lambda target, name=name, wrong=wrong: target.__setitem__(name, wrong),
                f" at '{place}' failed to satisfy constraint: {says}",
            )
        if part.type == "structure":
            yield from (within(fault, name) for fault in faults(part, inner, f"{place}."))
        elif part.type == "list" and part.element.type == "structure":
            for index, item in enumerate(inner):
                yield from (within(fault, name, index) for fault in faults(part.element, item, f"{place}.{index + 1}.member."))
        elif part.type == "list" and inner and part.element.type == "string":
            for wrong, _ in wrong_values(part.element, inner[0]):
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
    if shape.enum:
        yield f"{shape.enum[0]}?", f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    elif shape.type in ("integer", "long", "float", "double"):
        if shape.most is not None:
            yield shape.most + 1, f"Member must have value less than or equal to {shape.most}"
        if shape.least is not None:
            yield shape.least - 1, f"Member must have value greater than or equal to {shape.least}"
    elif shape.type in ("string", "blob", "list"):
        if shape.most is not None and shape.most < 100_000 and value:
            longer = value * (int(shape.most) // len(value) + 1)
            yield longer, f"Member must have length less than or equal to {shape.most}"
        if shape.least:
            yield value[:0], f"Member must have length greater than or equal to {shape.least}"
        if shape.pattern and not pattern(shape.pattern).fullmatch("\u2028"):
            yield "\u2028", f"Member must satisfy regular expression pattern: {shape.pattern}"


def lower(name: str) -> str:
    return name[0].lower() + name[1:]
