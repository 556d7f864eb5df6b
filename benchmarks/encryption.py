"""Measures what KMS keys add: to S3's put and get of 1 MiB, to a query over Parquet files, and to a FastFile channel."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import systems
from benchmarks.rows import Row, p50_in_turns, seconds
from course.localaws.server import launch

BODY = np.random.default_rng(0).bytes(1 << 20)
RUNS = 5
FILES, ROWS = 20, 400_000  # of the table: 3.2 MB each
CHANNEL = 100 << 20  # bytes of the only file
TRAIN = ["python3", "-c", "import os; os.stat('/opt/ml/input/data/train/large.bin'); open('/opt/ml/model/m', 'w').close()"]
PLACES = ("plain", "sealed")


def measure() -> list[Row]:
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        client("s3").create_bucket(Bucket=systems.BUCKET)
        key = _key(client("kms"))
        return [*_objects(client("s3"), key), _query(client, key), _channel(client, key)]


def _key(kms: Any) -> str:
    """A key that the role of the jobs may use."""
    made = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_grant(KeyId=made, GranteePrincipal=systems.ROLE, Operations=["Decrypt", "GenerateDataKey"])
    return made


def _under(place: str, key: str) -> dict:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if place == "sealed" else {}


def _objects(s3: Any, key: str) -> list[Row]:
    def put(place: str) -> None:
        s3.put_object(Bucket=systems.BUCKET, Key=place, Body=BODY, **_under(place, key))

    def get(place: str) -> None:
        s3.get_object(Bucket=systems.BUCKET, Key=place)["Body"].read()

    rows = []
    for name, ask in (("PutObject", put), ("GetObject", get)):
        plain, sealed = (systems.sent(lambda _, ask=ask, place=place: ask(place), s3) for place in PLACES)
        rows.append(Row(f"{name} of 1 MiB under a KMS key, p50", "ms", *p50_in_turns(sealed, plain), "AES256", "ratio", 2.0))
    return rows


def _query(client: systems.Client, key: str) -> Row:
    athena, s3 = client("athena"), client("s3")
    for place in PLACES:
        for number in range(FILES):
            sink = io.BytesIO()
            values = np.random.default_rng(number).normal(size=ROWS)
            pq.write_table(pa.table({"v": values}), sink, compression="none")
            s3.put_object(Bucket=systems.BUCKET, Key=f"{place}/{number}.parquet", Body=sink.getvalue(), **_under(place, key))
        _run(athena, f"CREATE EXTERNAL TABLE {place} (v double) STORED AS PARQUET LOCATION 's3://{systems.BUCKET}/{place}/'")
        _run(athena, f"SELECT sum(v) FROM {place}")
    pairs = [[seconds(lambda place=place: _run(athena, f"SELECT sum(v) FROM {place}")) for place in PLACES] for _ in range(RUNS)]
    plain, sealed = (list(numbers) for numbers in zip(*pairs, strict=True))
    return Row(f"a query of {FILES} Parquet files under a KMS key", "s", sealed, plain, "AES256", "ratio", 2.0)


def _run(athena: Any, sql: str) -> None:
    results = {"OutputLocation": f"s3://{systems.BUCKET}/results/"}
    query = athena.start_query_execution(QueryString=sql, ResultConfiguration=results)["QueryExecutionId"]
    end = time.monotonic() + systems.LIMIT_SECONDS
    while (found := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"])["State"] not in ("SUCCEEDED", "FAILED"):
        if time.monotonic() > end:
            raise TimeoutError(sql)
        time.sleep(0.005)
    if found["State"] == "FAILED":
        raise RuntimeError(found["StateChangeReason"])


def _channel(client: systems.Client, key: str) -> Row:
    s3, sagemaker = client("s3"), client("sagemaker")
    for place in PLACES:
        s3.put_object(Bucket=systems.BUCKET, Key=f"channel-{place}/large.bin", Body=bytes(CHANNEL), **_under(place, key))

    def job(place: str, run: int) -> None:
        name = f"{place}-{run}"
        request = systems.training_request(name, {}, f"s3://{systems.BUCKET}/channel-{place}/")
        request["AlgorithmSpecification"] |= {"TrainingInputMode": "FastFile", "ContainerEntrypoint": TRAIN}
        sagemaker.create_training_job(**request)
        systems.trained(sagemaker, name)

    job("plain", -1)
    pairs = [[seconds(lambda place=place, run=run: job(place, run)) for place in PLACES] for run in range(RUNS)]
    plain, sealed = (list(numbers) for numbers in zip(*pairs, strict=True))
    return Row("a job with 100 MiB by FastFile under a KMS key", "s", sealed, plain, "AES256", "difference", 1.0)
