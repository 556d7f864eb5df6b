"""Plain data: the only data that passes from an answer to a check, in practice and at grading.

`encode` turns a learner's value into a JSON tree and, for tables and arrays, Arrow streams. `decode` builds new objects from them. A
check sees only decoded objects, so an object with its own ``__eq__``, ``__array__`` or ``__reduce__`` never reaches it. `encode` reads
values through the methods of the base class and refuses everything without a plain form.
"""

from __future__ import annotations

import datetime
import pathlib
import sys
from typing import Any

from course.grading import characters
from course.grading.errors import AnswerError
from course.grading.tree import TAG, DecodeError

DEPTH = 40  # deeper nesting counts as recursive
DIGITS = 4000  # Python itself refuses to print longer integers
LONGEST_INTEGER = DIGITS * 3  # bits
MESSAGE_DEPTH = DEPTH + 2  # a message wraps values in a dict or a list
RECORD_DEPTH = DEPTH + 8  # and the recorded evidence wraps messages


def plain(value: Any, name: str = "the value") -> Any:
    """A fresh plain copy of ``value``.

    Raises
    ------
    AnswerError
        When the value, or something inside it, has no plain form; the message says where and suggests a replacement.
    """
    return decode(*encode(value, name))


def encode(value: Any, name: str = "the value", depth: int = DEPTH) -> tuple[Any, list[bytes]]:
    """JSON tree and Arrow streams of ``value``, which has at most ``depth`` levels; raises `AnswerError` like `plain`."""
    blobs: list[bytes] = []
    return _encode(value, name, blobs, depth), blobs


def decode(tree: Any, blobs: list[bytes], depth: int = MESSAGE_DEPTH) -> Any:
    """The value of a tree and its Arrow streams. `encode` accepts each value that this function returns.

    Raises
    ------
    DecodeError
        When `encode` cannot have written them. They come from another process and are not trusted.
    """
    try:
        return _decode(tree, blobs, depth)
    except DecodeError:
        raise
    except Exception as error:  # pyarrow, pandas and datetime raise many errors for bytes that they did not write
        raise DecodeError(f"data that cannot be read ({type(error).__name__})") from error


def measure(tree: Any, blobs: list[bytes]) -> int:
    """The bytes of memory, at most, of the tables and arrays in a tree. Each time that the tree names a stream, it is one more table.

    Raises
    ------
    DecodeError
        When a table is beyond the limits of `course.grading.tables`, or names no stream.
    """
    if not blobs:
        return 0
    from course.grading import tables

    sizes = [tables.measure(blob) for blob in blobs]
    total, waiting = 0, [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
            if TAG in each and "blob" in each:
                total += sizes[_number_of_blob(each, blobs)]
        elif isinstance(each, list):
            waiting.extend(each)
    return total


def _number_of_blob(tree: dict, blobs: list[bytes]) -> int:
    number = tree["blob"]
    if type(number) is not int or not 0 <= number < len(blobs):
        raise DecodeError("a table without data")
    return number


def _encode(value: Any, where: str, blobs: list[bytes], depth: int) -> Any:
    kind = type(value)  # `isinstance` would read the object's own __class__
    if depth < 0:
        raise AnswerError(f"`{where}` is nested more than {DEPTH} levels deep; give plain, flat data.")
    if value is None or kind is bool:
        return value
    if issubclass(kind, int):
        number = int.__int__(value)
        if number.bit_length() > LONGEST_INTEGER:
            raise AnswerError(f"`{where}` is an integer of more than {DIGITS:,} digits.")
        return number
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, str):
        return _encode_text(str.__str__(value), where)
    if issubclass(kind, (list, tuple)):
        items = list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)
        return [_encode(item, f"{where}[{i}]", blobs, depth - 1) for i, item in enumerate(items)]
    if issubclass(kind, (set, frozenset)):
        members = set.__iter__(value) if issubclass(kind, set) else frozenset.__iter__(value)
        items = [_encode(item, f"an item of {where}", blobs, depth - 1) for item in members]
        return sorted(items, key=lambda item: (type(item).__name__, repr(item)))
    if issubclass(kind, dict):
        return _encode_dict(value, where, blobs, depth)
    if issubclass(kind, pathlib.PurePath):
        return _encode_text(pathlib.PurePath.__str__(value), where)
    if issubclass(kind, datetime.date):
        return _encode_time(value, kind)
    return _encode_scientific(value, kind, where, blobs, depth)


