# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m09_1."""

from __future__ import annotations

import contextlib
import io
import random
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.exercises import bad_nights
from course.grading import Answer, Report
from course.grading.citing import cites
from course.grading.jobs import sagemaker_role

from .m09_1 import ex1, ex2, ex3, ex4, newest_endpoint
from .m09_1_batch import judge_rows, put_rows, run
from .m09_1_cases import COLUMNS, SLOW, files, flight, line, questions
from .m09_1_faults_hidden import planted
from .m09_1_hours_hidden import hours
from .m09_1_nights import Nights, check_form
from .m09_1_queue import judge_results, queue
from .m09_1_serve import judge

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
TREES_OF_A_SLOW_MODEL, TREES = 300, 40  # one takes a while for the last question
ROWS_OF_A_MB = 20_000  # rows of which the eight columns alone are more than 1 MB: what is sent counts, not what lies in the file
# By loud or queued cause: words that only it leaves.
SIGNS = {
    "columns": ("'flight-", "'late-added-"),
    "gzip": ("codec can't decode",),
    "header": ("'weekday'",),
    "payload": ("Too much data for max payload size",),
    "key": ("Failed to download the input", "No S3 objects found"),
    "type": ("application/json is not an accepted ContentType",),
}
ARCHIVE = "model/model.tar.gz"
COMMON = 5  # letters that the cited words and a sign have in common at least


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    with _model(answer) as model:
        row = flight(answer.rng)
        [wanted] = model.answers([row])
        judge(answer, report, f"s3://{model.bucket}/{ARCHIVE}", hours(answer.rng), line(row), wanted)


@dataclass(frozen=True)
class Model:
    """A model of the grader's own: its name, a bucket, the role, and what it answers to lines of CSV."""

    name: str
    bucket: str
    answers: Any


@contextlib.contextmanager
def _model(answer: Answer, trees: int = TREES) -> Iterator[Model]:
    """All that it made is gone when it is left."""
    s3, sagemaker, name = answer.client("s3"), answer.client("sagemaker"), f"graded-m09-1-{answer.token()}"
    role = sagemaker_role(answer.client("iam"))
    packed, answers = _artifact(answer.rng, trees)
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key=ARCHIVE, Body=packed)
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/{ARCHIVE}"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    try:
        yield Model(name, name, answers)
    finally:
        sagemaker.delete_model(ModelName=name)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=name, Key=item["Key"])
        s3.delete_bucket(Bucket=name)


def _artifact(rng: random.Random, trees: int) -> tuple[bytes, Any]:
    """``model.tar.gz`` of a model to which each of the eight columns matters, and a function from rows to its answers."""
    import numpy as np
    import xgboost

    rows = np.array([[np.nan if value is None else value for value in flight(rng)] for _ in range(600)])
    weights = np.array([rng.choice([-1, 1]) * rng.uniform(0.8, 1.2) for _ in COLUMNS])
    scaled = np.nan_to_num((rows - np.nanmean(rows, axis=0)) / (np.nanstd(rows, axis=0) + 1e-9))
    late = (scaled @ weights > rng.uniform(-0.3, 0.3)).astype(float)
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "nthread": 1, "seed": rng.randint(0, 10**6)}
    booster = xgboost.train(settings, xgboost.DMatrix(rows, label=late), num_boost_round=trees)

    def answers(rows: list[list]) -> list[float]:
        return booster.predict(xgboost.DMatrix(np.array([[np.nan if value is None else value for value in row] for row in rows]))).tolist()

    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=packed, mode="w:gz") as archive:
        path = Path(folder) / "model.json"
        booster.save_model(path)
        archive.add(path, arcname="xgboost-model")
    return packed.getvalue(), answers


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    name = f"graded-m09-1-{answer.token()}"
    bodies, readable = questions(answer.rng, SLOW)
    with (
        _model(answer, TREES_OF_A_SLOW_MODEL) as model,
        queue(answer, name, model.name, f"s3://{model.bucket}"),
    ):
        report.doing("sends unseen questions to an endpoint of another model")
        judge_results(answer, report, name, bodies, readable)


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    with _model(answer) as model:
        told, wanted = [], []
        for number, (rows, packed) in enumerate(((ROWS_OF_A_MB, False), (answer.rng.randint(200, 900), True))):
            names, id_name, table = files(answer.rng, rows, together=packed)
            place = f"s3://{model.bucket}/{number}"
            told.append({"uri": f"{place}/in/", "columns": names, "id": id_name, "gzip": packed, "model": model.name})
            told[-1] |= {"payload_mb": 1 if rows == ROWS_OF_A_MB else answer.rng.randint(2, 9), "target": f"{place}/out/"}
            wanted.append(_store(answer, model, f"{number}/in", names, id_name, table, packed))
        report.doing("runs two transform jobs from your requests for unseen files")
        for done in run(answer, report, told):
            judge_rows(report, done, wanted[told.index(done.files)])


def _store(answer: Answer, model: Model, key: str, names: list[str], id_name: str, table: list[list], packed: bool) -> dict[str, float]:
    """Put a table into S3, as two files; the answer that each id should get."""
    for number, part in enumerate((table[:-50], table[-50:])):
        put_rows(answer.client("s3"), model.bucket, f"{key}/part-{number}.csv", part, packed)
    places = [names.index(name) for name in COLUMNS]
    said = model.answers([[row[place] for place in places] for row in table])
    return dict(zip((row[names.index(id_name)] for row in table), said, strict=True))


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    if not check_form(answer, report):
        return
    causes, diagnoses = planted(answer.variant()), answer.value("diagnoses")
    named = [diagnoses[night]["cause"] == cause for night, cause in causes.items()]
    report.part("cause", sum(named) / 5, f"{sum(named)} of 5 causes are right. What is in no other night's log, failure or lines?")
    report.doing("compares the lines of your jobs with those of a sound one")
    nights = Nights(answer, newest_endpoint(answer, "planners"))
    nights.run_sound()
    shown = [_shows(nights, night, diagnoses[night]["evidence"], cause) for night, cause in causes.items()]
    said = f"{sum(shown)} of 5 times what you cite shows the fault. Of the others: do all jobs say so, or is that flight's line all right?"
    report.part("evidence", sum(shown) / 5, said)


def _shows(nights: Nights, night: str, cited: str, cause: str) -> bool:
    """Whether the cited flight's line is wrong, or the cited words name the fault, and no other kind of line holds them."""
    if cause in bad_nights.SILENT:
        return nights.is_odd(night, cited)
    return names_fault(cited, nights.logs[night], SIGNS[cause])


def names_fault(cited: str, lines: list[str], signs: tuple[str, ...]) -> bool:
    """Whether cited words have letters in common with a sign where they stand, and stand in no line without a sign."""
    words = cited.strip()
    others = [line for line in lines if not any(sign in line for sign in signs)]
    common = max((_common(line, words, sign) for line in lines for sign in signs), default=0)
    return common >= COMMON and not cites(words, others)


def _common(line: str, words: str, sign: str) -> int:
    """How many letters of a line belong to the first occurrence of both."""
    first, second = line.find(words), line.find(sign)
    return min(first + len(words), second + len(sign)) - max(first, second) if min(first, second) >= 0 else 0
