"""The parameters of a request in awsQuery or ec2Query, nested by the model. Lenient: only what the form has.

Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and aws-ec2-query-protocol.html
"""

from __future__ import annotations

from botocore.model import ListShape, MapShape, Shape, StructureShape

from course.localaws.protocol.query import Fields, Form


def parameters(shape: StructureShape, form: Form, protocol: str) -> dict:
    """The members that a form has.

    Parameters
    ----------
    protocol : str
        ``"query"`` or ``"ec2"``.
    """
    return _Reader(form, protocol == "ec2").structure(shape, "")


class _Reader:
    def __init__(self, form: Form, is_ec2: bool) -> None:
        self._fields, self._is_ec2 = Fields(form), is_ec2

    def structure(self, shape: StructureShape, prefix: str) -> dict:
        found = {name: self._value(member, prefix + self._name(name, member)) for name, member in shape.members.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _name(self, name: str, shape: Shape) -> str:
        serialization = shape.serialization
        if not self._is_ec2:
            inner = shape.member.serialization.get("name") if isinstance(shape, ListShape) and serialization.get("flattened") else None
            return inner or serialization.get("name", name)
        if "queryName" in serialization:
            return serialization["queryName"]
        wire = serialization.get("name", name)
        return wire[0].upper() + wire[1:]

    def _value(self, shape: Shape, name: str) -> object:
        if not isinstance(shape, ListShape | MapShape | StructureShape):
            return self._fields.get(name)
        if not self._fields.below(name):
            return None
        if isinstance(shape, StructureShape):
            return self.structure(shape, f"{name}.")
        if isinstance(shape, MapShape):
            return self._map(shape, name if shape.serialization.get("flattened") else f"{name}.entry")
        flat = self._is_ec2 or shape.serialization.get("flattened")
        base = name if flat else f"{name}.{shape.member.serialization.get('name', 'member')}"
        return [self._value(shape.member, f"{base}.{number}") for number in self._numbers(base)]

    def _map(self, shape: MapShape, base: str) -> dict:
        key, value = (part.serialization.get("name", default) for part, default in ((shape.key, "key"), (shape.value, "value")))
        found = {}
        for number in self._numbers(base):
            name = self._fields.get(f"{base}.{number}.{key}")
            if name is not None:
                found[name] = self._value(shape.value, f"{base}.{number}.{value}")
        return found

    def _numbers(self, base: str) -> list[int]:
        """The numbers of a list's elements, whatever numbers a client chose."""
        rests = (name[len(base) + 1 :].partition(".")[0] for name in self._fields.below(base))
        return sorted({int(rest) for rest in rests if rest.isascii() and rest.isdigit() and len(rest) < 9})
