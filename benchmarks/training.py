"""Measures a training job on 40,000 flights, from CreateTrainingJob to ``Completed``, against `xgboost.train` alone in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course import datasets
from course.localaws.server import launch

RUNS = 5
FLIGHTS = 40_000
ROUNDS = 50
FEATURES = ["month", "day", "sched_dep_time", "dep_delay", "distance", "hour", "air_time"]
# Prints the seconds of the training alone: importing XGBoost and reading the data count as overhead of the job.
BARE = f"""
import sys, time
import numpy, xgboost
table = numpy.loadtxt(sys.argv[1], delimiter=",")
data = xgboost.DMatrix(table[:, 1:], label=table[:, 0])
began = time.perf_counter()
xgboost.train({{"objective": "binary:logistic"}}, data, {ROUNDS})
print(time.perf_counter() - began)
"""


def measure() -> list[Row]:
    with launch.temporary() as handle, systems.folder() as place:
        client = systems.client_of(handle)
        table = place / "flights.csv"
        _write(table)
        s3, sagemaker = client("s3"), client("sagemaker")
        s3.create_bucket(Bucket=systems.BUCKET)
        s3.upload_file(str(table), systems.BUCKET, "flights/train.csv")
        hyperparameters = {"num_round": str(ROUNDS), "objective": "binary:logistic"}

        def job(name: str) -> None:
            sagemaker.create_training_job(**systems.training_request(name, hyperparameters, f"s3://{systems.BUCKET}/flights/"))
            systems.trained(sagemaker, name)

        job("warm-up")
        pairs = [(seconds(lambda run=run: job(f"flights-{run}")), _bare(table)) for run in range(RUNS)]
    ours, theirs = (list(numbers) for numbers in zip(*pairs, strict=True))
    return [Row("a training job on 40,000 flights", "s", ours, theirs, "xgboost.train alone", "difference", 2.0)]


def _write(table: Path) -> None:
    """Write the flights as the built-in algorithm expects them: the label first, no header."""
    flights = datasets.load("flights", ["arr_delay", *FEATURES]).dropna().head(FLIGHTS)
    flights.insert(0, "late", (flights.pop("arr_delay") > 15).astype(int))
    flights.to_csv(table, header=False, index=False)


def _bare(table: Path) -> float:
    run = subprocess.run([sys.executable, "-c", BARE, str(table)], capture_output=True, text=True, check=True, timeout=120)
    return float(run.stdout)
