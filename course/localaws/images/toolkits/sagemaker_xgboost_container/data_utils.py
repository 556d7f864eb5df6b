"""The data of a channel as a DMatrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.images.hyperparameters import UserError
from course.localaws.images.xgboost import payloads, training_data

if TYPE_CHECKING:
    import xgboost

__all__ = ["get_content_type", "get_dmatrix", "get_size"]


def get_content_type(content_type_cfg_val: str | None) -> str:
    """The format of a content type. Raises UserError with the container's message."""
    try:
        return payloads.format_of(content_type_cfg_val or "")
    except ValueError as error:
        raise UserError(str(error)) from None


def get_dmatrix(data_path: str, content_type: str, csv_weights: int = 0, is_pipe: bool = False) -> xgboost.DMatrix | None:
    """The data of a folder, a file, or the first epoch of a piped channel. None if there is none. Raises UserError."""
    source = _source(data_path, is_pipe)
    return training_data.read(source, get_content_type(content_type), csv_weights == 1) if source.exists() else None


def get_size(data_path: str, is_pipe: bool = False) -> int:
    """The size of a channel's files in bytes. 1 for a piped channel."""
    source = _source(data_path, is_pipe)
    if is_pipe and source.exists():
        return 1
    return sum(path.stat().st_size for path in training_data.data_files(source))


def _source(data_path: str, is_pipe: bool) -> Path:
    return Path(f"{data_path}_0") if is_pipe else Path(data_path)
