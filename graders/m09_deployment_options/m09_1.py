"""m09_1: serverless and asynchronous endpoints, batch transform, and how each loses answers."""

from __future__ import annotations

import re
from statistics import fmean
from typing import Any

from course.grading import Answer, AnswerError, Exercise, Function, Report, Value
from course.grading.citing import cites, passing

from .m09_1_batch import judge_rows, put_rows, run
from .m09_1_cases import (
    CAUSES,
    COLUMNS,
    MOST_AT_A_TIME,
    MOST_INSTANCES,
    NIGHTS,
    OPTIONS,
    QUEUED,
    SIZES,
    brief,
    cheapest,
    cost,
    files,
    line,
    planted,
    questions,
)
from .m09_1_queue import judge_results

GROUP = "/aws/sagemaker/TransformJobs"
PRACTICE_LOADS = ((0.03, False), (0.6, True), (1.6, False))  # of the break-even, and whether late answers are dear: no one plan suits
PRACTICE_REGRET = 0.06
PRACTICE_FILES = ((20_000, False, 1), (300, True, 3))  # rows, packed or not, MB of a request: the first do not fit into one
FLIGHT_ID = r"(flight|late-added|before)-\d+"
# How the members of CreateTransformJob and InvokeEndpointAsync begin that may be at fault.
TOPS = ("Accept", "Batch", "Content", "Data", "Endpoint", "Environment", "Input", "Invocation", "Max", "Model", "Request", "Transform")

ex1 = Exercise(
    id="m09_1_ex1",
    title="Choose serverless or real time by what traffic costs",
    section="What it costs",
    pattern=3,
    parts={"practice": 0.25, "regret": 2.25},
    evidence={"plan": Function("plan(brief: dict) -> dict")},
    skills={"C01": ["3.1.K5", "3.1.S1", "3.2.K1"], "C02": ["3.1.3", "3.2.1", "4.2.4"]},
    topics=["deploy.serverless"],
    seconds=90,
    hints=(
        "You have the last three hours. What would each deployment have cost in them, late answers included?",
        "`real_time` and `serverless` say how long each request would have taken; `None` is a refused one. Leave out containers that "
        "are not larger than the model.",
        "For each size and each number at a time: three hours of `most * unit_usd`, plus answered requests times their seconds times GB "
        "times `GB_SECOND`, plus `late_usd` for each answer that is None or later than `late_after`. Take the least.",
    ),
)

ex2 = Exercise(
    id="m09_1_ex2",
    title="Write a client that loses nothing and never waits for ever",
    section="Asynchronous: ask now, read later",
    pattern=9,
    parts={"answers": 1, "failures": 0.5, "waiting": 1},
    evidence={"ask_all": Function("ask_all(endpoint: str, bodies: list[str], seconds: float) -> list[dict]")},
    skills={"C01": ["3.1.K5", "3.2.S5"], "C02": ["3.2.5", "3.1.3"]},
    topics=["deploy.async"],
    seconds=45,
    hints=(
        "Two loops: one that sends all bodies and notes both places of each, one that looks again and again until nothing waits or the "
        "time is over.",
        "Each body needs a key of its own in S3. An object that is not there: `list_objects_v2(...)['KeyCount']` is 0, or `get_object` "
        "raises `s3.exceptions.NoSuchKey`.",
        "`until = time.monotonic() + seconds`, before anything is sent. `for state, place in (('done', sent['OutputLocation']), "
        "('failed', sent['FailureLocation']))`: when it is there, read it and never look at this body again.",
    ),
)

ex3 = Exercise(
    id="m09_1_ex3",
    title="Transform files so that each row gives one row",
    section="Batch transform: a job, files in, files out",
    pattern=9,
    parts={"request": 0.5, "rows": 0.75, "answers": 0.75, "payload": 0.5},
    evidence={"transform_request": Function("transform_request(files: dict) -> dict")},
    skills={"C01": ["3.1.K3", "3.1.S6", "3.2.S5"], "C02": ["3.1.3", "3.2.5"]},
    topics=["deploy.batch"],
    seconds=10,
    hints=(
        "Begin with `repaired(healthy, {...})`, which makes a copy with changes, and ask of each of its fields whether other files would "
        "need another value.",
        "At which places do the eight columns stand, and at which the id? A filter may list places: `$[1,4,5]`.",
        'Input filter: `"$[" + ",".join(str(files["columns"].index(name)) for name in COLUMNS) + "]"`; output filter: the place of the '
        "id, and -1.",
    ),
)

