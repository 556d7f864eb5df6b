"""The filters of event patterns: each tells whether one value of an event matches.

Source: "Comparison operators for use in event patterns" of the EventBridge User Guide, and the open source of AWS's own matcher,
https://github.com/aws/event-ruler (JsonRuleCompiler), whose error texts the service repeats; both read 2026-11-28. Not matched: AWS refuses
a wildcard that its matcher finds too complex, and the text of an error ends with the position in the JSON.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

Matcher = Callable[[object], bool]
"""From the value of a field to whether it matches."""

LARGEST = 5e9  # of a number in a pattern, as in event-ruler
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


class PatternError(ValueError):
    """The pattern is not valid; the message is AWS's reason."""


def matcher(wanted: object) -> Matcher:
    """The matcher of one element of a pattern's list, except ``exists``. Raises PatternError."""
    if isinstance(wanted, dict):
        return _filter(*_only(wanted))
    if isinstance(wanted, list):
        raise PatternError("Match value must be String, number, true, false, or null")
    return lambda value: _same(value, wanted)


def _same(value: object, wanted: object) -> bool:
    """Whether two JSON values are equal. Numbers are equal by value, and no boolean is a number."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted


def _only(wanted: dict) -> tuple[str, object]:
    if not wanted:
        raise PatternError("Match expression name not found")
    if len(wanted) > 1:
        raise PatternError("Only one key allowed in match expression")
    [(name, argument)] = wanted.items()
    return name, argument


def _filter(name: str, argument: object) -> Matcher:
    if name in ("prefix", "suffix"):
        return _affix(name, argument)
    if name == "equals-ignore-case":
        folded = _text(argument, "equals-ignore-case match pattern must be a string").casefold()
        return _of_text(lambda value: value.casefold() == folded)
    if name == "wildcard":
        return _wildcard(_text(argument, "wildcard match pattern must be a string"))
    if name == "numeric":
        return _numeric(argument)
    if name == "cidr":
        return _cidr(_text(argument, "prefix match pattern must be a string"))  # AWS's text
    if name == "anything-but":
        return _anything_but(argument)
    raise PatternError(f"Unrecognized match type {name}")


def _affix(name: str, argument: object) -> Matcher:
    test = str.startswith if name == "prefix" else str.endswith
    if isinstance(argument, dict) and argument.keys() == {"equals-ignore-case"}:
        folded = _text(argument["equals-ignore-case"], "equals-ignore-case match pattern must be a string").casefold()
        return _of_text(lambda value: test(value.casefold(), folded))
    wanted = _text(argument, f"{name} match pattern must be a string")
    return _of_text(lambda value: test(value, wanted))


def _wildcard(wanted: str) -> Matcher:
    pieces = _pieces(wanted)
    return _of_text(lambda value: _fits(value, pieces))


def _pieces(wanted: str) -> list[str]:
    """The texts between the ``*`` of a wildcard. ``\\*`` and ``\\\\`` are the characters themselves."""
    pieces, position = [""], 0
    while position < len(wanted):
        character = wanted[position]
        if character == "\\":
            position += 1
            if wanted[position : position + 1] not in ("*", "\\"):
                raise PatternError(f"Invalid escape character at pos {position}")
            pieces[-1] += wanted[position]
        elif character == "*":
            if wanted[position + 1 : position + 2] == "*":
                raise PatternError(f"Consecutive wildcard characters at pos {position + 1}")
            pieces.append("")
        else:
            pieces[-1] += character
        position += 1
    return pieces


def _fits(value: str, pieces: list[str]) -> bool:
    first, *middle = pieces
    if not middle:
        return value == first
    last = middle.pop()
    if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
        return False
    position, end = len(first), len(value) - len(last)
    for piece in middle:
        found = value.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _numeric(argument: object) -> Matcher:
    if not isinstance(argument, list):
        raise PatternError("Value of numeric must be an array.")
    if not argument or not isinstance(argument[0], str):
        raise PatternError(f"Invalid member in numeric match: {argument[0] if argument else ']'}")
    if argument[0] not in OPERATORS:
        raise PatternError(f"Unrecognized numeric range operator: {argument[0]}")
    comparisons = [_comparison(argument, 0, "equals" if argument[0] == "=" else argument[0])]
    if len(argument) > 2:
        comparisons.append(_upper(argument, comparisons[0]))
    return lambda value: _is_number(value) and all(OPERATORS[operator](value, limit) for operator, limit in comparisons)


def _comparison(argument: list, place: int, named: str) -> tuple[str, float]:
    if len(argument) <= place + 1 or not _is_number(argument[place + 1]):
        raise PatternError(f"Value of {named} must be numeric")
    return argument[place], _limited(argument[place + 1])


def _upper(argument: list, lower: tuple[str, float]) -> tuple[str, float]:
    if lower[0] not in (">", ">="):
        raise PatternError("Too many elements in numeric expression")
    operator = argument[2]
    if not isinstance(operator, str):
        raise PatternError(f"Bad value in numeric range: {operator}")
    if operator not in ("<", "<="):
        raise PatternError(f"Bad numeric range operator: {operator}")
    upper = _comparison(argument, 2, operator)
    if len(argument) > 4:
        raise PatternError("Too many terms in numeric range expression")
    if lower[1] >= upper[1]:
        raise PatternError("Bottom must be less than top")
    return upper


def _cidr(text: str) -> Matcher:
    address, slash, bits = text.partition("/")
    if not slash or "/" in bits:
        raise PatternError("Malformed CIDR, one '/' required")
    if not bits.isdecimal():
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    try:
        base = ipaddress.ip_address(address)
    except ValueError:
        raise PatternError(f"Nonstandard IP address: {address}") from None
    if int(bits) > base.max_prefixlen:
        raise PatternError(f"IPv{base.version} mask bits must be < {base.max_prefixlen + 1}")
    network = ipaddress.ip_network(text, strict=False)

    def within(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _of_text(within)


def _anything_but(argument: object) -> Matcher:
    if isinstance(argument, dict):
        name, inner = _only(argument)
        refused = _refused_texts(name, inner if isinstance(inner, list) else [inner])
    else:
        refused = _refused_values(argument)
    return lambda value: not any(each(value) for each in refused)


def _refused_texts(name: str, arguments: list) -> list[Matcher]:
    if name in ("prefix", "suffix"):
        if any(isinstance(each, dict) for each in arguments):
            raise PatternError("Value of anything-but must be an array or single string/number value.")
        texts = [_text(each, "prefix/suffix match pattern must be a string") for each in arguments]
        if "" in texts:
            raise PatternError("Null prefix/suffix not allowed")
    elif name == "equals-ignore-case":
        why = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        texts = [_text(each, why) for each in arguments]
    elif name == "wildcard":
        texts = [_text(each, "wildcard match pattern must be a string") for each in arguments]
    else:
        raise PatternError(f"Unsupported anything-but pattern: {name}")
    if not texts:
        raise PatternError("Empty arrays are not allowed")
    return [_filter(name, each) for each in texts]


def _refused_values(argument: object) -> list[Matcher]:
    values = argument if isinstance(argument, list) else [argument]
    if not isinstance(argument, list) and not isinstance(argument, str) and not _is_number(argument):
        raise PatternError("Value of anything-but must be an array or single string/number value.")
    if not all(isinstance(each, str) or _is_number(each) for each in values):
        raise PatternError("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(each, str) for each in values}) != 1:
        raise PatternError("Inside anything but list, either all values are number or string, mixed type is not supported")
    return [matcher(each) for each in values]


def _of_text(test: Callable[[str], bool]) -> Matcher:
    return lambda value: isinstance(value, str) and test(value)


def _text(argument: object, why: str) -> str:
    if not isinstance(argument, str):
        raise PatternError(why)
    return argument


def _limited(number: float) -> float:
    if not -LARGEST <= number <= LARGEST:
        raise PatternError(f"Value must be between -{LARGEST:.1E} and {LARGEST:.1E}, inclusive".replace("E+0", "E"))
    return number


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
