"""pyiceberg's Glue catalog in a helper process, with the parent's Glue and S3."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from course.localaws.core.helper_process import HelperError, Parent
from course.localaws.iceberg.files import ParentFiles

_EXCEPTIONS = ("AlreadyExistsException", "ConcurrentModificationException", "EntityNotFoundException", "InvalidInputException")


class ParentCatalog(GlueCatalog):
    """The tables of the parent's Glue catalog. The parent also answers ``glue(operation, parameters)``."""

    def __init__(self, parent: Parent) -> None:
        self._files = ParentFiles(parent)
        super().__init__("glue", client=_Glue(parent))

    def _load_file_io(self, properties: Properties = EMPTY_DICT, location: str | None = None) -> FileIO:
        return self._files


class _Glue:
    """What `GlueCatalog` uses of boto3's client."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self.exceptions = SimpleNamespace(**{name: type(name, (Exception,), {}) for name in _EXCEPTIONS})

    def __getattr__(self, name: str) -> Callable[..., dict]:
        operation = "".join(word.capitalize() for word in name.split("_"))

        def call(**parameters: Any) -> dict:
            try:
                return self._parent.ask("glue", operation=operation, parameters=parameters)
            except HelperError as error:
                raise getattr(self.exceptions, error.kind, HelperError)(str(error)) from error

        return call
