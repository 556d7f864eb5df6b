"""Serves a script: ``model_fn`` with ``input_fn``, ``predict_fn`` and ``output_fn``, or with ``transform_fn``.

It matches `sagemaker_containers.beta.framework.transformer` 2.8.6, with which the XGBoost and scikit-learn containers serve a single
model. The PyTorch container uses `sagemaker-inference`, which finds the script and answers errors in another way (`pytorch.transformer`).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from course.localaws.images.shared import codecs
from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse, as_json, with_charset


@dataclass(frozen=True, slots=True)
class Defaults:
    """The functions of a framework's container, used where the script defines none."""

    input_fn: Callable[[str | bytes, str], object]
    predict_fn: Callable[[object, object], object]
    output_fn: Callable[[object, str], object] = lambda prediction, accept: (codecs.encode(prediction, accept), accept)
    model_fn: Callable[[str], object] | None = None


def base_directory() -> Path:
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def model_directory() -> Path:
    return Path(os.environ.get("SM_MODEL_DIR") or base_directory() / "model")


def code_directory() -> Path:
    """The script's folder: ``SAGEMAKER_SUBMIT_DIRECTORY``, or /opt/ml/code if that is an archive in S3, which hosting unpacks there."""
    named = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    return base_directory() / "code" if not named or named.startswith("s3://") else Path(named)


def program() -> str:
    """The script's file name, ``""`` if the image serves without one."""
    return os.environ.get("SAGEMAKER_PROGRAM", "")


def default_accept() -> str:
    """The content type of the answer to a request that accepts any."""
    return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", codecs.JSON)


def import_script() -> ModuleType:
    """Import the script. It can import modules from its own folder."""
    code = code_directory()
    script = code / program()
    if not script.is_file():
        raise FileNotFoundError(f"There is no {program()} in {code}; SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY say where it is.")
    sys.path.insert(0, str(code))
    return importlib.import_module(script.relative_to(code).with_suffix("").as_posix().replace("/", "."))


class ScriptModel:
    """An `inference.Model` that calls the functions of the script that the environment names.

    Attributes
    ----------
    execution_parameters : callable or None
        Answers batch transform's question, if the script defines ``execution_parameters_fn``.

    Raises
    ------
    Exception
        Any exception of the script's import or of its ``model_fn``.
    ValueError
        The script defines ``transform_fn`` and one of the functions that it replaces.
    NotImplementedError
        Neither the script nor the framework has a ``model_fn``.
    """

    def __init__(self, defaults: Defaults) -> None:
        script = import_script()
        given = {name: getattr(script, name, None) for name in ("model_fn", "transform_fn", "input_fn", "predict_fn", "output_fn")}
        if given["transform_fn"] and (given["input_fn"] or given["predict_fn"] or given["output_fn"]):
            raise ValueError("Cannot use transform_fn implementation with input_fn, predict_fn, and/or output_fn")
        load = given["model_fn"] or defaults.model_fn
        if load is None:
            raise NotImplementedError(
                f"Please provide a model_fn implementation: {program()} defines none. "
                "See documentation for model_fn at https://github.com/aws/sagemaker-python-sdk"
            )
        self._transform = given["transform_fn"] or self._steps
        self._input = given["input_fn"] or defaults.input_fn
        self._predict = given["predict_fn"] or defaults.predict_fn
        self._output = given["output_fn"] or defaults.output_fn
        self._default_accept = default_accept()
        parameters = getattr(script, "execution_parameters_fn", None)
        self.execution_parameters = (lambda: as_response(parameters())) if parameters else None
        self._flask = os.environ.get("SAGEMAKER_MULTI_MODEL", "").lower() != "true"  # the multi-model server sends the answers itself
        self._model = load(str(model_directory()))

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
        content_type = request.content_type or codecs.JSON
        accept = self._default_accept if request.accept in ("", codecs.ANY) else request.accept
        content = request.body.decode("utf-8", errors="replace") if content_type in codecs.UTF8_TYPES else request.body
        return as_response(self._transform(self._model, content, content_type, accept), self._flask)

    def _steps(self, model: object, content: str | bytes, content_type: str, accept: str) -> object:
        return self._output(self._predict(self._input(content, content_type), model), accept)


def as_response(result: object, flask: bool = True) -> InferenceResponse:
    """The answer for a script's return value, by Flask's rules: text, bytes, ``(body, content type)``, a dict, or a response object.

    Unless ``flask``, the content type of a tuple is sent as it is.

    Raises
    ------
    TypeError
        The value has another type; Flask raises the same.
    """
    if isinstance(result, tuple) and len(result) == 2:
        return InferenceResponse(_bytes(result[0]), with_charset(result[1]) if flask else result[1])
    if isinstance(result, str | bytes | bytearray):
        return InferenceResponse(_bytes(result), "text/html; charset=utf-8")
    if isinstance(result, dict):
        return as_json(result)
    if hasattr(result, "get_data") and hasattr(result, "status_code"):
        headers = tuple((name, value) for name, value in result.headers.items() if name.lower().startswith("x-"))
        # Flask streams a response with a generator.
        body = map(_bytes, result.response) if getattr(result, "is_streamed", False) else _bytes(result.get_data())
        return InferenceResponse(body, result.content_type, result.status_code, headers)
    raise TypeError(
        f"The script returned a {type(result).__name__}; an answer is a string, bytes, a (body, content type) tuple, a dict or a Response."
    )


def _bytes(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)
