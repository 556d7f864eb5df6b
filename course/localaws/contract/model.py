"""botocore's service model as the contract reads it: operations and shapes as plain dictionaries."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import botocore.loaders

Shape = dict[str, Any]


class Model:
    """One service's model, read when first needed (SageMaker's takes about 50 ms)."""

    def __init__(self, service: str) -> None:
        self.service = service

    @cached_property
    def _raw(self) -> dict:
        return botocore.loaders.Loader().load_service_model(self.service, "service-2")

    @property
    def metadata(self) -> dict:
        return self._raw["metadata"]

    @property
    def operations(self) -> dict[str, dict]:
        return self._raw["operations"]

    def shape(self, name: str) -> Shape:
        return self._raw["shapes"][name]

    def input_of(self, operation: str) -> str | None:
        """The name of the operation's input shape."""
        return self.operations[operation].get("input", {}).get("shape")

    def output_of(self, operation: str) -> str | None:
        return self.operations[operation].get("output", {}).get("shape")
