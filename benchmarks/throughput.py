"""Measures the throughput of an endpoint with metrics and data capture over 16 connections, against its bare model server and MLflow.

The first target, 40 % of the bare server's throughput, equals 2.5 times its time per request. `mlflow models serve` serves the same model
from its own environment, which is made during the benchmark.
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
            rows.append(Row(name, "ms", rows[0].measured, [0.0] * RUNS, why, "measured", 0.0))  # counts as missed
    return rows


def _in_turns(ours: Asked, theirs: Asked) -> tuple[list[float], list[float]]:
    pairs = [(milliseconds(ours, CONNECTIONS, REQUESTS), milliseconds(theirs, CONNECTIONS, REQUESTS)) for _ in range(RUNS)]
    return tuple(list(numbers) for numbers in zip(*pairs, strict=True))


def _signed(runtime: Any) -> Asked:
    """The request that boto3 sends; its signature is valid for 15 minutes."""
    sent: list[Asked] = []
    runtime.meta.events.register("before-send", lambda request, **_: sent.append(Asked.of(request)))
    runtime.invoke_endpoint(**hosted.REQUEST)["Body"].read()
    return sent[0]


@contextlib.contextmanager
def _mlflow(folder: Path) -> Iterator[Asked]:
    """Serve the model with MLflow. Raises PackageSetError when its environment cannot be made."""
    python = package_sets.clean(ENVIRONMENT, ["mlflow", "xgboost"])
    hosted.booster().save_model(folder / "model.ubj")
    subprocess.run([python, "-c", SAVE, folder / "model.ubj", folder / "model"], check=True, capture_output=True, cwd=folder)
    port = systems.free_port()
    # "local": this environment has the model's packages. By default, MLflow would make another one with conda or virtualenv.
    place = ["--env-manager", "local", "--model-uri", folder / "model", "--host", "127.0.0.1", "--port", str(port)]
    found = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    with systems.running([python, "-m", "mlflow", "models", "serve", *place], port, SERVE_SECONDS, cwd=folder, env=found):
        body = json.dumps({"inputs": [[float(number) for number in hosted.BODY.split(",")]]}).encode()
        yield Asked(f"http://127.0.0.1:{port}/invocations", {"Content-Type": "application/json"}, body)
