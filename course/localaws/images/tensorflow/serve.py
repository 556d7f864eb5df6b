"""The program ``serve`` of the TensorFlow image: TensorFlow Serving's REST API, directly or through a script's handlers.

Matches ``serve.py``, ``python_service.py``, ``tfs_utils.py`` and ``tensorflowServing.js`` of aws/sagemaker-tensorflow-serving-container,
read 2026-11-25: how it finds models, JSON, JSON lines and CSV, the ``tfs-`` custom attributes, ``handler``, or ``input_handler`` and
``output_handler``, their context, and errors. Different: `model_server` replaces TensorFlow Serving. It runs in this process, on its own
port, without gRPC, so ``grpc_port`` and ``channel`` of the context are None. No multi-model endpoints.
"""

from __future__ import annotations

import importlib.util
import io
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import requests

from course.localaws import images
from course.localaws.images.shared import codecs, serving, serving_script
from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse, Model, as_json
from course.localaws.images.tensorflow import request_bodies

if TYPE_CHECKING:
    from course.localaws.images.tensorflow.model_server import TensorFlowServing

ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
ATTRIBUTE = re.compile(r"tfs-[a-z\-]+=[^,]+")


class InferenceContext(NamedTuple):
    """The facts about a request that a script's handlers receive."""

    model_name: str | None
    model_version: str | None
    method: str | None
    rest_uri: str
    grpc_port: None
    channel: None
    custom_attributes: str | None
    request_content_type: str
    accept_header: str
    content_length: int


InferenceContext.__name__ = "Context"  # its name in AWS's image, which a script may print


def find_models(folder: Path) -> dict[str, dict[int, Path]]:
    """The SavedModels by name and version, sorted by path. The name of a SavedModel's folder is its version, a number.

    Raises
    ------
    ValueError
        There is none.
    """
    models: dict[str, dict[int, Path]] = {}
    for bundle in sorted(folder.rglob("saved_model.pb")):
        if re.fullmatch(r"\d+", bundle.parent.name) and bundle.parent != folder:
            models.setdefault(bundle.parent.parent.name, {})[int(bundle.parent.name)] = bundle.parent
    if not models:
        raise ValueError("no SavedModel bundles found!")
    return models


def default_of(models: dict[str, dict[int, Path]]) -> str:
    """The model for a request that names none: that of the environment, else the first."""
    return os.environ.get("SAGEMAKER_TFS_DEFAULT_MODEL_NAME") or next(iter(models))


def tfs_attributes(request: InferenceRequest) -> dict[str, str]:
    pairs = (pair.split("=") for pair in ATTRIBUTE.findall(request.headers.get(ATTRIBUTES, "")))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def tfs_path(attributes: dict[str, str], default_model: str) -> str:
    """The path of TensorFlow Serving's API for the model, version and method in the attributes."""
    version = f"/versions/{attributes['tfs-model-version']}" if "tfs-model-version" in attributes else ""
    return f"/v1/models/{attributes.get('tfs-model-name', default_model)}{version}:{attributes.get('tfs-method', 'predict')}"


class PassThroughHandler:
    """Passes requests on without a script, as nginx does in AWS's image."""

    def __init__(self, server: TensorFlowServing, default_model: str) -> None:
        self._server, self._default_model = server, default_model

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
        write = request_bodies.WRITERS.get(request.content_type)
        if write is None:
            return as_json({"error": f"Unsupported Media Type: {request.content_type or 'Unknown'}"}, 415)
        body = write(request.body.decode("utf-8", errors="replace"))
        answer = self._server("POST", tfs_path(tfs_attributes(request), self._default_model), body.encode())
        accepted = request.accept.strip().replace(" ", "", 1).split(",")
        if {"application/json", "application/jsonlines"} & set(accepted):
            return InferenceResponse(answer.body.replace(b"\n", b""), accepted[0], answer.status)
        return answer


class ScriptHandler:
    """Calls the handlers of ``inference.py``. Raises NotImplementedError if it has none."""

    def __init__(self, script: ModuleType, rest: str, default_model: str) -> None:
        self._rest, self._default_model = rest, default_model
        if hasattr(script, "handler"):
            self._handle: Callable[[io.BytesIO, InferenceContext], tuple[str | bytes, str]] = script.handler
        elif hasattr(script, "input_handler") and hasattr(script, "output_handler"):
            self._handle = self._steps
            self._input, self._output = script.input_handler, script.output_handler
        else:
            raise NotImplementedError("Handlers are not implemented correctly in user script.")

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
        try:
            body, content_type = self._handle(io.BytesIO(request.body), self._context(request))
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            return as_json({"error": str(error)}, 500)
        return InferenceResponse(body.encode() if isinstance(body, str) else bytes(body), content_type)

    def _steps(self, data: io.BytesIO, context: InferenceContext) -> tuple[str | bytes, str]:
        return self._output(requests.post(context.rest_uri, data=self._input(data, context)), context)

    def _context(self, request: InferenceRequest) -> InferenceContext:
        attributes = tfs_attributes(request)
        return InferenceContext(
            attributes.get("tfs-model-name"),
            attributes.get("tfs-model-version"),
            attributes.get("tfs-method"),
            self._rest + tfs_path(attributes, self._default_model),
            None,
            None,
            request.headers.get(ATTRIBUTES),
            request.content_type or codecs.JSON,
            request.accept or codecs.JSON,
            len(request.body),
        )


def listen(server: TensorFlowServing) -> str:
    """Serve the API to scripts, over HTTP in threads of this process. Returns its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body: bytes) -> None:
            answer = server(self.command, self.path, body)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Log nothing: the request from outside is in the log already."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, name="rest", daemon=True).start()
    return f"http://localhost:{http.server_port}"


def import_script(path: Path) -> ModuleType:
    """Import a script from its path. It can import modules from its folder and from ``lib``."""
    sys.path[:0] = [str(path.parent), *([str(path.parent / "lib")] if (path.parent / "lib").is_dir() else [])]
    spec = importlib.util.spec_from_file_location("inference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load() -> Model:
    folder = serving_script.model_directory()
    models = find_models(folder)
    try:
        import tensorflow  # noqa: F401
    except ImportError as error:
        raise RuntimeError(images.not_installed("tensorflow")) from error
    from course.localaws.images.tensorflow.model_server import TensorFlowServing

    default_model = default_of(models)
    server, script = TensorFlowServing(models), folder / "code/inference.py"
    if script.is_file():
        return ScriptHandler(import_script(script), listen(server), default_model)
    return PassThroughHandler(server, default_model)


if __name__ == "__main__":
    serving.serve(load)
