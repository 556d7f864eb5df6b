"""m09_1: serverless and asynchronous endpoints, batch transform, and how each loses answers."""

from __future__ import annotations

from course.grading import Answer, AnswerError, Exercise, Function, Report, Value

from .m09_1_batch import completed, judge_rows, put_rows, requests_of, started
from .m09_1_cases import COLUMNS, SLOW, files, flight, line, questions
from .m09_1_nights import Nights, check_form, check_nights
from .m09_1_queue import apart, folders, judge_results, judge_waiting, queue
from .m09_1_serve import Hour, judge

# Each condition decides once, and two of them stand on their border.
PRACTICE_HOURS = (
    Hour({"requests": 180, "at_once": 3, "seconds": 0.5, "cold_seconds": 2.5, "patience": 3.0, "model_mb": 2_048}, 2_048, "seldom"),
    Hour({"requests": 6_100, "at_once": 2, "seconds": 0.75, "cold_seconds": 2.0, "patience": 6.0, "model_mb": 1_100}, None, "dear"),
    Hour({"requests": 40, "at_once": 2, "seconds": 0.5, "cold_seconds": 4.0, "patience": 4.25, "model_mb": 700}, None, "cold"),
    Hour({"requests": 90, "at_once": 2, "seconds": 0.25, "cold_seconds": 3.0, "patience": 9.0, "model_mb": 6_400}, None, "large"),
    Hour({"requests": 700, "at_once": 4, "seconds": 1.25, "cold_seconds": 1.5, "patience": 5.0, "model_mb": 5_300}, 6_144, "seldom"),
)
PRACTICE_FILES = ((20_000, False, 1), (300, True, 3))  # rows, packed or not, MB of a request: the first do not fit into one
ASKED_ROWS = 400  # of each file, of which practice knows the answers

ex1 = Exercise(
    id="m09_1_ex1",
    title="Deploy serverless or on an instance, as the traffic suits",
    section="What it costs",
    pattern=9,
    parts={"choice": 1, "settings": 0.75, "answers": 0.75},
    evidence={"serve": Function("serve(artifact: str, hour: dict) -> str")},
    skills={"C01": ["3.1.K5", "3.1.S1", "3.2.K1", "3.2.S5"], "C02": ["3.1.3", "3.2.1", "3.2.5"]},
    topics=["deploy.serverless"],
    seconds=120,
    hints=(
        "First work out the memory, then ask the three conditions. Only the last lines, which deploy, talk to AWS.",
        "Memory: `-(-hour['model_mb'] // 1024)` rounds up to GB. A cold answer takes `seconds` and `cold_seconds`. The price is that of "
        "the plot above, with these GB.",
        "`builder = ModelBuilder(s3_model_data_url=artifact, **own)`, `builder.build(model_name=name)`, then "
        "`builder.deploy(endpoint_name=name, ...)` with an `inference_config`, or with `instance_type` and `initial_instance_count`. "
        "Return `name`.",
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
    agency = newest_endpoint(answer, "agency")
    body = line(flight(answer.rng))
    said = answer.client("sagemaker-runtime").invoke_endpoint(EndpointName=agency, ContentType="text/csv", Body=body)
    judge(answer, report, _artifact_of(answer, agency), PRACTICE_HOURS, body, float(said["Body"].read()))


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


def _artifact_of(answer: Answer, endpoint: str) -> str:
    """The URI of the archive of an endpoint's one model."""
    return answer.client("sagemaker").describe_model(ModelName=_model_of(answer, endpoint))["PrimaryContainer"]["ModelDataUrl"]


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    agency = newest_endpoint(answer, "agency")
    model = _model_of(answer, agency)
    bucket, _ = apart(_artifact_of(answer, agency))
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
