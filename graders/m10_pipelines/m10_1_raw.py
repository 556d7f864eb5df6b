"""What a learner's pipeline ships in front of a model: the transform of the same execution (m10_1_ex4)."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from course.cleanup import delete_bucket
from course.grading import Answer, Report, model_archives
from course.grading.jobs import sagemaker_role

from .m10_1_late_flights import FEATURES, ORIGINS
from .m10_1_live import WAIT
from .m10_1_runs import Run, job_of, outputs, package_group, pipeline, start

NEAR = 1e-3
BOTH = 2


def drawn_rows(rng: random.Random, carriers: list[str], count: int) -> list[dict]:
    """Made-up flights with the columns ``late`` and `FEATURES`. Airline and hour decide what is late."""
    rows = []
    for _ in range(count):
        row: dict[str, Any] = {"origin": rng.choice(ORIGINS), "carrier": rng.choice(carriers), "weekday": rng.randrange(7)}
        row |= {"hour": rng.randrange(5, 24), "distance": rng.randrange(90, 2600), "temp": round(rng.uniform(10, 95), 1)}
        row |= {"humid": round(rng.uniform(20, 100), 1), "wind_speed": round(rng.uniform(0, 30), 1)}
        row |= {"precip": rng.choice([0.0, 0.0, 0.1]), "visib": 10.0, "pressure": round(rng.uniform(1000, 1030), 1)}
        often = 0.1 + 0.6 * (carriers.index(row["carrier"]) / len(carriers)) + 0.01 * (row["hour"] - 12)
        rows.append({"late": int(rng.random() < often), **row})
    return rows


def judge_raw(answer: Answer, report: Report, name: str) -> None:
    """Make the pipeline, start it on two sets of rows at once, deploy what the first registered, and ask it."""
    s3 = answer.client("s3")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    sets = []
    for _ in range(BOTH):
        carriers = sorted({"".join(answer.rng.sample(letters, 2)) for _ in range(answer.rng.randint(4, 7))})
        sets.append((carriers, drawn_rows(answer.rng, carriers, 1_500)))
    s3.create_bucket(Bucket=name)
    try:
        uris = [_stored(s3, name, number, rows) for number, (_, rows) in enumerate(sets)]
        with package_group(answer, f"{name}-group") as group, pipeline(answer, report, "steps", "raw_pipeline", name, group) as made:
            runs = start(answer, report, "steps", name, [{"Rows": uri} for uri in uris]) if made else []
            if runs and _judge_runs(answer, report, uris, runs):
                _ask(answer, report, name, runs[0], *sets[0])
    finally:
        delete_bucket(s3, name)


def _stored(s3: Any, bucket: str, number: int, rows: list[dict]) -> str:
    header = ["late", *FEATURES]
    lines = [",".join(header), *(",".join(str(row[column]) for column in header) for row in rows)]
    s3.put_object(Bucket=bucket, Key=f"rows-{number}/train.csv", Body="\n".join(lines))
    return f"s3://{bucket}/rows-{number}/train.csv"


def _judge_runs(answer: Answer, report: Report, uris: list[str], runs: list[Run]) -> bool:
    if not all(_judge_run(answer, report, uri, run) for uri, run in zip(uris, runs, strict=True)):
        return False
    sagemaker = answer.client("sagemaker")
    written = [outputs(job_of(sagemaker, run, "Fit", "processing")) for run in runs]
    folders = {uris["transform"].rstrip("/") for uris in written}
    said = f"All executions left their transform in {min(folders)}: whose is there now?"
    if not report.part("together", len(folders) == len(runs), said):
        return False
    beside = [uri for run, uris in zip(runs, written, strict=True) for uri in uris.values() if not _is_in_folder_of(run, uri)]
    return report.part("together", not beside, f"`Fit` wrote to {beside[:1]}, which is not in the folder of its execution.")


def _is_in_folder_of(run: Run, uri: str) -> bool:
    """Whether a URI has the id of the execution as the name of a folder."""
    return run.arn.rpartition("/")[2] in uri.split("/")


def _judge_run(answer: Answer, report: Report, uri: str, run: Run) -> bool:
    sagemaker = answer.client("sagemaker")
    if run.status != "Succeeded":
        return report.part("steps", False, f"The pipeline failed: {run.failures or run.status}.")
    names = set(run.steps)
    if not report.part(
        "steps", names == {"Fit", "Train", "Register"}, f"The pipeline ran the steps {sorted(names)}; expected the three of the table."
    ):
        return False
    job = job_of(sagemaker, run, "Fit", "processing")
    read = [each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]]
    if not report.part("steps", uri in read, f"Started with the Rows {uri}, `Fit` read {read}: where is the parameter?"):
        return False
    fitted = outputs(job)
    trained = job_of(sagemaker, run, "Train", "training")
    channel = trained["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    if not report.part(
        "steps",
        channel.rstrip("/") == fitted.get("train", "").rstrip("/"),
        f"`Train` read {channel}, not what `Fit` of this execution left in train/.",
    ):
        return False
    containers = _package(sagemaker, run)["InferenceSpecification"]["Containers"]
    if not report.part(
        "together", len(containers) == BOTH, f"The package has {len(containers)} containers; expected the transform and the model."
    ):
        return False
    wanted = [f"{fitted.get('transform', '').rstrip('/')}/model.tar.gz", trained["ModelArtifacts"]["S3ModelArtifacts"]]
    got = [container.get("ModelDataUrl") for container in containers]
    if got == wanted[::-1]:
        return report.part("together", False, "The model comes first, then the transform: who gets the raw line?")
    said = f"The package has the archives {got}: which of them did not this execution make?"
    return report.part("together", got == wanted, said)


def _package(sagemaker: Any, run: Run) -> dict:
    return sagemaker.describe_model_package(ModelPackageName=run.steps["Register"]["Metadata"]["RegisterModel"]["Arn"])


def _ask(answer: Answer, report: Report, name: str, run: Run, carriers: list[str], rows: list[dict]) -> None:
    """Deploy what an execution registered, and compare its answers with those of its transform and model."""
    asked = drawn_rows(answer.rng, [*carriers, "??"], 12)
    lines = "\n".join(",".join(str(row[column]) for column in FEATURES) for row in asked)
    with _endpoint(answer, name, _package(answer.client("sagemaker"), run)["ModelPackageArn"]) as failure:
        if failure:
            report.part("answers", False, f"The package was deployed, and the endpoint failed: {failure[:300]}")
            return
        try:
            said = answer.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=lines)
            got = [float(number) for number in said["Body"].read().decode().replace(",", " ").split()]
        except (ClientError, ValueError) as error:
            report.part("answers", False, f"Asked about raw flights, the deployed package failed: {str(error)[:300]}")
            return
    wanted = _expected(answer, run, rows, asked)
    right = len(got) == len(wanted) and all(abs(one - other) < NEAR for one, other in zip(got, wanted, strict=True))
    report.part("answers", right, "Asked about raw flights, the deployed package does not answer as its own transform and model do.")


@contextlib.contextmanager
def _endpoint(answer: Answer, name: str, package: str) -> Iterator[str]:
    """An endpoint of a model package, which is approved for it; yields why it failed, or ``""``."""
    sagemaker = answer.client("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    role = sagemaker_role(answer.client("iam"))
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, Containers=[{"ModelPackageName": package}])
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    try:
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        with contextlib.suppress(WaiterError):
            sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
        described = sagemaker.describe_endpoint(EndpointName=name)
        yield "" if described["EndpointStatus"] == "InService" else described.get("FailureReason", described["EndpointStatus"])
    finally:
        with contextlib.suppress(ClientError):
            sagemaker.delete_endpoint(EndpointName=name)
        with contextlib.suppress(ClientError):
            sagemaker.delete_endpoint_config(EndpointConfigName=name)
        sagemaker.delete_model(ModelName=name)


def _expected(answer: Answer, run: Run, rows: list[dict], asked: list[dict]) -> list[float]:
    """What the model of an execution says of flights after a transform that was fitted on the execution's rows."""
    import pandas as pd
    import xgboost

    from .m10_1_transform import RAW, transform  # imports scikit-learn, which takes a second

    uri = job_of(answer.client("sagemaker"), run, "Train", "training")["ModelArtifacts"]["S3ModelArtifacts"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = answer.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    booster = xgboost.Booster()
    booster.load_model(bytearray(model_archives.read_file(body, "xgboost-model")))
    fitted = transform().fit(pd.DataFrame(rows)[RAW])
    numbers = fitted.transform(pd.DataFrame(asked)[RAW])
    return [float(number) for number in booster.predict(xgboost.DMatrix(numbers))]
