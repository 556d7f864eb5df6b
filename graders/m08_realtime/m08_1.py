"""m08_1: a real-time endpoint, its client, its latency, its update and its errors."""

from statistics import fmean
from typing import Any

from course.grading import Answer, AnswerError, Exercise, Function, Report
from course.grading.exercise import seeds, stored

from .m08_1_cases import ACTIONS, COLUMNS, MOST_INSTANCES, PRACTICE_ERRORS, PROBE_ROW, Replayed, brief, flights
from .m08_1_probe import deployed, judge_update

PRACTICE_LIMIT = 400  # bytes
NO_ENDPOINT = "no-such-endpoint"
PRACTICE_TRAFFIC = ((1.5, True), (5, False), (7.5, True))  # requests a second, and whether late answers are dear: no one number suits
QUIET = 1 / 60  # requests a second
PRACTICE_REGRET = 0.06
PRACTICE_VARIANT = {"VariantName": "Main", "InstanceType": "ml.c5.large", "InitialInstanceCount": 2}  # not the lesson's own

ex1 = Exercise(
    id="m08_1_ex1",
    title="Write the client of the endpoint",
    section="Ask",
    parts={"lines": 1, "limit": 0.5, "answers": 1},
    evidence={
        "bodies": Function("bodies(flights: list[dict], limit: int) -> list[str]"),
        "predict": Function("predict(endpoint: str, flights: list[dict], limit: int) -> list[float]"),
    },
    skills={"C01": ["3.1.K3"], "C02": ["3.1.3"]},
    topics=["deploy.realtime"],
    seconds=30,
    hints=(
        "Write the function for one flight first: eight fields, in the order of `COLUMNS`. Then pack lines into bodies.",
        "A line goes into the last body if that body, a line break and the line are not longer than `limit`; else it begins a "
        "new one. The answer "
        "to several lines came back above: which character stands between the numbers?",
        '`",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS)`; '
        '`answer.replace(",", " ").split()` takes numbers apart.',
    ),
)

ex2 = Exercise(
    id="m08_1_ex2",
    title="Choose how many instances it is worth",
    section="When many ask at once",
    pattern=3,
    parts={"practice": 0.25, "regret": 2.25},
    evidence={"instances": Function("instances(brief: dict) -> int")},
    skills={"C01": ["3.1.S1", "4.2.S6"], "C02": ["3.1.1", "4.2.4"]},
    topics=["deploy.realtime"],
    seconds=60,
    hints=(
        "You have the last ten minutes. What would each number of instances have cost in them?",
        "A request's service takes ModelLatency and OverheadLatency together. In which unit are they, and "
        "in which does `answer_times` count?",
        "For each count from 1 to 12: `answer_times(brief['arrivals'], service, count)`, count the late ones; "
        "ten minutes are a sixth of an hour.",
    ),
)

ex3 = Exercise(
    id="m08_1_ex3",
    title="Update the endpoint under load",
    section="Change the model while it answers",
    pattern=9,
    parts={"updated": 0.5, "lost": 1, "answers": 0.5, "kept": 0.5, "old_configuration": 0.5},
    evidence={
        "update": Function("update(endpoint: str, model_data: str) -> str"),
    },
    skills={"C01": ["3.1.K1", "3.2.S5"], "C02": ["3.2.5"]},
    topics=["deploy.realtime"],
    seconds=90,
    hints=(
        "Three requests make an endpoint. Which two of them does a new model need again, and which call takes the place of the third?",
        "`Endpoint.get` (`describe_endpoint`) names the present configuration, `EndpointConfig.get` (`describe_endpoint_config`) shows its "
        "variant. What waited for the deployment waits for the update as well.",
        "With the SDK: `build`; `EndpointConfig.create` with the present variant and its new `model_name`; set the configuration's name; "
        "`update`; wait; `delete` of the old configuration. With boto3: create_model; create_endpoint_config with "
        "`ProductionVariants=[present | {'ModelName': new}]`; update_endpoint; waiter; delete_endpoint_config.",
    ),
)

