"""The unpacked code of functions."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from course.localaws.awslambda.packages import Packages


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("a.py", "b.py"):
            archive.writestr(name, name)
    return content.getvalue()


def test_a_package_that_was_removed_in_part_is_unpacked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Packages(tmp_path / "lambda", objects=None)
    code = {"ZipFile": zipped()}
    package = store.receive(code, "CreateFunction")

    unlink = os.unlink

    def refusing(path: str, **options: int) -> None:
        if Path(path).name == "b.py":
            raise PermissionError
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", refusing)
    store.sweep(())
    monkeypatch.undo()
    assert store.receive(code, "CreateFunction") == package
    store.sweep([package.id])
    assert sorted(path.name for path in store.path(package.id).iterdir()) == ["a.py", "b.py"]
    assert len(list((tmp_path / "lambda").iterdir())) == 1
