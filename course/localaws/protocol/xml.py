"""Reads and writes S3's XML bodies by botocore's shapes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree import ElementTree

from botocore.model import ListShape, Shape, StructureShape

from course.localaws.core.errors import AwsError

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# CompleteMultipartUpload has the longest bodies: 10,000 parts of up to eight elements. An element takes much more memory than its text.
MOST_TAGS = 500_000
# S3 writes control characters, which XML 1.0 forbids, as references. Clients avoid them with `encoding-type=url`.
_SPECIAL = re.compile('[&<>"\x00-\x08\x0b\x0c\x0e-\x1f\r\ufffe\uffff]')
# Enums that S3 checks later, with a more specific error.
_CHECKED_LATER = frozenset({"BucketLocationConstraint"})
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def malformed(detail: str = "") -> AwsError:
    """Returns S3's error for an invalid body. ``detail`` names the invalid part."""
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return AwsError("MalformedXML", f"{message}{detail and f': {detail}'}")


def read(shape: Shape, body: bytes) -> dict:
    """Reads a structure. Raises ``MalformedXML`` when a required member is missing or a value does not fit its type or enum."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:  # entities are refused: they can expand a small body without limit
        raise malformed("a document type is not allowed")
    if body.count(b"<") > MOST_TAGS:
        raise malformed(f"it has more than {MOST_TAGS:,} tags")
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError):
        raise malformed() from None
    return _read_structure(shape, root)


def write(shape: Shape, value: object, root: str) -> bytes:
    """Returns a document with root element ``root`` and content ``value``."""
    content = _writer(shape)(value)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{content}</{root}>'.encode()


def escape(text: str) -> str:
    return _SPECIAL.sub(lambda match: _NAMED.get(match[0]) or f"&#x{ord(match[0]):x};", text)


def iso(moment: float) -> str:
    """Returns Unix seconds in the format of S3's bodies."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _read_structure(shape: StructureShape, element: ElementTree.Element) -> dict:
    children: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        children.setdefault(_local(child.tag), []).append(child)
    attributes = {_local(name): text for name, text in element.attrib.items()}
    result = {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        if member.serialization.get("xmlAttribute"):
            if (text := attributes.get(wire.rpartition(":")[2])) is not None:
                result[name] = text
        elif member.type_name == "list" and member.serialization.get("flattened"):
            wire = member.member.serialization.get("name", wire)
            if wire in children:
                result[name] = [_read(member.member, child) for child in children[wire]]
        elif wire in children:
            result[name] = _read(member, children[wire][0])
        if name in shape.required_members and name not in result:
            raise malformed(f"{shape.name} has no {wire}")
    return result


def _read(shape: Shape, element: ElementTree.Element) -> object:
    if isinstance(shape, StructureShape):
        return _read_structure(shape, element)
    if isinstance(shape, ListShape):
        return [_read(shape.member, child) for child in element]
    return scalar(shape, element.text or "")


def scalar(shape: Shape, text: str) -> object:
    """Converts a text from a body, header or query parameter. Timestamps stay text: S3 returns them unchanged. Raises ``MalformedXML``."""
    if shape.type_name in ("integer", "long"):
        try:
            return int(text)
        except ValueError:
            raise malformed(f"{shape.name} {text!r} is no integer") from None
    if shape.type_name == "boolean":
        if text.strip().lower() not in ("true", "false"):
            raise malformed(f"{shape.name} {text!r} is neither true nor false")
        return text.strip().lower() == "true"
    if getattr(shape, "enum", None) and text not in shape.enum and shape.name not in _CHECKED_LATER:
        raise malformed(f"{shape.name} {text!r} is none of {', '.join(shape.enum)}")
    return text


@functools.cache
def _writer(shape: Shape) -> Callable[[object], str]:
    """Returns a function that writes an element of this shape. It is cached, since a page of keys has thousands of elements."""
    if isinstance(shape, StructureShape):
        members = [(name, _member_writer(name, member)) for name, member in shape.members.items() if "location" not in member.serialization]
        return lambda value: "".join([write(value[name]) for name, write in members if value.get(name) is not None])
    if isinstance(shape, ListShape):
        tag = shape.member.serialization.get("name", "member")
        inner = _element_writer(tag, shape.member)
        return lambda values: "".join([inner(value) for value in values])
    if shape.type_name == "boolean":
        return lambda value: "true" if value else "false"
    if shape.type_name == "timestamp":
        return lambda value: value if isinstance(value, str) else iso(value)
    return lambda value: escape(str(value))


def _member_writer(name: str, member: Shape) -> Callable[[object], str]:
    tag = member.serialization.get("name", name)
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        inner = _element_writer(member.member.serialization.get("name", tag), member.member)
        return lambda values: "".join([inner(value) for value in values])
    return _element_writer(tag, member)


def _element_writer(tag: str, shape: Shape) -> Callable[[object], str]:
    inner = _writer(shape)
    members = getattr(shape, "members", {}).items()
    attribute = next(((name, member.serialization["name"]) for name, member in members if member.serialization.get("xmlAttribute")), None)
    if attribute is None:
        return lambda value: f"<{tag}>{inner(value)}</{tag}>"
    member, wire = attribute
    opening = f'<{tag} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {wire}='
    return lambda value: f'{opening}"{escape(value[member])}">{inner({**value, member: None})}</{tag}>'
