"""Serves SavedModels with the installed TensorFlow, by TensorFlow Serving's REST API.

Matches ``http_rest_api_handler.cc``, ``http_server.cc``, ``classifier.cc`` and ``regressor.cc`` of tensorflow/serving, read 2026-11-25:
paths, signatures, statuses and error messages. A signature runs as in TensorFlow Serving: the graph's session gets the tensors that the
signature names. Different: no gRPC, no metadata API, no batching of requests; errors of the graph have the messages of TensorFlow's Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from course.localaws.images.shared import codecs
from course.localaws.images.shared.inference import InferenceResponse
from course.localaws.images.tensorflow import requests, responses
from course.localaws.images.tensorflow.requests import InvalidArgument, TensorType

PREDICTION = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?:(classify|regress|predict)", re.IGNORECASE)
STATUS = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?", re.IGNORECASE)
DEFAULT_SIGNATURE = "serving_default"
METHODS = {"classify": "tensorflow/serving/classify", "regress": "tensorflow/serving/regress"}
NAMES = {"float32": "float", "float64": "double", "float16": "half"}  # names of types that differ between C++ and Python
# HTTP status by TensorFlow's error code; 500 for any other.
STATUSES = {1: 499, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 14: 503, 16: 401}


class NotFound(LookupError):
    """The model, or this version of it, does not exist."""


class SavedModel:
    """One loaded version of a model. Raises OSError if the folder has no SavedModel for serving."""

    def __init__(self, folder: Path) -> None:
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        with graph.as_default():
            loaded = tf.compat.v1.saved_model.loader.load(self._session, [tf.saved_model.SERVING], str(folder))
        self.signatures = loaded.signature_def

    def run(self, signature: object, inputs: Mapping[str, np.ndarray]) -> dict[str, tuple[np.ndarray, TensorType]]:
        """Run a signature. Returns all its outputs by name."""
        feed = {signature.inputs[name].name: array for name, array in inputs.items()}
        fetched = self._session.run({name: signature.outputs[name].name for name in sorted(signature.outputs)}, feed)
        return {name: (_array(value, kind), kind) for name, value in fetched.items() for kind in [_kind(signature.outputs[name])]}


class TensorFlowServing:
    """The API for all versions of the models ``{name: {version: folder}}``."""

    def __init__(self, models: Mapping[str, Mapping[int, Path]]) -> None:
        self._models = {name: {version: SavedModel(folder) for version, folder in folders.items()} for name, folders in models.items()}
        self._methods: dict[str, Callable[[SavedModel, dict], str]] = {"predict": _predict, "classify": _classify, "regress": _regress}

    def __call__(self, method: str, path: str, body: bytes = b"") -> InferenceResponse:
        try:
            return InferenceResponse(self._answer(method, path, body).encode(), codecs.JSON)
        except NotFound as error:
            return _refused(404, str(error))
        except ValueError as error:  # raised here, or by the session for an array of another shape
            return _refused(400, str(error))
        except tf.errors.OpError as error:
            return _refused(STATUSES.get(error.error_code, 500), error.message)

    def _answer(self, method: str, path: str, body: bytes) -> str:
        if method == "POST" and (parts := PREDICTION.fullmatch(path)):
            name, version, what = parts.groups()
            run = self._methods[what.lower()]
            return run(self._find(name, version), requests.parse(body))
        if method == "GET" and (parts := STATUS.fullmatch(path)):
            return self._status(*parts.groups())
        raise InvalidArgument(f"Malformed request: {method} {path}")

    def _find(self, name: str, version: str | None) -> SavedModel:
        versions = self._models.get(name, {})
        number = int(version) if version else max(versions, default=None)
        if number not in versions:
            raise NotFound(f"Servable not found for request: {f'Specific({name}, {number})' if version else f'Latest({name})'}")
        return versions[number]

    def _status(self, name: str, version: str | None) -> str:
        versions = [number for number in sorted(self._models.get(name, {}), reverse=True) if not version or number == int(version)]
        if not versions:
            raise NotFound(f"Could not find any versions of model {name}")
        states = [
            {"version": str(number), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}} for number in versions
        ]
        return json.dumps({"model_version_status": states}, indent=1)


def _refused(status: int, text: str) -> InferenceResponse:
    return InferenceResponse(responses.error(text).encode(), codecs.JSON, status)


def _kind(info: object) -> TensorType:
    dtype = tf.dtypes.as_dtype(info.dtype)
    return TensorType(NAMES.get(dtype.name, dtype.name), dtype.as_numpy_dtype)


def _array(value: object, kind: TensorType) -> np.ndarray:
    return np.asarray(value, object if kind.name == requests.STRING else None)


def _predict(model: SavedModel, document: dict) -> str:
    name = requests.signature_name(document) or DEFAULT_SIGNATURE
    if name not in model.signatures:
        raise InvalidArgument(f'Serving signature name: "{name}" not found in signature def')
    signature = model.signatures[name]
    kinds = {key: _kind(signature.inputs[key]) for key in sorted(signature.inputs)}
    if not kinds:
        raise InvalidArgument(f"Failed to get input map for signature: {requests.signature_name(document) or 'DEFAULT'}")
    inputs, in_rows = requests.tensors(document, kinds)
    outputs = model.run(signature, inputs)
    return responses.rows(outputs) if in_rows else responses.columns(outputs)


def _classify(model: SavedModel, document: dict) -> str:
    signature, examples = _of_examples(model, document, "classify", "classification")
    outputs = model.run(signature, {"inputs": examples})
    found = {name: outputs[name][0] for name in ("classes", "scores") if name in outputs}
    if not found:
        raise InvalidArgument('Expected classification signature outputs to contain at least one of "classes" or "scores".')
    for name, array in found.items():
        if array.ndim != 2:
            raise InvalidArgument(f"Expected Tensor shape: [batch_size num_classes] but got {list(array.shape)}")
        if len(array) != len(examples):
            raise InvalidArgument(f"Expected {name} output batch size of {len(examples)}. Got: {len(array)}")
    shape = next(iter(found.values())).shape
    classes = found.get("classes", np.full(shape, b"", object))
    scores = found.get("scores", np.zeros(shape, np.float32))
    rows = []
    for labels, numbers in zip(classes.tolist(), scores.tolist(), strict=True):
        texts = zip((json.dumps(label.decode()) for label in labels), responses.decimals(numbers, "float"), strict=True)
        rows.append(f"[{', '.join(f'[{label}, {score}]' for label, score in texts)}]")
    return responses.listed("results", rows)


def _regress(model: SavedModel, document: dict) -> str:
    signature, examples = _of_examples(model, document, "regress", "regression")
    outputs = model.run(signature, {"inputs": examples})
    if "outputs" not in outputs:
        raise InvalidArgument("No regression outputs found in SignatureDef")
    array, _ = outputs["outputs"]
    if not array.ndim or array.shape[1:] not in ((), (1,)):
        raise InvalidArgument(f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {list(array.shape)}")
    if len(array) != len(examples):
        raise InvalidArgument(f"Input batch size did not match output batch size: {len(examples)} vs. {len(array)}")
    values = ", ".join(responses.decimals(array.ravel().tolist(), "float"))
    return f'{{\n{responses.INDENT}"results": [{values}]\n}}'


def _of_examples(model: SavedModel, document: dict, method: str, noun: str) -> tuple[object, np.ndarray]:
    """The signature that a classify or regress request names, and its serialised examples."""
    examples = requests.examples(document)
    name = requests.signature_name(document) or DEFAULT_SIGNATURE
    if name not in model.signatures:
        raise InvalidArgument(f"No signature was found with the name: {name}")
    signature = model.signatures[name]
    if signature.method_name != METHODS[method]:
        raise InvalidArgument(f"Expected {noun} signature method_name to be {METHODS[method]}. Was: {signature.method_name}")
    if list(signature.inputs) != ["inputs"]:
        raise InvalidArgument("Expected one input Tensor.")
    return signature, np.array([_serialised(example) for example in examples], object)


def _serialised(example: Mapping[str, list]) -> bytes:
    features = {name: tf.train.Feature(**_feature(values)) for name, values in example.items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _feature(values: list) -> dict:
    """One list of floats, integers or bytes. The names are those of the protobuf message."""
    if values and isinstance(values[0], bytes):
        return {"bytes_list": tf.train.BytesList(value=values)}
    if values and isinstance(values[0], float):
        return {"float_list": tf.train.FloatList(value=values)}
    return {"int64_list": tf.train.Int64List(value=values)} if values else {}
