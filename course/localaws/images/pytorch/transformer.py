"""Serves the functions of a script as ``transformer.py`` of `sagemaker-inference` does, which answers for the PyTorch container.

Read 2026-11-28 in aws/sagemaker-inference-toolkit, with ``torchserve.py`` of aws/sagemaker-pytorch-inference-toolkit. Matches: the script
is the module that SAGEMAKER_PROGRAM names, else ``inference``, found in /opt/ml/model/code wherever SAGEMAKER_SUBMIT_DIRECTORY points, and
the defaults serve if there is no such module; ``pre_model_fn`` and ``model_warmup_fn``; a function with one parameter more gets the
context; the content type of an answer, and 500 with the message and the traceback for an exception. Different: the context has the
members of `Context` alone, and a traceback begins with the script.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from course.localaws.images.shared import codecs, serving_script
from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse

SCRIPT = "inference.py"
FUNCTIONS = ("pre_model_fn", "model_fn", "model_warmup_fn", "transform_fn", "input_fn", "predict_fn", "output_fn")
OURS = str(Path(__file__).parents[1])


class Context:
    """What TorchServe tells a function about the model and the request, as far as scripts commonly ask.

    Attributes
    ----------
    system_properties : dict
    request_processor : list of Context
        The request itself: `get_request_properties`, its headers by lower-case names.
    """

    def __init__(self, headers: dict[str, str]) -> None:
        self.system_properties = {"model_dir": str(serving_script.model_directory()), "gpu_id": None, "batch_size": 1}
        self.request_processor = [self]
        self._headers = headers

    def get_request_properties(self) -> dict[str, str]:
        return self._headers

    def get_request_header(self, index: int, name: str) -> str | None:
        return self._headers.get(name.lower())


class Transformer:
    """An `inference.Model` that calls the functions of the script, and the defaults for those that it lacks.

    Raises
    ------
    Exception
        Any exception of the script's import, or of a function that prepares the model.
    ValueError
        The script defines ``transform_fn`` and one of the functions that it replaces.
    """

    def __init__(self, defaults: serving_script.Defaults) -> None:
        script = user_module()
        given = {name: getattr(script, name, None) for name in FUNCTIONS}
        if given["transform_fn"] and (given["input_fn"] or given["predict_fn"] or given["output_fn"]):
            raise ValueError(
                "Cannot use transform_fn implementation in conjunction with input_fn, predict_fn, and/or output_fn implementation"
            )
        self._transform = given["transform_fn"]
        self._input = given["input_fn"] or defaults.input_fn
        self._predict = given["predict_fn"] or defaults.predict_fn
        self._output = given["output_fn"] or defaults.output_fn
        folder, context = str(serving_script.model_directory()), Context({})
        if given["pre_model_fn"]:
            call(given["pre_model_fn"], context, folder)
        self._model = call(given["model_fn"] or defaults.model_fn, context, folder)
        if given["model_warmup_fn"]:
            call(given["model_warmup_fn"], context, folder, self._model)

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
        try:
            return self._answer(request)
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            return failure(error)

    def _answer(self, request: InferenceRequest) -> InferenceResponse:
        content_type = request.content_type or codecs.JSON
        accept = serving_script.default_accept() if request.accept in ("", codecs.ANY) else request.accept
        data = request.body.decode() if content_type in codecs.UTF8_TYPES else request.body
        context = Context(request.headers)
        if self._transform:
            result = call(self._transform, context, self._model, data, content_type, accept)
        else:
            prediction = call(self._predict, context, call(self._input, context, data, content_type), self._model)
            result = call(self._output, context, prediction, accept)
        body, kind = result[:2] if isinstance(result, tuple) else (result, accept)
        return InferenceResponse(_bytes(body), kind)


def user_module() -> ModuleType | None:
    """The script's module. None if there is no module of that name."""
    sys.path.insert(0, str(serving_script.model_directory() / "code"))
    name = (serving_script.program() or SCRIPT).removesuffix(".py")
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def call(function: Callable, context: Context, *arguments: object) -> object:
    """Call a function of a script, with the context if it has a parameter for it. Raises TypeError for another number of parameters."""
    count = len(inspect.signature(function).parameters)
    if count == len(arguments) + 1:
        return function(*arguments, context)
    if count != len(arguments):
        raise TypeError(f"{function.__name__} takes {count} arguments but {len(arguments)} were given.")
    return function(*arguments)


def failure(error: Exception) -> InferenceResponse:
    """The answer for an exception. One of the toolkit's own (``sagemaker_inference.errors``) has its status."""
    own = hasattr(error, "status_code") and hasattr(error, "phrase")
    status, message = (error.status_code, error.message) if own else (500, str(error) or "Invalid Request")
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename.startswith(OURS):
        trace = trace.tb_next
    text = "".join(traceback.format_exception(type(error), error, trace))
    return InferenceResponse(f"{message}\n{text}".encode(), "text/plain", int(status))


def _bytes(body: object) -> bytes:
    """A body as TorchServe sends it: text and bytes as they are, anything else as JSON."""
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return (body if isinstance(body, str) else json.dumps(body, indent=2)).encode()
