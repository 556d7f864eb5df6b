"""The condition operators of IAM policies.

Source: "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or values", IAM User Guide.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from course.localaws.iam import policy_patterns as patterns
from course.localaws.iam.policy_patterns import Context, Piece, Unresolved


class PolicyError(Exception):
    """A policy or request that cannot be evaluated. The message names the statement and the part that cannot be evaluated."""


Pieces = tuple[Piece, ...]
Comparison = Callable[[Pieces, str], bool]  # policy value, request value


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise PolicyError(f"{value!r} is not a number") from None


def _date(value: str) -> float:
    """Returns the Unix seconds of an ISO 8601 date or an epoch time."""
    try:
        return float(value)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PolicyError(f"{value!r} is neither an ISO 8601 date nor a Unix time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise PolicyError(f"{value!r} is neither true nor false")
    return value.lower() == "true"


def _binary(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise PolicyError(f"{value!r} is not Base64") from None


def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise PolicyError(f"{value!r} is not an IP address or CIDR range") from None


def _in_network(pieces: Pieces, value: str) -> bool:
    network, address = _network(patterns.text(pieces)), _network(value)
    return network.version == address.version and address.subnet_of(network)


def _compared(parse: Callable[[str], object], test: Callable[[object, object], bool]) -> Comparison:
    """Returns a comparison that applies ``test(request value, policy value)`` to parsed values."""
    return lambda pieces, value: test(parse(value), parse(patterns.text(pieces)))


_equal = _compared(str, lambda value, wanted: value == wanted)
_equal_ignoring_case = _compared(str.lower, lambda value, wanted: value == wanted)
_ORDERS = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}
# All positive operators. A negated operator uses the same comparison and inverts the result.
_AFFIRMING: dict[str, Comparison] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": patterns.matches,
    "ArnEquals": patterns.arn_like,
    "ArnLike": patterns.arn_like,
    "Bool": _compared(_boolean, lambda value, wanted: value == wanted),
    "BinaryEquals": _compared(_binary, lambda value, wanted: value == wanted),
    "IpAddress": _in_network,
    **{f"Numeric{name}": _compared(_number, order) for name, order in _ORDERS.items()},
    **{f"Date{name}": _compared(_date, order) for name, order in _ORDERS.items()},
}
_NEGATING: dict[str, Comparison] = {
    "StringNotEquals": _AFFIRMING["StringEquals"],
    "StringNotEqualsIgnoreCase": _AFFIRMING["StringEqualsIgnoreCase"],
    "StringNotLike": _AFFIRMING["StringLike"],
    "ArnNotEquals": _AFFIRMING["ArnEquals"],
    "ArnNotLike": _AFFIRMING["ArnLike"],
    "NotIpAddress": _AFFIRMING["IpAddress"],
    "NumericNotEquals": _AFFIRMING["NumericEquals"],
    "DateNotEquals": _AFFIRMING["DateEquals"],
}
_QUANTIFIERS = ("ForAllValues", "ForAnyValue")
OPERATORS = frozenset({*_AFFIRMING, *_NEGATING, "Null"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on one key with one operator, e.g. ``"StringLike": {"s3:prefix": ["home/*"]}``.

    Attributes
    ----------
    operator : str
        The operator without quantifier and ``IfExists``.
    quantifier : str
        ``"ForAllValues"``, ``"ForAnyValue"`` or empty.
    if_exists : bool
    key : str
        The key as the policy writes it. Keys are case-insensitive.
    values : tuple of str
    variables : bool
        Whether ``${...}`` is replaced (policy version 2012-10-17).
    """

    operator: str
    quantifier: str
    if_exists: bool
    key: str
    values: tuple[str, ...]
    variables: bool

    def holds(self, context: Context) -> bool:
        """Returns whether the request's context satisfies the condition.

        Raises
        ------
        Unresolved
            A variable in ``values`` has no value.
        PolicyError
            A value does not have the operator's type, or a key with several values has no ``ForAllValues`` or ``ForAnyValue``.
        """
        present = tuple(context.get(self.key.lower(), ()))
        if self.operator == "Null":
            return any(_boolean(value) != bool(present) for value in self.values)
        wanted = [patterns.expand(value, context) if self.variables else patterns.plain(value) for value in self.values]
        if self.quantifier:  # an empty string counts as no value ("Set operators for multivalued context keys")
            held = [self._test(value, wanted) for value in present if value]
            return all(held) if self.quantifier == "ForAllValues" else any(held)
        if not present:
            return self.if_exists or self.operator in _NEGATING
        if len(present) > 1:
            raise PolicyError(f"{self.key} has {len(present)} values in this request; compare it with ForAllValues or ForAnyValue")
        return self._test(present[0], wanted)

    def _test(self, value: str, wanted: Sequence[Pieces]) -> bool:
        if self.operator in _NEGATING:
            return not any([_NEGATING[self.operator](pieces, value) for pieces in wanted])
        return any([_AFFIRMING[self.operator](pieces, value) for pieces in wanted])


def parse(element: object, variables: bool) -> tuple[Condition, ...]:
    """Parses a statement's ``Condition`` element. All returned conditions must hold.

    Raises
    ------
    PolicyError
        An operator is unknown, or the element is not a map of operators to maps of keys to values.
    """
    if not isinstance(element, dict):
        raise PolicyError("Condition must be a map of condition operators")
    conditions = []
    for name, keys in element.items():
        if not isinstance(keys, dict):
            raise PolicyError(f"{name} must be a map of condition keys")
        quantifier, _, rest = name.rpartition(":")
        if_exists = rest.endswith("IfExists")
        operator = _known(rest.removesuffix("IfExists"), quantifier, if_exists, name)
        for key, values in keys.items():
            conditions.append(Condition(operator, quantifier, if_exists, key, _strings(values, f"{name} of {key}"), variables))
    return tuple(conditions)


def _known(operator: str, quantifier: str, if_exists: bool, name: str) -> str:
    # Operators are case-insensitive on AWS.
    for known in OPERATORS:
        if known.lower() == operator.lower():
            break
    else:
        raise PolicyError(f"unknown condition operator {name!r}")
    if quantifier and quantifier not in _QUANTIFIERS or known == "Null" and if_exists:
        raise PolicyError(f"unknown condition operator {name!r}")
    return known


def _strings(values: object, where: str) -> tuple[str, ...]:
    values = values if isinstance(values, list) else [values]
    if not all(isinstance(value, str | int | float | bool) for value in values):
        raise PolicyError(f"{where}: values must be strings, numbers or booleans")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


__all__ = ["OPERATORS", "Condition", "PolicyError", "Unresolved", "parse"]
