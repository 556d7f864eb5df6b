"""InvokeEndpoint through boto3 beside boto3 aimed straight at the model server; and eight threads at once."""

from __future__ import annotations

import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil
import xgboost

from benchmarks import world
from benchmarks.rows import Row, p50_in_turns
from course.localaws import server

ENDPOINT = "benchmarks"
THREADS, CALLS = 8, 5_000
REQUEST = {"EndpointName": ENDPOINT, "ContentType": "text/csv", "Body": "0.1,0.2,0.3"}


def measure() -> list[Row]:
    with server.temporary() as handle:
        client = world.client_of(handle)
        deploy(client)
        through, straight = client("sagemaker-runtime"), client("sagemaker-runtime")
        _aim(straight, server_port(handle.pid))
        ours, theirs = p50_in_turns(lambda: _invoke(through), lambda: _invoke(straight), calls=200)
        failed = _at_once(through)
    return [
        Row("InvokeEndpoint, p50", "ms", ours, theirs, "the model server", "difference", 1.5),
        Row(f"InvokeEndpoint, {CALLS:,} calls by {THREADS} threads", "errors", [failed], [0], "no error", "difference", 0),
    ]


def _invoke(runtime: Any) -> bytes:
    return runtime.invoke_endpoint(**REQUEST)["Body"].read()


def _at_once(runtime: Any) -> int:
    """How many of the calls failed, or got another answer than a single one gets."""
    expected = _invoke(runtime)

    def right(_: int) -> bool:
        try:
            return _invoke(runtime) == expected
        except Exception:  # whatever it is, it is what is counted
            return False

    with ThreadPoolExecutor(THREADS) as pool:
        return CALLS - sum(pool.map(right, range(CALLS)))


def deploy(client: world.Client) -> None:
    s3, sagemaker = client("s3"), client("sagemaker")
    s3.create_bucket(Bucket=world.BUCKET)
    s3.put_object(Bucket=world.BUCKET, Key="model.tar.gz", Body=_model())
    container = {"Image": world.XGBOOST, "ModelDataUrl": f"s3://{world.BUCKET}/model.tar.gz"}
    sagemaker.create_model(ModelName=ENDPOINT, ExecutionRoleArn=world.ROLE, PrimaryContainer=container)
    variant = {"VariantName": "AllTraffic", "ModelName": ENDPOINT, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    status = world.until(lambda: _settled(sagemaker), "the endpoint is in service")
    if status != "InService":
        raise RuntimeError(f"the endpoint is {status}")


def _settled(sagemaker: Any) -> str | None:
    status = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"]
    return None if status == "Creating" else status


def _model() -> bytes:
    rows = np.random.default_rng(3).random((100, 3))
    content = bytes(xgboost.train({"max_depth": 3}, xgboost.DMatrix(rows, label=rows.sum(axis=1)), 5).save_raw("ubj"))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        member = tarfile.TarInfo("xgboost-model")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def server_port(pid: int) -> int:
    """Where the one model server below the local AWS ``pid`` listens."""
    connections = [found for child in psutil.Process(pid).children(recursive=True) for found in child.net_connections("tcp")]
    [port] = {found.laddr.port for found in connections if found.status == psutil.CONN_LISTEN}
    return port


def _aim(runtime: Any, port: int) -> None:
    """Send what this client asks to a container's own door instead."""

    def turn(request: Any, **_: Any) -> None:
        request.url = f"http://127.0.0.1:{port}/invocations"

    runtime.meta.events.register("before-sign.sagemaker-runtime.InvokeEndpoint", turn)
