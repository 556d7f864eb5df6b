"""The model of late flights as a service: its endpoint with data capture, travellers that ask, and the labels that come later."""

import io
import json
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from xgboost import XGBClassifier

AT_ONCE = 8  # requests
LOOK_EVERY, LONGEST = 0.1, 600  # seconds


def deploy(aws: Any, model: XGBClassifier, stem: str = "late-flights") -> str:
    """Deploy a model whose requests and answers are captured below ``captured/`` of the lesson's folder.

    Returns the endpoint's name, which begins with ``stem``.
    """
    sagemaker, name = aws.client("sagemaker"), aws.unique(stem)
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
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    return name


def ask(aws: Any, endpoint: str, flights: pd.DataFrame, columns: list[str], day: str) -> pd.DataFrame:
    """Ask an endpoint about flights, each in a request with an inference id of its own. Returns ``inference_id``, ``flight`` and ``late``."""
    runtime = aws.client("sagemaker-runtime")
    ids = [f"{day}-{number:04d}" for number in range(len(flights))]
    bodies = flights[columns].to_csv(header=False, index=False).splitlines()

    def invoke(identity: str, body: str) -> None:
        runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body, InferenceId=identity)["Body"].read()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(invoke, ids, bodies))
    return pd.DataFrame({"inference_id": ids, "flight": flights.flight.to_numpy(), "late": flights.late.to_numpy()})


def first_captured(aws: Any, endpoint: str) -> tuple[str, str]:
    """The first file of an endpoint's captured requests, once it is there: its key in the lesson's folder, and its first line.

    Raises
    ------
    TimeoutError
        When that takes more than 10 minutes.
    """
    s3, folder = aws.client("s3"), f"{aws.prefix}/"
    for _ in range(int(LONGEST / LOOK_EVERY)):
        found = s3.list_objects_v2(Bucket=aws.bucket, Prefix=f"{folder}captured/{endpoint}/")
        if keys := [each["Key"] for each in found.get("Contents", [])]:
            text = s3.get_object(Bucket=aws.bucket, Key=keys[0])["Body"].read().decode()
            return keys[0].removeprefix(folder), text.splitlines()[0]
        time.sleep(LOOK_EVERY)
    raise TimeoutError(f"the endpoint {endpoint} has no file of captured requests.")


def now(aws: Any) -> datetime:
    """The time of AWS's clock. That of the local AWS may be ahead."""
    return datetime.fromtimestamp(aws.local.advance(0), UTC) if aws.local else datetime.now(UTC)


def label(identity: str, outcome: str) -> str:
    """A line of a ground truth file."""
    truth = {"groundTruthData": {"data": outcome, "encoding": "CSV"}}
    return json.dumps({**truth, "eventMetadata": {"eventId": identity}, "eventVersion": "0"})


def put_labels(aws: Any, ids: pd.Series, outcomes: pd.Series, folder: str = "labels") -> None:
    """Store the labels of a day, all of which are known now, in the folder of this hour."""
    lines = [label(identity, str(outcome)) for identity, outcome in zip(ids, outcomes, strict=True)]
    key = f"{aws.prefix}/{folder}/{now(aws):%Y/%m/%d/%H}/{ids.iloc[0]}.jsonl"
    aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body="\n".join(lines).encode())
