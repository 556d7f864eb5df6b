"""moto's interface for other packages; `course.localaws.moto.mount` implements it.

Packages below the platform import only this module and `course.localaws.moto.migration`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from starlette.responses import Response

from course.localaws.core.call import AwsRequest

T = TypeVar("T")


class MotoRecords(Protocol):
    """moto's services and their records; `course.localaws.moto.mount.MotoMount` documents each method."""

    @property
    def loaded(self) -> bool: ...

    async def __call__(self, call: AwsRequest) -> Response: ...

    def ask(self, service: str, action: str, region: str = "us-east-1", seed: bytes | None = None, **parameters: str) -> None: ...

    def ask_json(self, service: str, region: str, target: str, parameters: dict, seed: bytes | None = None) -> dict: ...

    def run(self, function: Callable[[], T]) -> T: ...

    async def run_async(self, function: Callable[[], T]) -> T: ...

    def submit(self, function: Callable[[], T]) -> Future[T]: ...

    def iam(self) -> Any: ...
