"""The error of a call that a local AWS must refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError


def refused(call: Callable, *arguments: object, **parameters: object) -> tuple[str, str]:
    """Code and message of the error with which a call of boto3 fails."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
