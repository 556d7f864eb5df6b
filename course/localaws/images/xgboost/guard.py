"""Refuses models that the XGBoost of an image must not read (`versions`), in each Python process of the image.

Scripts load models by themselves, so it changes ``Booster.load_model`` and the unpickling of a Booster. The image's catalogue entry names
this module as its ``startup``.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

from course.localaws.images.shared.after_import import after_import
from course.localaws.images.xgboost import versions


def install(version: str, libraries: dict[str, str], course: list[str]) -> None:
    """Guard the XGBoost that this process may import. See `course.localaws.images.Image.startup` for the parameters."""
    after_import("xgboost.core", lambda core: _guard(core, version))


def _guard(core: ModuleType, version: str) -> None:
    load, unpickle = core.Booster.load_model, core.Booster.__setstate__

    def load_model(self: object, fname: str | os.PathLike | bytearray) -> None:
        data = _bytes(fname)
        versions.check_writer(data, version)
        load(self, fname)
        versions.check_format(data, version)

    def set_state(self: object, state: dict) -> None:
        written = bytes(state.get("handle") or b"")
        versions.check_writer(written, version)
        unpickle(self, state)
        if written:
            versions.check_pickle(written, version)

    core.Booster.load_model, core.Booster.__setstate__ = load_model, set_state


def _bytes(model: str | os.PathLike | bytearray) -> bytes:
    """The content of a model file; none for what XGBoost will not find either."""
    if isinstance(model, bytearray | bytes):
        return bytes(model)
    path = Path(model).expanduser()
    return path.read_bytes() if path.is_file() else b""
