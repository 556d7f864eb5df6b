"""m08_2_ex4: containers that serve a model wrong or not at all. Each has one fault out of six."""

from __future__ import annotations

import io
import random
import tarfile
from typing import Any

from course.exercises import pools

FAULTS = ("archive", "columns", "corrupt", "image", "program", "setting")
CASES = tuple(f"case-{number}" for number in range(1, 5))
POOL, TAKES = "broken_endpoints", (len(CASES),)


def containers(aws: Any, rng: random.Random, model_uri: str, wide_uri: str) -> dict[str, dict]:
    """A ``PrimaryContainer`` for each case; its model artifact is uploaded.

    Parameters
    ----------
    aws : CourseSession
        Of the lesson.
    rng : random.Random
        The learner's variant of the exercise.
    model_uri, wide_uri : str
        The artifacts of the model that should be served, and of one of more columns.
    """
    s3 = aws.client("s3")
    model, wide = _model_file(s3, model_uri), _model_file(s3, wide_uri)
    found = {}
    for case, made in zip(CASES, pools.drawn(rng, POOL, TAKES), strict=True):
        body = {"model": model, "wide": wide}.get(made["file"], made["file"].encode())
        key = f"{aws.prefix}/artifacts/{case}/model.tar.gz"
        s3.put_object(Bucket=aws.bucket, Key=key, Body=archive(made["name"], body))
        image = aws.image(*made["image"])
        found[case] = {"Image": image, "ModelDataUrl": f"s3://{aws.bucket}/{key}", "Environment": dict(made["environment"])}
    return found


def archive(name: str, body: bytes) -> bytes:
    """``model.tar.gz`` with one file in it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
    return packed.getvalue()


def _model_file(s3: Any, uri: str) -> bytes:
    """The one file of a training job's model artifact."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    packed = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        file = tar.extractfile(tar.getmembers()[0])
        assert file is not None
        return file.read()
