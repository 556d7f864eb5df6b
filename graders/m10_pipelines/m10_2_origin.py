"""Endpoints whose models come from pipelines that ran several times, and what a learner's `origin` says of them (m10_2_ex5)."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from course.grading import Answer, Report
from course.grading.model_archives import constant

from .m10_1_live import FORMATS, IMAGE, deployment
from .m10_1_runs import Run, job_of, package_group, pipeline_deleted, start
from .m10_2_steps import SKLEARN, get, output_of, own_folder, processing_step, role_of, training_step

PREPARE = """\
import pathlib
import shutil

[table] = pathlib.Path("/opt/ml/processing/flights").iterdir()
target = pathlib.Path("/opt/ml/processing/train")
target.mkdir(parents=True, exist_ok=True)
shutil.copy(table, target / "rows.csv")
"""
TRAIN = """\
import tarfile

tarfile.open("/opt/ml/input/data/start/model.tar.gz").extractall("/opt/ml/model")
"""


@dataclass(frozen=True)
class Start:
    """How an execution is started: the numbers of its table and script, and the rounds of its training."""

    table: int
    script: int
    rounds: int


@dataclass(frozen=True)
class Plan:
    """Executions and endpoints.

    Attributes
    ----------
    waves : tuple of tuples of Start
        The executions of a wave run side by side. A step with the same arguments as one in an earlier wave takes its result from the cache.
    served : tuple of tuples of Start
        For each of two endpoints, one or two executions whose models it serves one after the other.
    """

    waves: tuple[tuple[Start, ...], ...]
    served: tuple[tuple[Start, ...], ...]


@dataclass(frozen=True)
class Origin:
    """Where a model comes from.

    Attributes
    ----------
    run : Run
        The execution whose training job made it.
    archive, data, code, rows : str
        The addresses of the archive, the table, the script, and of the rows that `Prepare` wrote.
    repeats : tuple of str
        The ARNs of executions that took this model from the cache.
    prepared_by : str
        The ARN of the execution whose result of ``Prepare`` it used.
    """

    run: Run
    archive: str
    data: str
    code: str
    rows: str
    repeats: tuple[str, ...]
    prepared_by: str


def practice_plan(rng: random.Random) -> Plan:
    """Two models by one table and script, of which the second took ``Prepare`` from the cache, and one by another table and script."""
    few, more = rng.sample(range(2, 9), 2)
    first, second, third = Start(0, 0, few), Start(1, 1, few), Start(0, 0, more)
    return Plan(((first, second), (third,), (second, third)), ((third,), (first, second)))


def unseen_plan(rng: random.Random) -> Plan:
    """As in practice, and a model that shares the table or the script with the one that took its place in an endpoint."""
    few, more = rng.sample(range(2, 9), 2)
    first, second, mixed = Start(0, 0, few), Start(1, 1, few), Start(0, 1, few)
    one, other = rng.sample([first, second], 2)
    later = Start(one.table, one.script, more)
    served = [(later,), (mixed, other)]
    rng.shuffle(served)
    return Plan(((first, second, mixed), (later,), (other, later)), tuple(served))


def judge_origin(answer: Answer, report: Report, name: str, plan: Plan) -> None:
    """Run a pipeline as planned, deploy models of it, and ask the learner's function about the endpoints.

    Parameters
    ----------
    name : str
        The stem of the names of all that is made.
    """
    with (
        deployment(answer, f"{name}-a") as one,
        deployment(answer, f"{name}-b") as two,
        package_group(answer, name) as group,
        pipeline_deleted(answer, name),
    ):
        origins, newest = _run(answer, report, one.name, name, plan)
        for turn in range(2):
            for there, starts in zip((one, two), plan.served, strict=True):
                for each in starts[turn : turn + 1]:
                    there.serve((there.model(origins[each].archive), 1.0), wait=False)
            for there in (one, two):
                there.wait()
        _register(answer, group, origins[plan.served[0][-1]])
        answers = [answer.call("origin", there.name) for there in (one, two)]  # all before the first part: an error earns nothing
        for got, starts in zip(answers, plan.served, strict=True):
            _judge(report, got, [origins[each] for each in starts], newest)


def _run(answer: Answer, report: Report, bucket: str, name: str, plan: Plan) -> tuple[dict[Start, Origin], str]:
    """What each start made, and the ARN of the newest execution."""
    sagemaker, s3, here = answer.client("sagemaker"), answer.client("s3"), f"s3://{bucket}"
    tables = [f"{here}/tables/{answer.token()}" for _ in range(2)]
    scripts = [f"{here}/code/{answer.token()}/prepare.py" for _ in range(2)]
    objects: dict[str, str | bytes] = {f"{uri}/flights.csv": _rows(answer.rng) for uri in tables}
    objects |= {uri: f"{PREPARE}# {number}\n" for number, uri in enumerate(scripts)}
    objects |= {f"{here}/weather/weather.csv": "1\n", f"{here}/train/code/train.py": TRAIN}
    objects |= {f"{here}/train/start/model.tar.gz": constant(0.5)}
    for uri, body in objects.items():
        s3.put_object(Bucket=bucket, Key=uri.removeprefix(f"{here}/"), Body=body)
    role = role_of(answer)
    sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=json.dumps(_definition(role, here)), RoleArn=role)
    runs: dict[Start, list[Run]] = {}
    for wave in plan.waves:
        asked = [{"Flights": tables[each.table], "Code": scripts[each.script], "Rounds": each.rounds} for each in wave]
        for each, run in zip(wave, start(answer, report, "execution", name, asked), strict=True):
            runs.setdefault(each, []).append(run)
    origins = {each: _origin(sagemaker, made, tables[each.table], scripts[each.script]) for each, made in runs.items()}
    return origins, runs[plan.waves[-1][-1]][-1].arn


def _rows(rng: random.Random) -> str:
    return "".join(f"{row % 2},{rng.random():.3f},{row}\n" for row in range(40))


def _definition(role: str, here: str) -> dict:
    sources = {"weather": f"{here}/weather", "code": get("Parameters.Code"), "flights": get("Parameters.Flights")}
    algorithm = {"TrainingImage": SKLEARN, "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/train.py"]}
    channels = {"train": output_of("Prepare", "train"), "code": f"{here}/train/code", "start": f"{here}/train/start"}
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [{"Name": each, "Type": "String"} for each in ("Flights", "Code", "Rounds")],
        "Steps": [
            processing_step("Prepare", role, sources, {"train": own_folder(f"{here}/rows", "train")}),
            training_step("Train", role, algorithm, channels, f"{here}/models", num_round=get("Parameters.Rounds")),
        ],
    }


def _origin(sagemaker: Any, runs: list[Run], data: str, code: str) -> Origin:
    """The origin of the model that the first of some executions made, and the others took from the cache."""
    run, *repeats = runs
    trained = job_of(sagemaker, run, "Train", "training")
    rows = next(each for each in trained["InputDataConfig"] if each["ChannelName"] == "train")["DataSource"]["S3DataSource"]["S3Uri"]
    prepared_by = run.steps["Prepare"].get("CacheHitResult", {}).get("SourcePipelineExecutionArn", run.arn)
    return Origin(run, trained["ModelArtifacts"]["S3ModelArtifacts"], data, code, rows, tuple(each.arn for each in repeats), prepared_by)


def _register(answer: Answer, group: str, origin: Origin) -> None:
    """Register a model as the execution does that took it from the cache."""
    answer.client("sagemaker").create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        InferenceSpecification={"Containers": [{"Image": IMAGE, "ModelDataUrl": origin.archive}], **FORMATS},
        MetadataProperties={"GeneratedBy": origin.repeats[-1]},
    )


def _judge(report: Report, got: dict, served: list[Origin], newest: str) -> None:
    """Report all parts for one endpoint. ``served`` are the origins of the models that it served, the present one last."""
    *earlier, now = served
    which = "an endpoint that was updated" if earlier else "an endpoint"
    wanted = {"execution": now.run.arn, "data": now.data, "code": now.code}
    for part, value in wanted.items():
        found = got.get(part)
        why = _why_execution(found, now, newest) if part == "execution" else _why_address(found, now)
        if found not in wanted.values() and any(found in (each.run.arn, each.data, each.code) for each in earlier):
            why = "That belongs to a model that it served before the update."
        report.part(part, found == value, f'Of {which}, `origin(...)["{part}"]` is {repr(found)[:200]}. {why}')


def _why_execution(found: Any, now: Origin, newest: str) -> str:
    """What is not right about an execution."""
    if not isinstance(found, str) or ":pipeline/" not in found or "/execution/" not in found:
        return "Expected the ARN of an execution."
    if found in now.repeats:
        return "It has this model, but took it from the cache."
    if found == now.prepared_by:
        return "It made the rows, but trained no model of them with these settings: whose job is the training?"
    if found == newest:
        return "It is the newest one: did it make this model?"
    return "Its training job made another model: which job made the archive that is served?"


def _why_address(found: Any, now: Origin) -> str:
    """What is not right about the address of the table or the script."""
    if found in (now.data, now.code):
        return "That is the other one of table and script: each input has a name."
    if isinstance(found, str) and found.rstrip("/") == now.rows.rstrip("/"):
        return "That is what `Prepare` wrote: what did it read?"
    return "Expected the address of an input of the Processing job that made the rows for this model; each input has a name."
