"""A multi-model server by SageMaker's container contract: it loads, lists, invokes and unloads models by name.

Source: "Build Your Own Container for SageMaker AI Multi-Model Endpoints" of the developer guide: ``POST``, ``GET`` and ``DELETE`` on
``/models``, 404 for a model that is not loaded, 409 for one that is already loaded, 507 if there is no memory for it. As in AWS's
containers, each model has its own worker process: scripts are isolated, and unloading frees the memory. Different: the workers are forked
from a process that has already imported the framework; AWS's Multi Model Server starts each worker anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import multiprocessing
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

import psutil

from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse, Model, as_json, internal_error

# The memory in bytes for all models together. Hosting sets it by the instance type.
MEMORY = "COURSE_MODEL_MEMORY_BYTES"
PATH = re.compile(r"/models(?:/(?P<name>[^/]+)(?P<invoke>/invoke)?)?")
STOP_SECONDS = 5.0


class ModelLoadError(Exception):
    """A model cannot be loaded. The message is the last line of the traceback, which is in the log."""


class ModelWorker:
    """The process of one model. It answers one request at a time.

    Raises
    ------
    ModelLoadError
    """

    def __init__(self, load: Callable[[], Model], url: str) -> None:
        context = multiprocessing.get_context("forkserver")
        self.url = url
        self._lock = threading.Lock()
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(load, url, theirs), daemon=True)
        self._process.start()
        theirs.close()
        try:
            failure = self._connection.recv()
        except EOFError:
            failure = "the process of the model ended while it loaded"
        if failure:
            self.stop()
            raise ModelLoadError(failure)

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
        """The model's answer. Raises EOFError or OSError if its process has ended."""
        with self._lock:
            self._connection.send(request)
            return self._connection.recv()

    @property
    def memory(self) -> int:
        """The memory in bytes that unloading the model would free: the process's unshared memory."""
        try:
            process = psutil.Process(self._process.pid)
            return getattr(process.memory_full_info(), "uss", 0)
        except psutil.Error:
            return 0

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()


def work(load: Callable[[], Model], url: str, connection: Connection) -> None:
    """The main function of a worker: load the model in the directory ``url``, then answer requests until the connection closes."""
    os.environ["SM_MODEL_DIR"] = url
    if (code := Path(url, "code")).is_dir():
        os.environ["SAGEMAKER_SUBMIT_DIRECTORY"] = str(code)
    try:
        model = load()
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        connection.send(f"{type(error).__name__}: {error}")
        return
    connection.send("")
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        try:
            answer = model(request)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            answer = internal_error()
        sys.stdout.flush()
        connection.send(answer)


class MultiModelServer:
    """Answers the requests to a multi-model container.

    Parameters
    ----------
    load : callable
        Loads the model from the directory ``SM_MODEL_DIR``. It must be a function of a module, because workers import it. The module's
        ``PRELOAD`` names the modules to import before workers are forked.
    """

    def __init__(self, load: Callable[[], Model]) -> None:
        module = _module(load)
        self._load = getattr(module, load.__name__)
        multiprocessing.set_forkserver_preload([module.__name__, *getattr(module, "PRELOAD", ())])
        forkserver.ensure_running()  # it imports now, before the first request
        self._workers: dict[str, ModelWorker] = {}
        self._loading = threading.Lock()
        self._memory = int(os.environ.get(MEMORY, psutil.virtual_memory().total))
        self._pool = ThreadPoolExecutor(64, thread_name_prefix="model")

    async def respond(self, method: str, path: str, request: InferenceRequest) -> InferenceResponse:
        """The answer to a request for a model. 404 for an unknown path."""
        found = PATH.fullmatch(path)
        act = (
            {
                ("POST", False, False): self._post,
                ("GET", False, False): self._list,
                ("GET", True, False): self._get,
                ("DELETE", True, False): self._delete,
                ("POST", True, True): self._invoke,
            }.get((method, bool(found["name"]), bool(found["invoke"])))
            if found
            else None
        )
        if act is None:
            return as_json({"message": f"{method} {path} is not there"}, 404)
        return await asyncio.get_running_loop().run_in_executor(self._pool, act, found["name"], request)

    def _post(self, _: str | None, request: InferenceRequest) -> InferenceResponse:
        try:
            asked = json.loads(request.body)
            name, url = asked["model_name"], asked["url"]
        except (ValueError, TypeError, KeyError) as error:
            return as_json({"message": f"the body must be JSON with model_name and url: {error!r}"}, 400)
        with self._loading:
            if name in self._workers:
                return as_json({"message": f"model {name} is already registered."}, 409)
            try:
                worker = ModelWorker(self._load, url)
            except ModelLoadError as error:
                return as_json({"message": f"model {name} could not be loaded: {error}"}, 500)
            taken = worker.memory + sum(other.memory for other in list(self._workers.values()))
            if taken > self._memory:
                worker.stop()
                return as_json({"message": f"no memory for model {name}: {taken >> 20} MiB of {self._memory >> 20} MiB"}, 507)
            self._workers[name] = worker
        return as_json({"status": f"Model {name} loaded."})

    def _list(self, _: str | None, request: InferenceRequest) -> InferenceResponse:
        return as_json({"models": [described(name, worker) for name, worker in sorted(self._workers.items())]})

    def _get(self, name: str, request: InferenceRequest) -> InferenceResponse:
        worker = self._workers.get(name)
        return as_json([described(name, worker)]) if worker else not_loaded(name)

    def _delete(self, name: str, request: InferenceRequest) -> InferenceResponse:
        worker = self._workers.pop(name, None)
        if worker is None:
            return not_loaded(name)
        worker.stop()
        return as_json({"status": f"Model {name} unregistered."})

    def _invoke(self, name: str, request: InferenceRequest) -> InferenceResponse:
        worker = self._workers.get(name)
        if worker is None:
            return not_loaded(name)
        try:
            return worker(request)
        except (EOFError, OSError):
            self._restart(name, worker)
            return as_json({"message": f"the process of model {name} ended while it answered"}, 500)

    def _restart(self, name: str, ended: ModelWorker) -> None:
        """Start a new process for a model whose process died. If that fails, the model is unloaded."""
        with self._loading:
            if self._workers.get(name) is not ended:
                return  # another request has restarted it already
            del self._workers[name]
            ended.stop()
            with contextlib.suppress(ModelLoadError):
                self._workers[name] = ModelWorker(self._load, ended.url)


def described(name: str, worker: ModelWorker) -> dict:
    return {"modelName": name, "modelUrl": worker.url}


def not_loaded(name: str) -> InferenceResponse:
    return as_json({"message": f"Model {name} is not loaded."}, 404)


def _module(load: Callable) -> ModuleType:
    """The module of a function, imported under its own name even if it runs as ``__main__``.

    A worker would run ``__main__`` again. It does not if ``__main__`` has neither a spec nor a file.
    """
    main = sys.modules["__main__"]
    name = load.__module__ if load.__module__ != "__main__" else main.__spec__.name
    main.__spec__ = None
    main.__dict__.pop("__file__", None)
    return importlib.import_module(name)