def _encode_text(text: str, where: str) -> str:
    if not characters.is_writable(text):
        raise AnswerError(f"`{where}` holds half of a character (a lone surrogate), which no file can hold; write the character itself.")
    return text


def _encode_dict(value: dict, where: str, blobs: list[bytes], depth: int) -> dict:
    items = [
        (_encode(key, f"a key of {where}", blobs, depth - 1), _encode(item, f"{where}[{show_key(key)}]", blobs, depth - 1))
        for key, item in dict.items(value)
    ]
    if any(isinstance(key, (list, dict)) and not _is_time(key) for key, _ in items):
        raise AnswerError(f"a key of `{where}` is not text, a number or a date.")
    if all(type(key) is str and key != TAG for key, _ in items):
        return dict(items)
    return {TAG: "dict", "items": [list(item) for item in items]}


def show_key(key: Any) -> str:
    return str.__repr__(key)[:40] if type(key) is str else type(key).__name__


def _is_time(tree: Any) -> bool:
    return isinstance(tree, dict) and tree.get(TAG) in ("datetime", "date")


def _encode_time(value: Any, kind: type) -> dict | None:
    if kind.__name__ == "NaTType":  # pandas's missing time claims to be a datetime
        return None
    if issubclass(kind, datetime.datetime):
        return {TAG: "datetime", "iso": datetime.datetime.isoformat(value)}
    return {TAG: "date", "iso": datetime.date.isoformat(value)}


def _encode_scientific(value: Any, kind: type, where: str, blobs: list[bytes], depth: int) -> Any:
    """Encode a value of numpy or pandas. Neither is imported here: a process that holds such a value has imported it."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy and issubclass(kind, numpy.generic):
        item = numpy.generic.item(value)
        if type(item) is not kind:
            return _encode(item, where, blobs, depth - 1)
    if (numpy and issubclass(kind, numpy.ndarray)) or (pandas and issubclass(kind, (pandas.DataFrame, pandas.Series))):
        from course.grading import tables  # imported late: pyarrow costs a lesson without tables half a second

        return tables.encode(value, where, blobs, encode)
    if pandas and (value is getattr(pandas, "NA", None)):
        return None
    raise AnswerError(
        f"`{where}` is an object of type {kind.__name__}, which a check cannot judge. "
        "Give plain data: text, a number, True or False, a list, a dict, a date, a table (pandas) or an array (numpy)."
    )


def _decode(tree: Any, blobs: list[bytes], depth: int) -> Any:
    if depth < 0:
        raise DecodeError("data nested too deeply")
    if isinstance(tree, list):
        return [_decode(item, blobs, depth - 1) for item in tree]
    if not isinstance(tree, dict):
        return _decode_scalar(tree)
    if TAG not in tree:
        return {_decode_scalar(key): _decode(item, blobs, depth - 1) for key, item in tree.items()}
    match tree[TAG]:
        case "dict":
            return {_decode(key, blobs, depth - 1): _decode(item, blobs, depth - 1) for key, item in tree["items"]}
        case "datetime":
            return datetime.datetime.fromisoformat(tree["iso"])
        case "date":
            return datetime.date.fromisoformat(tree["iso"])
        case "table" | "column" | "array":
            from course.grading import tables

            return tables.decode(tree, blobs[_number_of_blob(tree, blobs)], decode)
    raise DecodeError(f"unknown kind of data {tree[TAG]!r}")


def _decode_scalar(scalar: Any) -> Any:
    if isinstance(scalar, str) and not characters.is_writable(scalar):
        raise DecodeError("a text with a lone surrogate")
    if isinstance(scalar, int) and scalar.bit_length() > LONGEST_INTEGER:
        raise DecodeError(f"an integer of more than {DIGITS:,} digits")
    return scalar