ex4 = Exercise(
    id="m08_1_ex4",
    title="Stretch: react to an error",
    section="When a request fails",
    pattern=1,
    parts={"practice": 0.25, "do": 1, "wait": 0.25, "page": 0.5},
    evidence={"react": Function("react(error: dict) -> dict")},
    skills={"C01": ["4.2.K1"], "C02": ["4.2.2"]},
    topics=["deploy.realtime", "deploy.integrate"],
    seconds=5,
    hints=(
        "Ask three questions in this order: can the same request ever succeed; must a person act; is there time for another try?",
        "Compare `original_status` for a ModelError; the message tells a missing endpoint from a bad request. The "
        "wait is 100, 200, 400, 800 ms.",
        "First `fix` and return. Then `page` for denied, gone, or a program that failed again. "
        "Then `retry` only if `wait + 200 <= left_ms`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    cases = flights(answer.rng, 12)
    cases[1]["temp"], cases[2]["weekday"] = None, 0
    check_client(answer, report, cases, PRACTICE_LIMIT)


def live_endpoint(answer: Answer) -> str:
    """The name of the lesson's newest endpoint in service. Raises `AnswerError` when there is none."""
    sagemaker = answer.client("sagemaker")
    found = sagemaker.list_endpoints(NameContains="late-flights", StatusEquals="InService", SortBy="CreationTime", SortOrder="Descending")
    if not found["Endpoints"]:
        raise AnswerError("No endpoint of this lesson is in service; run the cells under Deploy again.")
    return found["Endpoints"][0]["EndpointName"]


def line_of(flight: dict) -> list[float | None]:
    return [flight[name] for name in COLUMNS]


def check_client(answer: Answer, report: Report, cases: list[dict], limit: int) -> None:
    """Find part by part whether bodies and answers for these flights are right, and for none; stops at the first mistake."""
    bodies = answer.call("bodies", cases, limit)
    lines = [line for body in bodies for line in body.strip("\n").split("\n")]
    called = f"`bodies(...)` for {len(cases)} flights with the limit {limit}"
    if not _check_lines(report, called, lines, cases) or not _check_limit(report, called, bodies, limit):
        return
    report.finished("lines")
    if not _check_at_the_limit(answer, report, cases[:3]) or not _check_nothing(answer, report, "limit", "bodies", [], 1000):
        return
    endpoint = live_endpoint(answer)
    if not _check_answers(answer, report, endpoint, cases, limit) or not _check_nothing(
        answer, report, "answers", "predict", endpoint, [], 1000
    ):
        return
    try:
        got = answer.call("predict", NO_ENDPOINT, cases[:1], limit)
    except AnswerError:
        return  # as it must: there is no such endpoint
    said = f"`predict({NO_ENDPOINT!r}, ...)` returned {got!r}, and there is no such endpoint: does it ask the endpoint that it is given?"
    report.part("answers", False, said)


def _check_at_the_limit(answer: Answer, report: Report, cases: list[dict]) -> bool:
    """Whether flights whose lines fill one body to its last byte get one, and two when it is a byte less."""
    lines = "\n".join(body.strip("\n") for body in answer.call("bodies", cases, 10_000))
    for limit in (len(lines.encode()), len(lines.encode()) - 1):
        bodies = answer.call("bodies", cases, limit)
        if not _check_limit(report, f"`bodies(...)` for {len(cases)} flights with the limit {limit}", bodies, limit):
            return False
    return True


def _check_nothing(answer: Answer, report: Report, part: str, name: str, *arguments: Any) -> bool:
    """Whether a function has nothing to say where there is no flight."""
    try:
        got = answer.call(name, *arguments)
    except AnswerError as error:
        return report.part(part, False, f"{error} There is no flight in this call: expected an empty list.")
    return report.part(part, got == [], f"`{name}(...)` returned {got!r} for no flight at all; expected an empty list.")


def _check_answers(answer: Answer, report: Report, endpoint: str, cases: list[dict], limit: int) -> bool:
    got = answer.call("predict", endpoint, cases, limit)
    text = "\n".join(",".join("" if value is None else str(value) for value in line_of(flight)) for flight in cases)
    runtime = answer.client("sagemaker-runtime")
    said = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=text)["Body"].read().decode()
    wanted = [float(number) for number in said.replace(",", " ").split()]
    called = f"`predict(...)` returned a list of {len(got)} for {len(cases)} flights"
    if not report.part(
        "answers", len(got) == len(wanted), f"{called}; expected one a flight: are all answers taken apart, and all requests sent?"
    ):
        return False
    if sorted(got) != got and sorted(round(one, 5) for one in got) == sorted(round(one, 5) for one in wanted):
        report.part("answers", _near(got, wanted), f"{called}, the right ones in another order: answer 2 belongs to flight 2.")
        return _near(got, wanted)
    return report.part("answers", _near(got, wanted), f"{called}, but some are not what the endpoint says of these flights.")


def _near(got: list[float], wanted: list[float]) -> bool:
    return all(abs(one - other) < 1e-5 for one, other in zip(got, wanted, strict=True))


def _check_lines(report: Report, called: str, lines: list[str], cases: list[dict]) -> bool:
    fields = [line.split(",") for line in lines]
    if len(lines) > 1 and "temp" in lines[0]:
        return report.part(
            "lines", False, f"{called} begins with {lines[0]!r}: a request has no header; the model would take it for a flight."
        )
    if not report.part("lines", len(lines) == len(cases), f"{called} has {len(lines)} lines in all; expected one a flight."):
        return False
    if wrong := next((line for line, row in zip(lines, fields, strict=True) if len(row) != len(COLUMNS)), None):
        return report.part(
            "lines", False, f"{called} holds the line {wrong!r} with {wrong.count(',') + 1} fields; expected the model's columns alone."
        )
    if words := next((field for row in fields for field in row if field.strip().lower() in ("none", "nan", "null")), None):
        return report.part("lines", False, f"{called} holds the word {words!r}; expected an empty field where a value is missing.")
    for line, row, flight in zip(lines, fields, cases, strict=True):
        wanted = ["" if value is None else float(value) for value in line_of(flight)]
        try:
            got = [float(field) if field.strip() else "" for field in row]
        except ValueError:
            return report.part("lines", False, f"{called} holds the line {line!r}; expected numbers and empty fields alone.")
        if got != wanted:
            same = sorted(map(str, got)) == sorted(map(str, wanted))
            why = (
                "the right values in another order than in training; a column is known by its place."
                if same
                else "not that flight's values."
            )
            return report.part("lines", False, f"{called} holds the line {line!r} for {flight}: {why}")
    return report.part("lines", True, "One line a flight.")


def _check_limit(report: Report, called: str, bodies: list[str], limit: int) -> bool:
    """Whether no body is longer than the limit, and none could have taken the next line; reports the part ``limit``."""
    longest = max((len(body.encode()) for body in bodies), default=0)
    if not report.part("limit", longest <= limit, f"{called} has a body of {longest} bytes: the endpoint would refuse it."):
        return False
    wasted = any(
        len(one.strip("\n")) + 1 + len(other.strip("\n").split("\n")[0]) <= limit for one, other in zip(bodies, bodies[1:], strict=False)
    )
    return report.part(
        "limit", not wasted, f"{called} has {len(bodies)} bodies, some with room for the next line: expected no more than needed."
    )


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("replays ten minutes with the numbers that you choose")
    briefs, outcomes = practice_briefs(), [Replayed(**each) for each in stored.outcomes(__file__)]
    counts = [capacity(answer, report, given, "practice") for given in briefs]
    if None in counts:
        return
    regret = fmean(came_to.usd[count - 1] / min(came_to.usd) - 1 for came_to, count in zip(outcomes, counts, strict=True))
    said = f"`instances(...)` returned {', '.join(map(str, counts))} for the practice briefs; their own ten minutes, replayed, cost "
    said += f"{regret:.0%} more on average than with the best numbers."
    good = regret <= PRACTICE_REGRET
    if not report.part("practice", good, said if good else f"{said} {capacity_hint(counts, outcomes)}"):
        return
    given = brief(answer.rng, QUIET, dear=False)
    count = capacity(answer, report, given, "practice")
    said = f"`instances(...)` returned {count} for {len(given['arrivals'])} requests in ten minutes; expected what the text says of so few."
    if count is not None:
        report.part("practice", count == 1, said)


def practice_briefs() -> list[dict]:
    rng = seeds.shared_practice(ex2.id)
    return [brief(rng, rate, dear) for rate, dear in PRACTICE_TRAFFIC]


def capacity_hint(counts: list[int], outcomes: list[Replayed]) -> str:
    """What the numbers have in common, said as a question to the rule."""
    if set(counts) in ({1}, {MOST_INSTANCES}):
        return (
            "They are all one end of the range: do your latencies and the limit have the same unit, and does a request wait for its turn?"
        )
    if len(set(counts)) == 1:
        return "They are the same for all briefs: what in a brief moves them?"
    if counts == [each.at_six_times_the_price for each in outcomes]:
        return "They are the numbers for instances at six times their price: how much of an hour do you pay?"
    if counts == [each.without_overhead for each in outcomes]:
        return "They are the numbers for answers without SageMaker's overhead: which two latencies does a caller wait for?"
    if sum(count > each.best for count, each in zip(counts, outcomes, strict=True)) > len(counts) / 3:
        return "They are too high where late answers are cheap: does the price of a late answer move your number?"
    return "They are too low: requests come in bursts, and whatever comes while all are busy waits. Does your rule look at the waiting?"


def capacity(answer: Answer, report: Report, given: dict, part: str) -> int | None:
    """The learner's number; reports the part and returns None when it is not one."""
    count = answer.call("instances", given)
    said = f"`instances(...)` returned {count} for a brief with {len(given['arrivals'])} requests in ten minutes"
    good = 1 <= count <= MOST_INSTANCES
    return count if report.part(part, good, f"{said}; expected a number from 1 to {MOST_INSTANCES}.") else None


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    sagemaker, name = answer.client("sagemaker"), f"practice-m08-1-{answer.token()}"
    old, new = _artifacts(answer)
    if not _asks_for_the_endpoint(answer, report, new):
        return
    config = sagemaker.describe_endpoint(EndpointName=live_endpoint(answer))["EndpointConfigName"]
    model = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]["ModelName"]
    described = sagemaker.describe_model(ModelName=model)
    container = {"Image": described["PrimaryContainer"]["Image"], "ModelDataUrl": old}
    report.doing("deploys an endpoint for practice")
    with deployed(sagemaker, name, described["ExecutionRoleArn"], container, PRACTICE_VARIANT):
        report.doing("calls `update(...)` while requests come in")
        if not judge_update(answer, report, name, new, PROBE_ROW):
            return
        report.doing("calls `update(...)` a second time")
        try:
            judge_update(answer, report, name, old, PROBE_ROW)
        except AnswerError as error:
            report.part("updated", False, f"Once it worked. The second time {error}")


