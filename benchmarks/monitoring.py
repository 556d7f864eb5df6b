"""Measures Model Monitor's analyzer on 1,000,000 rows of 20 columns, beside a bare computation of the same statistics, and its memory.

Both run as a program of their own: the analyzer's image, and a script that reads the file by pyarrow in parts, as the analyzer does. Its
NumPy computes counts, means, deviations, extremes and deciles (of all values at the end), and its pyarrow the counts of texts.

A baseline job on a year of flights, from CreateProcessingJob to ``Completed``, is measured beside the same program without a job.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course import datasets
from course.localaws.server import launch

RUNS = 3
SHARE = 1.5  # of the time without a job
ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
DATA, REPORTS = "/opt/ml/processing/input/data", "/opt/ml/processing/output"
FORMAT = json.dumps({"csv": {"header": True}})
ROWS, FEW = 1_000_000, 100_000
MB = 1_000_000
BARE = """
import sys
import numpy as np, pyarrow as pa, pyarrow.compute as pc
from pyarrow import csv
numbers, texts, missing = {}, {}, {}
for batch in csv.open_csv(sys.argv[1], csv.ReadOptions(block_size=8 << 20)):
    for name, column in zip(batch.schema.names, batch.columns):
        missing[name] = missing.get(name, 0) + column.null_count
        if pa.types.is_string(column.type):
            for each in pc.value_counts(column).to_pylist():
                texts.setdefault(name, {})[each["values"]] = texts.get(name, {}).get(each["values"], 0) + each["counts"]
        else:
            numbers.setdefault(name, []).append(column.drop_null().to_numpy(zero_copy_only=False).astype(float))
for name, parts in numbers.items():
    values = np.concatenate(parts)
    print(name, len(values), values.mean(), values.std(), values.min(), values.max(), np.quantile(values, np.linspace(0, 1, 11)))
"""


def measure() -> list[Row]:
    with systems.folder() as place:
        data = _written(place / "data" / "rows.csv", ROWS)
        few = _written(place / "few" / "rows.csv", FEW)
        pairs = [(seconds(lambda: _analyze(data.parent, place)), seconds(lambda: _bare(data))) for _ in range(RUNS)]
        memory = [_peak(data.parent, place) - _peak(few.parent, place)]
    ours, theirs = (list(numbers) for numbers in zip(*pairs, strict=True))
    return [
        Row("analyzing 1,000,000 rows of 20 columns", "s", ours, theirs, "pyarrow and NumPy", "ratio", 4.0),
        Row("the analyzer's memory at 1,000,000 rows", "MB", memory, [0.0], "at 100,000 rows", "difference", 100.0),
        _baseline_job(),
    ]


def _baseline_job() -> Row:
    with launch.temporary() as handle, systems.folder() as place:
        data = place / "data" / "flights.csv"
        data.parent.mkdir()
        csv.write_csv(pa.Table.from_pandas(datasets.load("flights")), data)
        client = systems.client_of(handle)
        client("s3").create_bucket(Bucket=systems.BUCKET)
        client("s3").upload_file(str(data), systems.BUCKET, "flights/flights.csv")
        _job(client, "warm-up")
        pairs = [
            (seconds(lambda run=run: _job(client, f"flights-{run}")), SHARE * seconds(lambda: _analyze(data.parent, place)))
            for run in range(RUNS)
        ]
    ours, theirs = (list(numbers) for numbers in zip(*pairs, strict=True))
    return Row("a baseline job on 336,776 flights", "s", ours, theirs, f"{SHARE:g} × the analyzer without a job", "difference", 2.0)


def _job(client: systems.Client, name: str) -> None:
    """Run a job that makes a baseline of the flights, as the SDK's ``suggest_baseline`` does."""
    sagemaker = client("sagemaker")
    source, result = f"s3://{systems.BUCKET}/flights/", f"s3://{systems.BUCKET}/{name}/"
    sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=systems.ROLE,
        AppSpecification={"ImageUri": ANALYZER},
        Environment={"dataset_format": FORMAT, "dataset_source": DATA, "output_path": REPORTS},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}},
        ProcessingInputs=[
            {"InputName": "data", "S3Input": {"S3Uri": source, "LocalPath": DATA, "S3DataType": "S3Prefix", "S3InputMode": "File"}}
        ],
        ProcessingOutputConfig={
            "Outputs": [{"OutputName": "result", "S3Output": {"S3Uri": result, "LocalPath": REPORTS, "S3UploadMode": "EndOfJob"}}]
        },
    )

    def ended() -> dict | None:
        described = sagemaker.describe_processing_job(ProcessingJobName=name)
        return described if described["ProcessingJobStatus"] in ("Completed", "Failed", "Stopped") else None

    if (job := systems.until(ended, f"{name} has ended"))["ProcessingJobStatus"] != "Completed":
        raise RuntimeError(f"{name}: {job.get('ExitMessage') or job.get('FailureReason')}")


def _written(path: Path, rows: int) -> Path:
    random = np.random.default_rng(0)
    columns = {f"fraction{number}": random.normal(size=rows).round(6) for number in range(10)}
    columns |= {f"whole{number}": random.integers(0, 10 ** (number + 1), rows) for number in range(6)}
    columns |= {f"text{number}": np.array(["UA", "DL", "B6", "AA"])[random.integers(0, 4, rows)] for number in range(4)}
    path.parent.mkdir()
    csv.write_csv(pa.table(columns), path)
    return path


def _environment(data: Path, place: Path) -> dict[str, str]:
    settings = {"dataset_format": FORMAT, "dataset_source": str(data), "output_path": str(place / "reports")}
    return os.environ | settings | {"SAGEMAKER_BASE_DIR": str(place / "ml")}


def _analyze(data: Path, place: Path) -> None:
    command = [sys.executable, "-m", "course.localaws.images.model_monitor.analyze"]
    subprocess.run(command, env=_environment(data, place), check=True, stdout=subprocess.DEVNULL)


def _peak(data: Path, place: Path) -> float:
    """The largest memory of an analysis, in MB. A process of its own asks for that of its only child."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    command = [sys.executable, "-c", code, sys.executable, "-m", "course.localaws.images.model_monitor.analyze"]
    found = subprocess.run(command, env=_environment(data, place), check=True, capture_output=True, text=True).stdout
    return int(found) * 1024 / MB if sys.platform == "linux" else int(found) / MB


def _bare(data: Path) -> None:
    subprocess.run([sys.executable, "-c", BARE, str(data)], check=True, stdout=subprocess.DEVNULL)
