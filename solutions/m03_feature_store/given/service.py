"""The endpoint of late flights: deployed with data capture, asked in batches, and what it was asked."""

import io
import json
import tarfile
import threading
from typing import Any

import pandas as pd
from xgboost import XGBClassifier

BATCH = 500  # flights in a request
LOOK_EVERY = 0.2  # seconds
LONGEST = 900


def deploy(aws: Any, model: XGBClassifier) -> str:
    """Deploy a model with all its requests captured below ``captured/`` of the lesson's folder. Returns the endpoint's name."""
    sagemaker, name = aws.client("sagemaker"), aws.unique("late-flights")
    content, packed = bytes(model.get_booster().save_raw("ubj")), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("xgboost-model")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    key = f"{aws.prefix}/models/{name}/model.tar.gz"
    aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body=packed.getvalue())
    container = {"Image": aws.image("xgboost", "3.0-5"), "ModelDataUrl": f"s3://{aws.bucket}/{key}"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[{"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{aws.bucket}/{aws.prefix}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    return name


def ask(aws: Any, endpoint: str, rows: pd.DataFrame) -> list[float]:
    """The endpoint's score of each row. The columns of ``rows`` are those of the model, in their order."""
    runtime, scores = aws.client("sagemaker-runtime"), []
    for start in range(0, len(rows), BATCH):
        body = rows[start : start + BATCH].to_csv(header=False, index=False)
        said = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body, InferenceId=f"row-{start}")
        scores += [float(number) for number in said["Body"].read().decode().replace(",", " ").split()]
    return scores


def captured(aws: Any, endpoint: str, columns: list[str], count: int) -> pd.DataFrame:
    """The rows that the endpoint was asked about, in the order of their requests' ids, once there are ``count``.

    Raises
    ------
    TimeoutError
        When there are fewer after 15 minutes.
    """
    s3 = aws.client("s3")
    for _ in range(int(LONGEST / LOOK_EVERY)):
        lines = []
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=aws.bucket, Prefix=f"{aws.prefix}/captured/{endpoint}/"):
            for entry in page.get("Contents", []):
                lines += s3.get_object(Bucket=aws.bucket, Key=entry["Key"])["Body"].read().decode().splitlines()
        records = sorted((json.loads(line) for line in lines), key=lambda one: int(one["eventMetadata"]["inferenceId"].rpartition("-")[2]))
        text = "".join(record["captureData"]["endpointInput"]["data"] for record in records)
        if text.count("\n") >= count:
            return pd.read_csv(io.StringIO(text), header=None, names=columns)
        threading.Event().wait(LOOK_EVERY)
    raise TimeoutError(f"data capture of {endpoint} has {text.count(chr(10))} rows after 15 minutes, expected {count}.")