ex4 = Exercise(
    id="m09_1_ex4",
    title="Diagnose and repair five bad nights",
    section="Five bad nights",
    pattern=4,
    parts={"form": 0.25, "cause": 0.75, "evidence": 0.75, "repair": 0.75},
    evidence={"diagnoses": Value(dict), "repairs": Value(dict)},
    skills={"C01": ["3.1.K3", "4.2.S1"], "C02": ["3.1.3", "4.2.2"]},
    topics=["deploy.batch", "deploy.async"],
    seconds=60,
    hints=(
        "Sort the five first: who failed, who completed, who was only accepted? Each kind left its evidence in another place.",
        "For a completed job make a dict from id to answer of its lines, as for `answers`, and compare three things: ids that are "
        "missing, ids that are new, answers that differ. Then print one such line.",
        "What a line is made of tells the field: no id at all, a column of the flight for the answer, two lines in one, another number. "
        "The path is that of the field in `healthy`, for instance `DataProcessing.OutputFilter`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    briefs = [brief(answer.rng, load, dear)[0] for load, dear in PRACTICE_LOADS]
    plans = [plan_of(answer, report, given, "practice") for given in briefs]
    if None in plans:
        return
    regret = fmean(cost(given, plan) / cost(given, cheapest(given)) - 1 for given, plan in zip(briefs, plans, strict=True))
    said = f"`plan(...)` returned {plans} for the practice briefs; their own hours, replayed, cost {regret:.0%} more on average than "
    said += "with the best."
    report.part("practice", regret <= PRACTICE_REGRET, said if regret <= PRACTICE_REGRET else f"{said} {plan_hint(briefs, plans)}")


def plan_of(answer: Answer, report: Report, given: dict, part: str) -> dict | None:
    """The learner's plan; reports the part and returns None when it is none that can be."""
    plan = answer.call("plan", given)
    said = f"`plan(...)` returned {plan!r}"
    if plan.get("kind") == "real-time":
        good = set(plan) == {"kind", "instances"} and type(plan["instances"]) is int and 1 <= plan["instances"] <= MOST_INSTANCES
        return plan if report.part(part, good, f"{said}; expected 'instances', a whole number from 1 to {MOST_INSTANCES}.") else None
    form = plan.get("kind") == "serverless" and set(plan) == {"kind", "memory_mb", "max_concurrency"}
    if not report.part(part, form, f"{said}; expected the members of one of the two forms of the text, and no others."):
        return None
    memory, most = plan["memory_mb"], plan["max_concurrency"]
    good = type(memory) is int and memory in {1024 * size for size in SIZES}
    if not report.part(part, good, f"{said}; expected an int as 'memory_mb', {1024 * SIZES[0]} to {1024 * SIZES[-1]} in steps of 1024."):
        return None
    good = type(most) is int and 1 <= most <= MOST_AT_A_TIME
    if not report.part(part, good, f"{said}; expected an int from 1 to {MOST_AT_A_TIME} as 'max_concurrency'."):
        return None
    fits = plan["memory_mb"] > given["model_mb"]
    killed = f"{said} for a model of {given['model_mb']:,} MB: every request would kill its container. Does your rule compare the two?"
    return plan if report.part(part, fits, killed) else None


def plan_hint(briefs: list[dict], plans: list[dict]) -> str:
    """What the plans have in common, said as a question to the rule."""
    kinds = {plan["kind"] for plan in plans}
    if len({str(plan) for plan in plans}) == 1:
        return "They are the same for all briefs: what in a brief moves them?"
    if all(plan.get("max_concurrency") == 1 for plan in plans):
        return "All have one container at most, and refuse what meets it busy: is a refused request an answer that is too late?"
    if kinds == {"serverless"}:
        return "All are serverless: what do late answers cost where cold starts meet dear ones?"
    if kinds == {"real-time"}:
        return "All are real time: who pays for the hours in which few ask?"
    if plans == [cheapest(given | {"cold_seconds": 0.0}) for given in briefs]:
        return "They are the plans for containers that start at once: does your rule look at cold starts?"
    if plans == [min(OPTIONS, key=lambda option, given=given: cost(given, option, hours=1)) for given in briefs]:
        return "The hours before are three, and prices are for one: for how many hours are they paid?"
    late = sum(_late(given, plan) for given, plan in zip(briefs, plans, strict=True))
    if late > 1.5 * sum(_late(given, cheapest(given)) for given in briefs):
        return "They answer too late, or refuse, where it is dear: is a refused request an answer that is too late?"
    return "They pay for more than they need: what does each second with each GB cost, and each unit of concurrency?"


def _late(given: dict, plan: dict) -> float:
    """How many of the brief's answers are late, refused or lost."""
    return cost(given | {"late_usd": given["late_usd"] + 1}, plan) - cost(given, plan)


def newest_endpoint(answer: Answer, label: str) -> str:
    """The name of the lesson's newest endpoint in service that begins so. Raises `AnswerError` when there is none."""
    found = answer.client("sagemaker").list_endpoints(
        NameContains=label, StatusEquals="InService", SortBy="CreationTime", SortOrder="Descending"
    )["Endpoints"]
    if not found:
        raise AnswerError(f"No endpoint {label!r} of this lesson is in service; run the cell that deploys it again.")
    return found[0]["EndpointName"]


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    endpoint = newest_endpoint(answer, "planners")
    [variant] = answer.client("sagemaker").describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    if not variant["CurrentInstanceCount"]:
        raise AnswerError("The endpoint has no instance now, so nothing is answered; run the cells under `To nothing, and back` again.")
    bodies, readable = questions(answer.rng)
    judge_results(answer, report, endpoint, bodies, readable)


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    agency, sagemaker = newest_endpoint(answer, "agency"), answer.client("sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=sagemaker.describe_endpoint(EndpointName=agency)["EndpointConfigName"])
    model = config["ProductionVariants"][0]["ModelName"]
    artifact = sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
    bucket = artifact.removeprefix("s3://").partition("/")[0]
    told, wanted = [], []
    for rows, packed, payload in PRACTICE_FILES:
        names, id_name, table = files(answer.rng, rows)
        place = f"practice-m09-1/{answer.token()}"
        put_rows(answer.client("s3"), bucket, f"{place}/in/part-0.csv", table, packed)
        given = {"uri": f"s3://{bucket}/{place}/in/", "columns": names, "id": id_name, "gzip": packed, "payload_mb": payload}
        told.append(given | {"model": model, "target": f"s3://{bucket}/{place}/out/"})
        wanted.append(_answers(answer, agency, names, id_name, table))
    for finished in run(answer, report, told):
        judge_rows(report, finished, wanted[told.index(finished.files)])


def _answers(answer: Answer, endpoint: str, names: list[str], id_name: str, table: list[list]) -> dict[str, float]:
    """What an endpoint of the same model says of each row, by its id."""
    features = "\n".join(line([row[names.index(name)] for name in COLUMNS]) for row in table)
    runtime = answer.client("sagemaker-runtime")
    said = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=features)["Body"].read().decode()
    return dict(zip((row[names.index(id_name)] for row in table), map(float, said.replace(",", " ").split()), strict=True))


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    if not check_form(answer, report):
        return
    causes, diagnoses = planted(answer.variant()), answer.value("diagnoses")
    wrong, looked = [], [night for night, cause in causes.items() if cause not in QUEUED]
    for night in looked:
        cited, job = diagnoses[night]["evidence"], job_of(answer, night)
        if words := passing(cited):
            wrong.append(f"{night}: {words!r} is another one each time; expected words without times and addresses.")
        elif job["TransformJobStatus"] == "Completed":
            if not re.fullmatch(FLIGHT_ID, cited):
                wrong.append(f"{night}: the job completed, so its lines are the evidence, and {cited[:60]!r} is no id of a flight.")
        elif not cites(cited, log_of(answer, job)):
            wrong.append(f"{night}: its data log has no line with {cited[:60]!r}; expected words of a line of this job's data log.")
    report.part("evidence", 1 - len(wrong) / len(looked), wrong[0] if wrong else "All that is cited of the transform jobs is there.")


def check_form(answer: Answer, report: Report) -> bool:
    """Whether diagnoses and repairs are such; reports the part ``form``."""
    for name in ("diagnoses", "repairs"):
        given = answer.value(name)
        if set(given) != set(NIGHTS):
            return report.part("form", False, f"`{name}` has the keys {sorted(map(str, given))}; expected the five nights.")
    for night in NIGHTS:
        diagnosis, repair = answer.value("diagnoses")[night], answer.value("repairs")[night]
        if (
            not isinstance(diagnosis, dict)
            or set(diagnosis) != {"cause", "evidence"}
            or not all(isinstance(v, str) for v in diagnosis.values())
        ):
            return report.part("form", False, f"The diagnosis of {night} is {diagnosis!r}; expected 'cause' and 'evidence', both text.")
        if diagnosis["cause"] not in CAUSES:
            return report.part("form", False, f"The cause of {night} is {diagnosis['cause']!r}; expected a word of the table.")
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            return report.part(
                "form", False, f"The repair of {night} is {repair!r}; expected a dict from the path of a field to its new value."
            )
        if strange := next((path for path in repair if not path.startswith(TOPS)), ""):
            said = f"The repair of {night} has the path {strange!r}; expected one from the top of the request, as 'DataProcessing.' begins."
            return report.part("form", False, said)
    return report.part("form", True, "Diagnoses and repairs have their form.")


def job_of(answer: Answer, night: str) -> dict[str, Any]:
    """The description of the night's latest transform job."""
    sagemaker = answer.client("sagemaker")
    found = sagemaker.list_transform_jobs(NameContains=f"{night}-", SortBy="CreationTime", SortOrder="Descending", MaxResults=1)
    names = [summary["TransformJobName"] for summary in found["TransformJobSummaries"]]
    return sagemaker.describe_transform_job(TransformJobName=names[0] if names else night)


def log_of(answer: Answer, job: dict) -> list[str]:
    """What a transform job said of its data."""
    logs = answer.client("logs")
    streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job['TransformJobName']}/")["logStreams"]
    names = [stream["logStreamName"] for stream in streams if stream["logStreamName"].endswith("/data-log")]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=names)
    return [event["message"] for page in pages for event in page["events"]]