def _asks_for_the_endpoint(answer: Answer, report: Report, model_data: str) -> bool:
    """Whether the learner's function fails where there is no endpoint; only then one is deployed for it."""
    try:
        got = answer.call("update", NO_ENDPOINT, model_data)
    except AnswerError as error:
        if error.unanswered:
            raise
        return True
    said = f"`update({NO_ENDPOINT!r}, ...)` returned {got!r}, and there is no such endpoint: does it update the endpoint that it is given?"
    for part in report.exercise.parts:
        report.part(part, False, said if part == "updated" else "Not looked at, since nothing was updated.")
    return False


def _artifacts(answer: Answer) -> tuple[str, str]:
    """The URIs of the two models that the lesson trained last."""
    sagemaker = answer.client("sagemaker")
    newest_first = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    jobs = sagemaker.list_training_jobs(NameContains="late-flights", StatusEquals="Completed", **newest_first)["TrainingJobSummaries"][:2]
    if len(jobs) < 2:
        raise AnswerError("The lesson's two models are not there; run the cells under 'Two models, one endpoint' again.")
    described = [sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"]) for job in jobs]
    return described[0]["ModelArtifacts"]["S3ModelArtifacts"], described[1]["ModelArtifacts"]["S3ModelArtifacts"]


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    for error, suits, question in PRACTICE_ERRORS:
        got = reaction(answer, report, error, "practice")
        said = f"`react({error})` returned {got!r}, which is not what the team's rules say: {question}"
        if got is None or not report.part("practice", got == suits, said):
            return


def reaction(answer: Answer, report: Report, error: dict, part: str) -> dict | None:
    """The learner's reaction; reports the part and returns None when it is not one."""
    got = answer.call("react", error)
    called = f"`react({error})` returned {got!r}"
    if not report.part(part, set(got) == {"do", "wait_ms", "page"}, f"{called}; expected the keys 'do', 'wait_ms' and 'page'."):
        return None
    if not report.part(part, got["do"] in ACTIONS, f"{called}; expected one of the three actions for 'do'."):
        return None
    kinds = isinstance(got["page"], bool) and type(got["wait_ms"]) is int
    return got if report.part(part, kinds, f"{called}; expected a whole number for 'wait_ms' and a bool for 'page'.") else None
