"""The requests and responses of a model server: what a model is called with, and what it returns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """An invocation as a model receives it. ``content_type`` and ``accept`` are empty if the caller sent none."""

    body: bytes
    content_type: str
    accept: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class InferenceResponse:
    """An answer. A ``body`` that is an iterator is sent piece by piece."""

    body: bytes | Iterator[bytes]
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Model = Callable[[InferenceRequest], InferenceResponse]


def with_charset(content_type: str) -> str:
    """The content type as Flask sends it, which serves single models in AWS's XGBoost and scikit-learn containers: text has a charset.

    AWS's multi-model server and TorchServe send a content type as it is.
    """
    return f"{content_type}; charset=utf-8" if content_type.startswith("text/") and "charset" not in content_type else content_type


def as_json(body: object, status: int = 200) -> InferenceResponse:
    """An answer that is a JSON document."""
    return InferenceResponse(json.dumps(body).encode(), "application/json", status)


def internal_error() -> InferenceResponse:
    """The answer of Flask, as in AWS's containers, when a handler raises. The traceback is in the log."""
    return error_page(
        500,
        "Internal Server Error",
        "The server encountered an internal error and was unable to complete your request. "
        "Either the server is overloaded or there is an error in the application.",
    )


def error_page(status: int, title: str, text: str) -> InferenceResponse:
    """An answer that is an HTML page, as Werkzeug writes it."""
    page = f'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n'
    return InferenceResponse(page.encode(), "text/html", status)
