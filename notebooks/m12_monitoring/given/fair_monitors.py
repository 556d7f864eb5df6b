"""What m12_3 runs on SageMaker: applications that ask an endpoint, and Clarify's jobs."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

import pandas as pd

from .quality_monitors import executions
from .quality_traffic import label, now

AT_ONCE = 8  # requests
MISSING = (
    "Clarify's libraries are not installed here, so that the cells that run Clarify are left out. `make extra-clarify`, in a terminal of the "
    "course's folder, adds them; then restart the kernel. All exercises work without them."
)


def clarify_here(aws: Any) -> bool:
    """Whether Clarify's jobs can run; on AWS they can. If not, it is printed what to do."""
    there = not aws.local or all(map(find_spec, ("smclarify", "shap")))
    if not there:
        print(MISSING)
    return there


def decided(aws: Any, endpoint: str, applications: pd.DataFrame, columns: list[str], month: str) -> list[float]:
    """Ask the endpoint about each application, label each request with ``denied``, and let a day pass. Returns the scores.

    The labels are in the folder ``decisions`` of this hour.
    """
    runtime, ids = aws.client("sagemaker-runtime"), [f"{month}-{number:04d}" for number in range(len(applications))]
    bodies = applications[columns].to_csv(header=False, index=False).splitlines()

    def invoke(identity: str, body: str) -> float:
        answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body, InferenceId=identity)
        return float(answer["Body"].read())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        scores = list(pool.map(invoke, ids, bodies))
    lines = [label(identity, str(outcome)) for identity, outcome in zip(ids, applications.denied, strict=True)]
    key = f"{aws.prefix}/decisions/{now(aws):%Y/%m/%d/%H}/{month}.jsonl"
    aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body="\n".join(lines).encode())
    day_passes(aws)
    return scores


def day_passes(aws: Any) -> None:
    """Move the clock of the local AWS on by a day. On AWS a day takes a day."""
    if aws.local:
        aws.local.advance(24 * 3600)


def ended(aws: Any, schedule: str, number: int) -> dict[str, Any]:
    """The last of the ``number`` executions of a schedule: its status, its failure reason, and its files by name."""
    last = executions(aws.client("sagemaker"), schedule, number)[-1]
    said = {"status": last["MonitoringExecutionStatus"], "reason": last.get("FailureReason", "")}
    if not said["status"].startswith("Completed"):
        return said
    name = last["ProcessingJobArn"].rpartition("/")[2]
    job = aws.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    place = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    return said | {each: content(aws, f"{place}/{each}.json") for each in ("analysis", "constraint_violations")}


def content(aws: Any, address: str) -> dict[str, Any]:
    """The content of a JSON object of S3."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return json.loads(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def bias_of(analysis: dict[str, Any], facet: str) -> pd.Series:
    """The metrics of predictions, by name, in an ``analysis.json`` of Clarify."""
    [group] = analysis["post_training_bias_metrics"]["facets"][facet]
    return pd.Series({each["name"]: each["value"] for each in group["metrics"]}, dtype=float)


def importance_of(analysis: dict[str, Any]) -> pd.Series:
    """The global SHAP value of each feature in an ``analysis.json`` of Clarify."""
    [found] = analysis["explanations"]["kernel_shap"].values()
    return pd.Series(found["global_shap_values"])
