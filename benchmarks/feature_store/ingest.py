"""``FeatureGroup.ingest`` of the SageMaker SDK v2, in a clean environment, against two endpoints in turns."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from course.regression import package_sets

PACKAGES = ["sagemaker==2.257.7", "pandas<3", "setuptools<81"]
ENVIRONMENT = Path("build/benchmarks/sagemaker-v2")
# Arguments: group, runs, rows, threads, our endpoint, their endpoint. Prints the milliseconds a row of each run, first ours, then theirs.
PROGRAM = """
import json, logging, os, sys, time
import boto3, pandas as pd
from sagemaker import Session
from sagemaker.feature_store.feature_group import FeatureGroup

logging.disable(logging.INFO)
group, runs, rows, threads = sys.argv[1], *map(int, sys.argv[2:5])
session = Session(boto3.Session(), default_bucket="benchmarks")

def ingest(endpoint, first):
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    session.sagemaker_featurestore_runtime_client = boto3.client("sagemaker-featurestore-runtime")
    frame = pd.DataFrame({"id": [str(number) for number in range(first, first + rows)], "t": 1372939200.0})
    for number in range(8):
        frame[f"f{number}"] = frame.index / 2
    target = FeatureGroup(name=group, sagemaker_session=session)
    target.load_feature_definitions(frame)
    began = time.perf_counter()
    target.ingest(frame, max_workers=threads, wait=True)
    return (time.perf_counter() - began) * 1000 / rows

ingest(sys.argv[6], 0), ingest(sys.argv[5], 10**9)  # the first calls load what the later ones use
found = [], []
for run in range(runs):
    for endpoint, times in zip(sys.argv[5:7], found):
        times.append(ingest(endpoint, run * rows))
print(json.dumps(found))
"""


def milliseconds(
    group: str, ours: str, theirs: str, environment: Mapping[str, str], runs: int, rows: int, threads: int
) -> tuple[list[float], list[float]]:
    """The milliseconds a row of each run, for the endpoints ``ours`` and ``theirs``.

    Parameters
    ----------
    group : str
        A feature group with the features ``id`` (String), ``t`` and ``f0`` to ``f7`` (Fractional), in ``ours``.
    environment : mapping
        The variables with the keys of ``ours``.

    Raises
    ------
    PackageSetError
        The SDK's environment cannot be made.
    """
    python = package_sets.clean(ENVIRONMENT, PACKAGES)
    arguments = [group, str(runs), str(rows), str(threads), ours, theirs]
    done = subprocess.run([python, "-c", PROGRAM, *arguments], env=dict(environment), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the SDK's program failed: {done.stderr[-1000:]}")
    return tuple(json.loads(done.stdout.splitlines()[-1]))
