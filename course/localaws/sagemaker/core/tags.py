"""The operations on tags of any resource, by its ARN."""

from __future__ import annotations

from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family


class Tags(Family):
    """AddTags, ListTags and DeleteTags."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {"AddTags": self.add, "ListTags": self.list, "DeleteTags": self.delete}

    def add(self, context: Context, params: dict) -> dict:
        return {"Tags": self._engine.add_tags(self._existing(context, params), params["Tags"])}

    def list(self, context: Context, params: dict) -> dict:
        if params.get("NextToken"):
            # A page holds at least fifty tags, and a resource has at most fifty, so no response has a token.
            raise invalid("Invalid NextToken: it was not returned by ListTags.")
        return {"Tags": self._engine.tags(self._existing(context, params))}

    def delete(self, context: Context, params: dict) -> dict:
        self._engine.delete_tags(self._existing(context, params), params["TagKeys"])
        return {}

    def _existing(self, context: Context, params: dict) -> str:
        """The request's ARN, which must belong to an existing resource.

        Raises
        ------
        AwsError
            The not-found error of the resource's kind; ``ValidationException`` for an ARN of an unknown kind.
        """
        arn = params["ResourceArn"]
        if context.call is not None:
            context.call.resource = arn.split(":", 5)[5]
        if self._engine.exists(arn):
            return arn
        part, _, name = arn.split(":", 5)[5].partition("/")
        kind = self._engine.kinds.get(part)
        if kind is None:
            raise invalid(f'"{arn}" is not the ARN of a resource that the local AWS keeps.')
        raise self._engine.not_found(context, kind, name)
