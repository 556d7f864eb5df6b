"""m09_1: serverless and asynchronous endpoints, batch transform, and how each loses answers."""

from __future__ import annotations

import random
from collections.abc import Callable

from course.grading import Answer, AnswerError, Exercise, Function, Report, Value
from course.grading.exercise import stored

from .m09_1_batch import completed, judge_rows, put_rows, requests_of, started
from .m09_1_cases import (
    COLUMNS,
    KNOWN,
    MOST_AT_A_TIME,
    MOST_INSTANCES,
    OPTIONS,
    SIZES,
    SLOW,
    Replayed,
    brief,
    files,
    line,
    questions,
)
from .m09_1_nights import Nights, check_form, check_nights
from .m09_1_queue import apart, folders, judge_results, judge_waiting, queue

# A seed, the load as a share of the break-even, and whether late answers are dear. No one plan suits these briefs; the second model needs
# exactly as much memory as a size of container has; and hours that are counted wrong, cold starts and refusals change the best plan.
PRACTICE_BRIEFS = ((5, 0.04, False), (5, 0.25, False), (2, 0.08, True), (0, 1.4, False))
PRACTICE_REGRET = 0.06  # of each brief
PRACTICE_FILES = ((20_000, False, 1), (300, True, 3))  # rows, packed or not, MB of a request: the first do not fit into one
ASKED_ROWS = 400  # of each file, of which practice knows the answers

ex1 = Exercise(
    id="m09_1_ex1",
    title="Choose serverless or real time by what traffic costs",
    section="What it costs",
    pattern=3,
    parts={"practice": 0.25, "regret": 2.25},
    evidence={"plan": Function("plan(brief: dict) -> dict")},
    skills={"C01": ["3.1.K5", "3.1.S1", "3.2.K1"], "C02": ["3.1.3", "3.2.1"]},
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
    skills={"C01": ["3.1.K5"], "C02": ["3.1.3", "3.2.5"]},
    topics=["deploy.async"],
    seconds=35,
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
    skills={"C01": ["3.1.K3"], "C02": ["3.1.3", "3.2.5"]},
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
        "Then ask what the field should say for these files, of which a row has a gate; its path is, for instance, "
        "`DataProcessing.OutputFilter`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    briefs, outcomes = practice_briefs(), [Replayed(**each) for each in stored.outcomes(__file__)]
    plans = [plan_of(answer, report, given, "practice") for given in briefs]
    if None in plans:
        return
    regrets = [each.usd[OPTIONS.index(plan)] / min(each.usd) - 1 for each, plan in zip(outcomes, plans, strict=True)]
    said = f"`plan(...)` returned {plans} for the practice briefs; their own {KNOWN} hours, replayed, cost "
    said += f"{', '.join(f'{regret:.0%}' for regret in regrets)} more than with the best."
    good = max(regrets) <= PRACTICE_REGRET
    report.part("practice", good, said if good else f"{said} {plan_hint(plans, lambda: outcomes)}")


def practice_briefs() -> list[dict]:
    return [brief(random.Random(f"practice {seed} {load} {dear}"), load, dear)[0] for seed, load, dear in PRACTICE_BRIEFS]


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


def plan_hint(plans: list[dict], replayed: Callable[[], list[Replayed]]) -> str:
    """What the plans have in common, said as a question to the rule. ``replayed`` is called only when it is needed."""
    if len({str(plan) for plan in plans}) == 1:
        return "They are the same for all briefs: what in a brief moves them?"
    kinds, places, outcomes = {plan["kind"] for plan in plans}, [OPTIONS.index(plan) for plan in plans], replayed()
    if places in map(list, zip(*(each.hours_mixed for each in outcomes), strict=True)):
        return "The hours before are three, and prices are for one: for how many hours are they paid?"
    if all(plan.get("max_concurrency") == 1 for plan in plans):
        return "All have one container at most, and refuse what meets it busy: is a refused request an answer that is too late?"
    if kinds == {"serverless"}:
        return "All are serverless: what do late answers cost where cold starts meet dear ones?"
    if kinds == {"real-time"}:
        return "All are real time: who pays for the hours in which few ask?"
    if places == [each.at_once for each in outcomes]:
        return "They are the plans for containers that start at once: does your rule look at cold starts?"
    late = sum(each.late[place] for each, place in zip(outcomes, places, strict=True))
    if late > 1.5 * sum(each.late[each.best] for each in outcomes):
        return "They answer too late, or refuse, where it is dear: is a refused request an answer that is too late?"
    return "They pay for more than they need: what does each second with each GB cost, and each unit of concurrency?"


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
    endpoint, sagemaker = newest_endpoint(answer, "planners"), answer.client("sagemaker")
    [variant] = sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    if not variant["CurrentInstanceCount"]:
        raise AnswerError("The endpoint has no instance now, so nothing is answered; run the cells under `To nothing, and back` again.")
    report.doing("sends questions by your function to the planners' endpoint")
    bodies, readable = questions(answer.rng, SLOW)
    if not judge_results(answer, report, endpoint, bodies, readable):
        return
    report.doing("makes an asynchronous endpoint that has no instance, and sends questions by your function")
    bucket, _ = apart(folders(answer, endpoint)[0])
    name = f"checks-m09-1-{answer.token()}"
    with queue(answer, name, _model_of(answer, endpoint), f"s3://{bucket}/{name}") as out:
        judge_waiting(answer, report, name, out)


def _model_of(answer: Answer, endpoint: str) -> str:
    """The name of an endpoint's one model."""
    sagemaker = answer.client("sagemaker")
    config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    return sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]["ModelName"]


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    agency = newest_endpoint(answer, "agency")
    model = _model_of(answer, agency)
    artifact = answer.client("sagemaker").describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
    bucket, _ = apart(artifact)
    told, tables = [], []
    for rows, packed, payload in PRACTICE_FILES:
        names, id_name, table = files(answer.rng, rows)
        place = f"s3://{bucket}/practice-m09-1/{answer.token()}"
        told.append({"uri": f"{place}/in/", "columns": names, "id": id_name, "gzip": packed, "payload_mb": payload})
        told[-1] |= {"model": model, "target": f"{place}/out/"}
        tables.append(table)
    requests = requests_of(answer, report, told)
    if not requests:
        return
    report.doing("runs two transform jobs from your requests")
    for given, table in zip(told, tables, strict=True):
        put_rows(answer.client("s3"), bucket, f"{apart(given['uri'])[1]}part-0.csv", table, given["gzip"])
    jobs = started(answer, report, requests)
    wanted = [_answers(answer, agency, given, table) for given, table in zip(told, tables, strict=True)]  # while the jobs run
    for done in completed(answer, report, told, jobs):
        judge_rows(report, done, wanted[told.index(done.files)])


def _answers(answer: Answer, endpoint: str, given: dict, table: list[list]) -> dict[str, float | None]:
    """What an endpoint of the same model says of `ASKED_ROWS` rows, by the id; None of other rows."""
    place = given["columns"].index
    asked = table[:: max(1, len(table) // ASKED_ROWS)]
    features = "\n".join(line([row[place(name)] for name in COLUMNS]) for row in asked)
    runtime = answer.client("sagemaker-runtime")
    said = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=features)["Body"].read().decode()
    answers = dict(zip((row[place(given["id"])] for row in asked), map(float, said.replace(",", " ").split()), strict=True))
    return {row[place(given["id"])]: answers.get(row[place(given["id"])]) for row in table}


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    if check_form(answer, report):
        check_nights(answer, report, Nights(answer, newest_endpoint(answer, "planners")))
