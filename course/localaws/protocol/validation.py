"""Constraints of the model: required members, enums, patterns, lengths, ranges, unions; worded as AWS words their violations.

How AWS words them is known from answers of its services, quoted in public issues, e.g.
https://github.com/aws-samples/sagemaker-ml-workflow-with-apache-airflow/issues/3 (two violations of one name),
https://github.com/aws-samples/amazon-sagemaker-pytorch-detectron2/issues/10 (values of a map),
https://github.com/aws/sagemaker-python-sdk/pull/6016 (size of a map, and the map printed as Java prints one);
places inside lists (``tags.1.member.key``) and the limit of ten from DynamoDB, whose front end is the same.
"""

from __future__ import annotations

from course.localaws.protocol.model import NUMBERS, SCALARS, Shape
from course.localaws.protocol.patterns import pattern

MOST_REPORTED = 10
# A longer text that is already too long is not matched too: what a pattern costs must not depend on what a caller dares to send.
LONGEST_MATCHED_IN_VAIN = 1024


def violations(shape: Shape | None, params: dict) -> list[str]:
    """All that is wrong with ``params``, as sentences of AWS; at most ten.

    Parameters
    ----------
    shape : Shape or None
        The structure that the parameters must satisfy; ``None`` when the operation takes none.
    params : dict
        Values of the types that `course.localaws.protocol.json_values` reads.
    """
    found: list[str] = []
    if shape is not None:
        _structure(shape, params, "", found)
    return found[:MOST_REPORTED]


def message(found: list[str]) -> str:
    """AWS's message for violations: ``"2 validation errors detected: Value ...; Value ..."``."""
    return f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {'; '.join(found)}"


def _structure(shape: Shape, value: dict, path: str, found: list[str]) -> None:
    for name in shape.required:
        if value.get(name) is None:
            found.append(_violation(None, None, path + _lower_first(name), "Member must not be null"))
    if shape.union and sum(member is not None for member in value.values()) != 1:
        found.append(f"Value at '{path[:-1]}' failed to satisfy constraint: Member must have exactly one of: [{', '.join(shape.members)}]")
    for name, member in shape.members.items():
        inner = value.get(name)
        if inner is not None:
            _value(member.shape, inner, path + _lower_first(name), found)


def _value(shape: Shape, value: object, path: str, found: list[str]) -> None:
    if len(found) >= MOST_REPORTED:
        return
    if shape.type == "structure":
        _structure(shape, value, f"{path}.", found)
        return
    found.extend(_violation(shape, value, path, constraint) for constraint in _broken(shape, value))
    if shape.type == "list":
        _items(
            shape, shape.element, value, [(f"{path}.{place}.member", item) for place, item in enumerate(value, 1)], path, "Member", found
        )
    elif shape.type == "map":
        _items(shape, shape.key, value, [(path, key) for key in value], path, "Map keys", found)
        _items(shape, shape.value, value, [(f"{path}.{key}.member", item) for key, item in value.items()], path, "Map value", found)


def _items(whole: Shape, part: Shape, value: object, items: list[tuple[str, object]], path: str, what: str, found: list[str]) -> None:
    """What a list or map holds. AWS reports scalars once for the whole, structures and collections each at its place."""
    if part.type not in SCALARS:
        for place, item in items:
            if item is None:
                found.append(_violation(None, None, place, "Member must not be null"))
            else:
                _value(part, item, place, found)
        return
    broken = [constraint for _, item in items for constraint in (["Member must not be null"] if item is None else _broken(part, item))]
    if broken:
        constraints = _constraints(part)
        constraints += [constraint for constraint in dict.fromkeys(broken) if constraint not in constraints]
        found.append(_violation(whole, value, path, f"{what} must satisfy constraint: [{', '.join(constraints)}]"))


def _broken(shape: Shape, value: object) -> list[str]:
    """The constraints of a scalar, or of a collection's size, that a value breaks."""
    broken = []
    if shape.most is not None or shape.least is not None:
        size = value if shape.type in NUMBERS else len(value)
        if shape.most is not None and size > shape.most:
            broken.append(_at_most(shape))
        if shape.least is not None and size < shape.least:
            broken.append(_at_least(shape))
    if shape.pattern and not (broken and len(value) > LONGEST_MATCHED_IN_VAIN) and not pattern(shape.pattern).fullmatch(value):
        broken.append(_pattern(shape))
    if shape.enum and value not in shape.enum:
        broken.append(_enum(shape))
    return broken


def _constraints(shape: Shape) -> list[str]:
    """All constraints of a shape, as AWS lists them for the items of a collection."""
    constraints = []
    if shape.most is not None:
        constraints.append(_at_most(shape))
    if shape.least is not None:
        constraints.append(_at_least(shape))
    if shape.pattern:
        constraints.append(_pattern(shape))
    if shape.enum:
        constraints.append(_enum(shape))
    return constraints


def _at_most(shape: Shape) -> str:
    return f"Member must have {_measure(shape)} less than or equal to {shape.most}"


def _at_least(shape: Shape) -> str:
    return f"Member must have {_measure(shape)} greater than or equal to {shape.least}"


def _pattern(shape: Shape) -> str:
    return f"Member must satisfy regular expression pattern: {shape.pattern}"


def _enum(shape: Shape) -> str:
    return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"


def _measure(shape: Shape) -> str:
    return "value" if shape.type in NUMBERS else "length"


def _violation(shape: Shape | None, value: object, path: str, constraint: str) -> str:
    return f"Value{_shown(shape, value)} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(shape: Shape | None, value: object) -> str:
    """The value as Java prints it; left out where it is secret, bytes, or holds structures, whose printed form is AWS's own."""
    if value is None:
        return " null"
    parts = [shape, shape.element, shape.key, shape.value]
    if any(part is not None and (part.sensitive or part.type not in SCALARS - {"blob"}) for part in parts[1:]) or shape.sensitive:
        return ""
    if shape.type == "blob":
        return ""
    if shape.type == "list":
        return f" '[{', '.join(map(_scalar, value))}]'"
    if shape.type == "map":
        return " '{" + ", ".join(f"{_scalar(key)}={_scalar(item)}" for key, item in value.items()) + "}'"
    return f" '{_scalar(value)}'"


def _scalar(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
