"""The endpoint that benchmarks call: a small XGBoost model on one instance, with metrics and, if requested, data capture."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import numpy as np
import psutil
import xgboost

from benchmarks import systems

ENDPOINT = "benchmarks"
BODY = "0.1,0.2,0.3"
REQUEST = {"EndpointName": ENDPOINT, "ContentType": "text/csv", "Body": BODY}


def deploy(client: systems.Client, **config: Any) -> None:
    """Create the endpoint; ``config`` holds further members of its configuration."""
    s3, sagemaker = client("s3"), client("sagemaker")
    s3.create_bucket(Bucket=systems.BUCKET)
    s3.put_object(Bucket=systems.BUCKET, Key="model.tar.gz", Body=archive(booster()))
    container = {"Image": systems.XGBOOST, "ModelDataUrl": f"s3://{systems.BUCKET}/model.tar.gz"}
    sagemaker.create_model(ModelName=ENDPOINT, ExecutionRoleArn=systems.ROLE, PrimaryContainer=container)
    configure(sagemaker, ENDPOINT, **config)
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    in_service(sagemaker)


def configure(sagemaker: Any, name: str, **config: Any) -> None:
    variant = {"VariantName": "AllTraffic", "ModelName": ENDPOINT, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **config)


def in_service(sagemaker: Any) -> None:
    """Wait until the endpoint is neither creating nor updating. Raises RuntimeError when it is not in service then."""
    status = systems.until(lambda: _settled(sagemaker), "the endpoint is in service")
    if status != "InService":
        raise RuntimeError(f"the endpoint is {status}")


def _settled(sagemaker: Any) -> str | None:
    status = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"]
    return None if status in ("Creating", "Updating") else status


def invoke(runtime: Any) -> bytes:
    return runtime.invoke_endpoint(**REQUEST)["Body"].read()


def right(runtime: Any, expected: bytes) -> bool:
    """Whether a call gets the expected response."""
    try:
        return invoke(runtime) == expected
    except Exception:  # any failure counts
        return False


def booster() -> xgboost.Booster:
    rows = np.random.default_rng(3).random((100, 3))
    return xgboost.train({"max_depth": 3}, xgboost.DMatrix(rows, label=rows.sum(axis=1)), 5)


def archive(model: xgboost.Booster) -> bytes:
    """The model as ``model.tar.gz``."""
    content, stream = bytes(model.save_raw("ubj")), io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        member = tarfile.TarInfo("xgboost-model")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def server_port(pid: int) -> int:
    """The port of the only model server among the descendants of the local AWS ``pid``."""
    connections = [found for child in psutil.Process(pid).children(recursive=True) for found in child.net_connections("tcp")]
    [port] = {found.laddr.port for found in connections if found.status == psutil.CONN_LISTEN}
    return port
