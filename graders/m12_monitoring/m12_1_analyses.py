"""Model Monitor's analyzer in Processing jobs of a check, on tables of its own, in a bucket that is deleted afterwards."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from course.cleanup import delete_bucket
from course.grading import Answer, DefinitionError
from course.grading.jobs import ended, log_streams, sagemaker_role

BASE = "/opt/ml/processing"
IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
TOGETHER = 3  # jobs at a time; an account has 4 instances for Processing jobs, and the learner may use one
CSV = {"csv": {"header": True}}

_BASELINES: dict[str, str] = {}  # by the hash of the table; a check is often repeated, and a guesser repeats it two hundred times
Files = Mapping[str, Any]  # the content of "constraints" and "statistics", or of one of them


class Analyses:
    """Runs analyses whose files are in one bucket.

    Parameters
    ----------
    answer : Answer
    bucket : str
        Name of an existing bucket.
    """

    def __init__(self, answer: Answer, bucket: str) -> None:
        self._answer, self.bucket = answer, bucket
        self._sagemaker, self._s3 = answer.client("sagemaker"), answer.client("s3")
        self._role = sagemaker_role(answer.client("iam"))
        self._number = 0

    def put(self, key: str, text: str) -> str:
        """Store a text, and return its address."""
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        return f"s3://{self.bucket}/{key}"

    def baseline(self, table: pd.DataFrame) -> dict[str, Any]:
        """The ``statistics`` and ``constraints`` that the analyzer suggests for a table. It is asked once for a table."""
        known = str(pd.util.hash_pandas_object(table).sum())
        if known not in _BASELINES:
            [place] = self._run([table], {})
            _BASELINES[known] = json.dumps({name: self._report(place, name) for name in ("statistics", "constraints")})
        return json.loads(_BASELINES[known])

    def violations(self, tables: Sequence[pd.DataFrame], baseline: Files) -> list[list[dict[str, str]]]:
        """The violations of each table; the tables are analyzed side by side.

        Raises
        ------
        AnalysisError
            The analyzer does not take the baseline. The text is the reason that the job gives.
        """
        return [self._report(place, "constraint_violations")["violations"] for place in self._run(tables, baseline)]

    def _run(self, tables: Sequence[pd.DataFrame], baseline: Files) -> list[str]:
        """Analyze tables, and return the prefixes of their reports."""
        files = f"baseline-{self._number}"
        for name, content in baseline.items():
            self.put(f"{files}/{name}.json", json.dumps(content))
        places: list[str] = []
        for first in range(0, len(tables), TOGETHER):
            jobs = [self._started(table, files, baseline) for table in tables[first : first + TOGETHER]]
            last = [ended(self._sagemaker, "processing", job) for job, _ in jobs]  # all, before one that failed is an error
            for (job, place), described in zip(jobs, last, strict=True):
                if described["ProcessingJobStatus"] != "Completed":
                    raise AnalysisError(described.get("ExitMessage") or described.get("FailureReason") or self._last_line(job))
                places.append(place)
        return places

    def _started(self, table: pd.DataFrame, files: str, baseline: Files) -> tuple[str, str]:
        self._number += 1
        job, place = f"{self.bucket}-{self._number}", f"analysis-{self._number}"
        data = self.put(f"{place}/data/flights.csv", table.to_csv(index=False)).rpartition("/")[0]
        inputs = {"data": data} | ({"baseline": f"s3://{self.bucket}/{files}"} if baseline else {})
        variables = {"dataset_format": json.dumps(CSV), "dataset_source": f"{BASE}/data", "output_path": f"{BASE}/reports"}
        variables |= {f"baseline_{name}": f"{BASE}/baseline/{name}.json" for name in baseline}
        output = {"S3Uri": f"s3://{self.bucket}/{place}/reports", "LocalPath": f"{BASE}/reports", "S3UploadMode": "EndOfJob"}
        self._sagemaker.create_processing_job(
            ProcessingJobName=job,
            RoleArn=self._role,
            AppSpecification={"ImageUri": IMAGE},
            Environment=variables,
            ProcessingInputs=[job_input(name, uri) for name, uri in inputs.items()],
            ProcessingOutputConfig={"Outputs": [{"OutputName": "reports", "S3Output": output}]},
            ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}},
        )
        return job, place

    def _report(self, place: str, name: str) -> Any:
        return report(self._s3, f"s3://{self.bucket}/{place}/reports", name)

    def _last_line(self, job: str) -> str:
        streams = log_streams(self._answer.client("logs"), "processing", job)
        return next((lines[-1] for lines in streams.values() if lines), f"the job {job} failed")


class AnalysisError(Exception):
    """The analyzer failed. The text is its reason."""


@contextlib.contextmanager
def analyses(answer: Answer, name: str) -> Iterator[Analyses]:
    """Analyses in a new bucket, which is deleted afterwards."""
    s3 = answer.client("s3")
    s3.create_bucket(Bucket=name)
    try:
        yield Analyses(answer, name)
    finally:
        delete_bucket(s3, name)


def report(s3: Any, folder: str, name: str) -> Any:
    """The content of a report below an address. Raises DefinitionError if there is none."""
    bucket, _, prefix = folder.removeprefix("s3://").rstrip("/").partition("/")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    key = next((each["Key"] for each in listed if each["Key"].endswith(f"/{name}.json")), None)
    if key is None:
        raise DefinitionError(f"the analyzer wrote no {name}.json below {folder}.")
    return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def job_input(name: str, uri: str) -> dict[str, Any]:
    """A ProcessingInput: what is stored below an address, at ``/opt/ml/processing/<name>``."""
    source = {"S3Uri": uri, "LocalPath": f"{BASE}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": source}
