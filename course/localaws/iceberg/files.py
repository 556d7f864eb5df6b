"""pyiceberg's file access in a helper process: the files of S3 objects, which the parent process knows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pyiceberg.io import FileIO, InputFile, OutputFile, OutputStream

from course.localaws.core.helper_process import Parent


class ParentFiles(FileIO):
    """The objects of the parent's S3.

    The parent answers ``path(uri)`` with the path of an object's file, or ``""`` if there is no such object, ``put(uri, path)`` and
    ``delete(uri)``. What it does not offer fails.
    """

    def __init__(self, parent: Parent) -> None:
        super().__init__()
        self._parent = parent

    def new_input(self, location: str) -> InputFile:
        return _Input(location, self._parent)

    def new_output(self, location: str) -> OutputFile:
        return _Output(location, self._parent)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        self._parent.ask("delete", uri=location if isinstance(location, str) else location.location)


class _Input(InputFile):
    def __init__(self, location: str, parent: Parent) -> None:
        super().__init__(location)
        self._parent = parent

    def __len__(self) -> int:
        return self._file().stat().st_size

    def exists(self) -> bool:
        return self._parent.ask("path", uri=self.location) != ""

    def open(self, seekable: bool = True) -> BinaryIO:
        return self._file().open("rb")

    def _file(self) -> Path:
        path = self._parent.ask("path", uri=self.location)
        if not path:
            raise FileNotFoundError(f"there is no object {self.location}")
        return Path(path)


class _Output(OutputFile):
    def __init__(self, location: str, parent: Parent) -> None:
        super().__init__(location)
        self._parent = parent

    def __len__(self) -> int:
        return len(self.to_input_file())

    def exists(self) -> bool:
        return self.to_input_file().exists()

    def to_input_file(self) -> InputFile:
        return _Input(self.location, self._parent)

    def create(self, overwrite: bool = False) -> OutputStream:
        if not overwrite and self.exists():
            raise FileExistsError(f"there is an object {self.location}")
        return _Stream(lambda path: self._parent.ask("put", uri=self.location, path=str(path)))


class _Stream:
    """A file in the working folder, which becomes an object when it is closed without an exception."""

    def __init__(self, store: Callable[[Path], object]) -> None:
        self._file = tempfile.NamedTemporaryFile(dir=".", delete=False)  # noqa: SIM115 it is closed in `close`
        self._store, self.closed = store, False

    def write(self, content: bytes) -> int:
        return self._file.write(content)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._file.close()
            self._store(Path(self._file.name).absolute())

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.closed = True
            self._file.close()
            Path(self._file.name).unlink()
