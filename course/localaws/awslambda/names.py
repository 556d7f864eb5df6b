"""How requests name a function, and its ARNs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from course.localaws.awslambda.errors import invalid_value, not_found
from course.localaws.awslambda.limits import limit
from course.localaws.context import Context
from course.localaws.core.errors import AwsError

LATEST = "$LATEST"
_REFERENCE = re.compile(
    r"(?:arn:[\w-]+:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w.-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function, or a version or an alias of it.

    ``qualifier`` is a version, an alias or ``$LATEST``; ``""`` when the request names none, which means ``$LATEST``.
    """

    region: str
    account: str
    name: str
    qualifier: str = ""

    @property
    def arn(self) -> str:
        """The ARN, with the qualifier if there is one."""
        return function_arn(self.region, self.account, self.name, self.qualifier)


def function_arn(region: str, account: str, name: str, qualifier: str = "") -> str:
    return f"arn:aws:lambda:{region}:{account}:function:{name}" + (f":{qualifier}" if qualifier else "")


def reference(region: str, account: str, text: str, qualifier: str | None = None) -> FunctionReference:
    """Reads a name, an ARN or a part of an ARN, each with or without a qualifier.

    Parameters
    ----------
    region, account : str
        Of the caller.
    text : str
        The member ``FunctionName``.
    qualifier : str, optional
        The member ``Qualifier``.

    Raises
    ------
    AwsError
        The text names another account or region, its qualifier is not ``qualifier``, or the name is too long.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise invalid_value(f"The function name {text!r} is neither a name nor an ARN of a function.")
    if found["account"] not in (None, account):
        raise AwsError("AccessDeniedException", f"The function {text} belongs to another account.", 403)
    if found["region"] not in (None, region):
        raise not_found(f"Functions from '{found['region']}' are not reachable in this region ('{region}')")
    if found["qualifier"] and qualifier and found["qualifier"] != qualifier:
        raise invalid_value("The derived qualifier from the function name does not match the specified qualifier.")
    name, most = found["name"], limit("name")
    if len(name) > most:
        raise invalid_value(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {most}"
        )
    return FunctionReference(region, account, name, qualifier or found["qualifier"] or "")


def of_arn(account: str, arn: str) -> FunctionReference:
    """Reads a function's ARN, in any region. Raises AwsError as `reference` does."""
    found = _REFERENCE.fullmatch(arn)
    return reference((found and found["region"]) or "", account, arn)


def requested(context: Context, params: dict) -> FunctionReference:
    """The function that a request names by ``FunctionName`` and ``Qualifier``. Raises AwsError as `reference` does."""
    return reference(context.region, context.account, params["FunctionName"], params.get("Qualifier"))
