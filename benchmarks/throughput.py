"""How many requests an endpoint with metrics and data capture answers over 16 connections: beside its bare model server, and beside MLflow.

The target of the first, 40 % of the bare server's throughput, is one of 2.5 times its time a request. `mlflow models serve` serves the
same model, from an environment of its own that is made now.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import hosted, systems
from benchmarks.load import Asked, milliseconds
from benchmarks.rows import Row
from course.localaws.server import launch
from course.regression import package_sets

CONNECTIONS, REQUESTS, RUNS = 16, 2_000, 5
ENVIRONMENT = Path("build/benchmarks/mlflow")
SERVE_SECONDS = 120.0
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": f"s3://{systems.BUCKET}/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
SAVE = """
import sys, mlflow.xgboost, xgboost
model = xgboost.Booster()
model.load_model(sys.argv[1])
mlflow.xgboost.save_model(model, sys.argv[2])
"""


def measure() -> list[Row]:
    name = f"InvokeEndpoint, {CONNECTIONS} connections, time a request"
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        hosted.deploy(client, DataCaptureConfig=CAPTURE)
        ours = _signed(client("sagemaker-runtime"))
        bare = Asked(f"http://127.0.0.1:{hosted.server_port(handle.pid)}/invocations", {"Content-Type": "text/csv"}, hosted.BODY.encode())
        rows = [Row(name, "ms", *_in_turns(ours, bare), "the bare model server", "ratio", 2.5)]
        try:
            with systems.folder() as folder, _mlflow(folder) as theirs:
                rows.append(Row(name, "ms", *_in_turns(ours, theirs), "mlflow models serve", "ratio", 2.0))
        except package_sets.PackageSetError as error:
            why = f"nothing: MLflow's environment cannot be made here ({str(error).splitlines()[-1][:100]})"
            rows.append(Row(name, "ms", rows[0].measured, [0.0] * RUNS, why, "measured", 0.0))  # missed: nothing is shown
    return rows


def _in_turns(ours: Asked, theirs: Asked) -> tuple[list[float], list[float]]:
    pairs = [(milliseconds(ours, CONNECTIONS, REQUESTS), milliseconds(theirs, CONNECTIONS, REQUESTS)) for _ in range(RUNS)]
    return tuple(list(numbers) for numbers in zip(*pairs, strict=True))


def _signed(runtime: Any) -> Asked:
    """The request that boto3 sends; its signature holds for a quarter of an hour."""
    sent: list[Asked] = []
    runtime.meta.events.register("before-send", lambda request, **_: sent.append(Asked.of(request)))
    runtime.invoke_endpoint(**hosted.REQUEST)["Body"].read()
    return sent[0]


@contextlib.contextmanager
def _mlflow(folder: Path) -> Iterator[Asked]:
    """MLflow's server of the model. Raises MixError when its environment cannot be made."""
    python = package_sets.clean(ENVIRONMENT, ["mlflow", "xgboost"])
    hosted.booster().save_model(folder / "model.ubj")
    subprocess.run([python, "-c", SAVE, folder / "model.ubj", folder / "model"], check=True, capture_output=True, cwd=folder)
    port = systems.free_port()
    # In this environment, which has the model's packages: by itself it would make another one, by conda or virtualenv.
    place = ["--env-manager", "local", "--model-uri", folder / "model", "--host", "127.0.0.1", "--port", str(port)]
    found = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    with systems.running([python, "-m", "mlflow", "models", "serve", *place], port, SERVE_SECONDS, cwd=folder, env=found):
        body = json.dumps({"inputs": [[float(number) for number in hosted.BODY.split(",")]]}).encode()
        yield Asked(f"http://127.0.0.1:{port}/invocations", {"Content-Type": "application/json"}, body)
