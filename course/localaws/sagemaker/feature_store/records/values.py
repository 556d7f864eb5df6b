"""Checks the features of a record against the definitions of its group.

The message for numbers: https://github.com/aws-samples/amazon-sagemaker-feature-store-end-to-end-workshop/pull/13. AWS's other messages are
not known; these say the same in our words. Types and sizes: "Quotas, naming rules and data types" and "Collection types" of the developer
guide, read 2026-11-28. Vectors must be complete, a set keeps the first of equal values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.feature_store.records.record_groups import Feature, RecordGroup

LIMITS: dict[str, Any] = table(Path(__file__).with_name("limits.yaml"))
Value = str | list[str]

_INTEGRAL = re.compile(r"[+-]?[0-9]+")
_FRACTIONAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LONG = range(-(2**63), 2**63)
_EXPECTED = {
    "Integral": "a 64-bit signed integer. The input format must be in decimal form",
    "Fractional": "a double precision floating point number defined by the IEEE 754 standard. The input format can be in either decimal "
    "form or scientific notation",
}


def record_of(group: RecordGroup, given: Iterable[dict]) -> dict[str, Value]:
    """Returns a record's features: name -> value.

    Parameters
    ----------
    given : iterable of dict
        ``FeatureValue`` structures.

    Raises
    ------
    AwsError
        ``ValidationError`` for an unknown or repeated feature, a value that does not fit its type, or a record that is too large.
    """
    record: dict[str, Value] = {}
    for member in given:
        name = member["FeatureName"]
        feature = group.features.get(name)
        if feature is None:
            raise _invalid(f"feature [{name}] is not defined in FeatureGroup {group.name}")
        if name in record:
            raise _invalid(f"feature [{name}] occurs more than once in the record")
        record[name] = _value(feature, member)
    check_record_size(record)
    return record


def whole_record_of(group: RecordGroup, given: Iterable[dict]) -> dict[str, Value]:
    """Returns a record's features like `record_of`. Raises AwsError also when identifier or event time is missing."""
    record = record_of(group, given)
    for name in (group.identifier, group.event_time.name):
        if name not in record:
            raise _invalid(f"the record has no value for the required feature [{name}]")
    check_identifier(group, record[group.identifier])
    return record


def check_identifier(group: RecordGroup, identifier: str) -> None:
    """Raises AwsError unless a record can have this identifier."""
    if not identifier:
        raise _invalid(f"the value of the record identifier feature [{group.identifier}] is empty")
    if len(identifier.encode()) > LIMITS["identifier_bytes"]:
        raise _invalid(f"the record identifier has more than {LIMITS['identifier_bytes']} bytes")
    _check(group.features[group.identifier], identifier)


def check_record_size(record: dict[str, Value]) -> None:
    """Raises AwsError for a record that is too large."""
    if (size := size_of(record)) > LIMITS["record_bytes"]:
        raise _invalid(f"the record has {size} bytes. The maximum size of a record is {LIMITS['record_bytes']} bytes")


def size_of(record: dict[str, Value]) -> int:
    """Returns the bytes of names and values in UTF-8."""
    values = [value if isinstance(value, str) else "".join(value) for value in record.values()]
    return len("".join([*record, *values]).encode())


def _value(feature: Feature, member: dict) -> Value:
    text, texts = member.get("ValueAsString"), member.get("ValueAsStringList")
    if (text is None) == (texts is None):
        raise _invalid(f"feature [{feature.name}] must have either a ValueAsString or a ValueAsStringList")
    if (texts is None) == bool(feature.collection):
        kind, wanted = (f"collection type {feature.collection}", "List") if feature.collection else ("no collection type", "")
        raise _invalid(f"feature [{feature.name}] has {kind}. Its value must be a ValueAsString{wanted}")
    if texts is None:
        _check(feature, text)
        return text
    for each in texts:
        _check(feature, each)
    if feature.collection == "Vector" and feature.dimension is not None and len(texts) != feature.dimension:
        raise _invalid(f"the vector feature [{feature.name}] has {len(texts)} elements. Its dimension is {feature.dimension}")
    return list(dict.fromkeys(texts)) if feature.collection == "Set" else texts


def _check(feature: Feature, text: str) -> None:
    """Raises AwsError when a text is no value of the feature's type."""
    if feature.type == "Integral":
        valid = len(text) <= 64 and _INTEGRAL.fullmatch(text) is not None and int(text) in _LONG
    elif feature.type == "Fractional":
        valid = _FRACTIONAL.fullmatch(text) is not None and math.isfinite(float(text))
    else:
        return
    if not valid:
        raise validation_error(
            f"Attempted to parse the feature value for the feature named [{feature.name}] into a FeatureValue of type {feature.type}. "
            f"The provided value must be within the range of {_EXPECTED[feature.type]}."
        )


def _invalid(reason: str) -> AwsError:
    return validation_error(f"Validation Error: {reason}.")
