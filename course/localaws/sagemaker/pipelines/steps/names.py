"""The names of what the steps of an execution make.

Source: "IAM Access Management" of Pipelines, section "Customize access to jobs", and ARNs in public logs and notebooks, which cut a step's
name after 20 characters. A tuning job's name has at most 32 characters; how AWS cuts it is not documented. Read 2026-11-28.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass

from botocore.exceptions import ClientError

from course.localaws.sagemaker.pipelines.language.definition import Step
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, Scope, resolve, text

TOKEN_LENGTH = 10
_TOKEN = re.compile(r"-([A-Za-z0-9]{10})(-\d+)?$")


@dataclass(frozen=True, slots=True)
class Names:
    """How the steps of one type name what they make.

    Parameters
    ----------
    member : str
        The argument whose value begins the name, if the definition has it: ``PipelineDefinitionConfig(use_custom_job_prefix=True)`` of the
        SDKs leaves it there. Empty for a type that has no such argument.
    longest_prefix : int
        Characters of that argument that are used.
    form : str
        The name without such an argument.
    """

    member: str = ""
    longest_prefix: int = 38
    form: str = "pipelines-{execution}-{step:.20}-{token}"

    def new(self, step: Step, execution: str, scope: Scope) -> str:
        """A new name for an attempt of a step. ``execution`` is the id of the execution."""
        token = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(TOKEN_LENGTH))
        prefix = self._prefix(step, scope)
        if prefix:
            return f"{prefix[: self.longest_prefix]}-{execution}-{token}"
        return self.form.format(execution=execution, step=step.name.replace("_", "-"), token=token)

    def _prefix(self, step: Step, scope: Scope) -> str:
        try:
            return text(resolve(step.arguments.get(self.member) or "", scope))
        except (ExpressionError, ClientError):
            return ""  # the step fails when all its arguments are resolved


def token_of(name: str) -> str:
    """The random part of a name, which also is the token of a Callback step."""
    found = _TOKEN.search(name)
    assert found
    return found[1]
