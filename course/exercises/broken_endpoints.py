"""m08_2_ex4: containers that serve a model wrong or not at all. Each has one fault out of six."""

from __future__ import annotations

import io
import random
import tarfile
from typing import Any

FAULTS = ("archive", "columns", "corrupt", "image", "program", "setting")
CASES = tuple(f"case-{number}" for number in range(1, 5))


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each case."""
    return dict(zip(CASES, rng.sample(FAULTS, len(CASES)), strict=True))


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
    for case, fault in planted(rng).items():
        key = f"{aws.prefix}/artifacts/{case}/model.tar.gz"
        s3.put_object(Bucket=aws.bucket, Key=key, Body=archive(fault, model, wide))
        found[case] = container(fault, aws.image("xgboost", "3.0-5"), aws.image("sklearn", "1.2-1"), f"s3://{aws.bucket}/{key}")
    return found


def container(fault: str, image: str, other_image: str, model_uri: str) -> dict:
    settings = {"SAGEMAKER_MODEL_SERVER_WORKERS": "auto" if fault == "setting" else "1"}
    if fault == "program":
        settings["SAGEMAKER_PROGRAM"] = "inference.py"
    return {"Image": other_image if fault == "image" else image, "ModelDataUrl": model_uri, "Environment": settings}


def archive(fault: str, model: bytes, wide: bytes) -> bytes:
    """``model.tar.gz`` with one file in it."""
    name = "model/xgboost-model" if fault == "archive" else "xgboost-model"
    body = {"columns": wide, "corrupt": b'{"classes": ["late", "on time"], "weights": [0.2, 0.8]}'}.get(fault, model)
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
