"""Names and ARNs of log groups and streams."""

from __future__ import annotations

from dataclasses import dataclass

from course.localaws.context import Context
from course.localaws.core.errors import AwsError


@dataclass(frozen=True, slots=True)
class LogArns:
    """ARNs of log groups and streams in the caller's region and account."""

    region: str
    account: str

    @classmethod
    def of(cls, context: Context) -> LogArns:
        return cls(context.region, context.account)

    def group_arn(self, group: str) -> str:
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{group}"

    def stream_arn(self, group: str, stream: str) -> str:
        return f"{self.group_arn(group)}:log-stream:{stream}"

    def group_in(self, identifier: str) -> str:
        """The group that a name or an ARN (with or without ``:*``) names.

        Raises ``ResourceNotFoundException`` for an ARN in another account or region.
        """
        if not identifier.startswith("arn:"):
            return identifier
        name = identifier.removesuffix(":*").removeprefix(self.group_arn(""))
        if name.startswith("arn:"):
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return name

    def group_of(self, params: dict) -> str:
        """The group that a request names by exactly one of ``logGroupName`` and ``logGroupIdentifier``."""
        given = [params[name] for name in ("logGroupName", "logGroupIdentifier") if name in params]
        if len(given) != 1:
            raise AwsError("InvalidParameterException", "Exactly one of logGroupName and logGroupIdentifier must be specified.")
        return self.group_in(given[0])
