"""m04_2: training jobs that fail."""

from typing import Any

from course.grading import Answer, Exercise, Function, Report, Value
from course.grading.citing import cites
from course.grading.scoring import guard_share

from .m04_2_cases import ACTION_QUESTIONS, ACTIONS, CAUSES, MUTANTS, PRACTICE_REQUESTS, TICKETS, asked, failed

GROUP = "/aws/sagemaker/TrainingJobs"

ex1 = Exercise(
    id="m04_2_ex1",
    title="Diagnose and repair five failed jobs",
    section="What the log says",
    pattern=4,
    parts={"form": 0.5, "cause": 1.5, "evidence": 1.5, "repair": 1.5},
    evidence={"diagnoses": Value(dict), "repairs": Value(dict)},
    skills={"C01": ["4.2.S1", "2.3.K5"], "C02": ["2.2.1"]},
    topics=["train.failures"],
    seconds=60,
    hints=(
        "Read each log from below, past the words that all failures share, up to the line that is of one job alone.",
        "The line with the exception says what was not accepted. Compare the failed job's request with `healthy`, field by field.",
        'One entry: `diagnoses["ticket-9"] = {"cause": "range", "line": "Hyperparameter"}`, '
        'and `repairs["ticket-9"] = {"HyperParameters.gamma": "0"}`: the path of the one field that differs, and its right value.',
    ),
)

ex2 = Exercise(
    id="m04_2_ex2",
    title="Write the rule that sorts failures",
    section="Sorting failures",
    pattern=1,
    parts={"practice": 0.25, "action": 1.75, "line": 1},
    evidence={"triage": Function("triage(description: dict, log: list) -> dict")},
    skills={"C01": ["4.2.S1", "4.1.S2"], "C02": ["2.2.1"]},
    topics=["train.failures"],
    seconds=10,
    hints=(
        "The status and the beginning of the reason settle four of the six actions. Only the other two need the log.",
        "A line with an exception begins with the name of its class, which ends in `Error`, and a colon. When there are two, "
        "the later one is what the job failed of.",
        "Status first, then `startswith` on the reason, then `137`. Else take the last line matching `^\\w+Error: `, and look in it for "
        "the words hyperparameter, channel and ContentType.",
    ),
)

ex3 = Exercise(
    id="m04_2_ex3",
    title="Refuse a bad request before it costs anything",
    section="Before it costs anything",
    pattern=5,
    parts={"practice": 0.25, "guard": 1.75},
    evidence={"preflight": Function("preflight(request: dict, heads: dict) -> list")},
    skills={"C01": ["1.3.S1"], "C02": ["1.3.1"]},
    topics=["train.failures"],
    seconds=10,
    hints=(
        "Go through the list of what can be seen beforehand, a reason each. Then ask which of them a sound request trips.",
        "Cells may be empty; LIBSVM rows have no commas; labels of a regression are any number; a content type may go on after `;`.",
        'Begin with the names of the channels and the types. When a type is CSV, split its lines at commas, try `float(cell or "nan")`; '
        "compare the widths of all lines; look at the first cells only for objectives that begin with `binary:`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    if not check_form(answer, report):
        return
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    found = {ticket: log_of(logs, job_of(sagemaker, ticket)) for ticket in TICKETS}
    wrong = []
    for ticket, lines in found.items():
        cited = answer.value("diagnoses")[ticket]["line"]
        if not cites(cited, lines):
            wrong.append(f"{ticket}: its log has no line with {cited[:60]!r}; expected words of a line of this job's log.")
        elif all(cites(cited, others) for others in found.values()):
            wrong.append(
                f"{ticket}: {cited[:60]!r} stands in the logs of all five jobs; expected words that tell this job from the others."
            )
    report.part("evidence", 1 - len(wrong) / len(TICKETS), wrong[0] if wrong else "Every cited line stands in its log.")


def check_form(answer: Answer, report: Report) -> bool:
    """Whether diagnoses and repairs are such; reports the part ``form``."""
    diagnoses, repairs = answer.value("diagnoses"), answer.value("repairs")
    for name, given in (("diagnoses", diagnoses), ("repairs", repairs)):
        if set(given) != set(TICKETS):
            return report.part("form", False, f"`{name}` has the keys {sorted(map(str, given))}; expected the five tickets.")
    for ticket in TICKETS:
        diagnosis, repair = diagnoses[ticket], repairs[ticket]
        if (
            not isinstance(diagnosis, dict)
            or set(diagnosis) != {"cause", "line"}
            or not all(isinstance(v, str) for v in diagnosis.values())
        ):
            return report.part("form", False, f"The diagnosis of {ticket} is {diagnosis!r}; expected 'cause' and 'line', both text.")
        if diagnosis["cause"] not in CAUSES:
            return report.part("form", False, f"The cause of {ticket} is {diagnosis['cause']!r}; expected a word of the table.")
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            return report.part(
                "form", False, f"The repair of {ticket} is {repair!r}; expected a dict from the path of a field to its new value."
            )
    return report.part("form", True, "Diagnoses and repairs have their form.")


def job_of(sagemaker: Any, ticket: str) -> dict:
    """The description of the ticket's latest job."""
    found = sagemaker.list_training_jobs(NameContains=f"{ticket}-", SortBy="CreationTime", SortOrder="Descending", MaxResults=1)
    names = [summary["TrainingJobName"] for summary in found["TrainingJobSummaries"]]
    return sagemaker.describe_training_job(TrainingJobName=names[0] if names else ticket)


def log_of(logs: Any, job: dict) -> list[str]:
    """All lines that the job printed."""
    streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job['TrainingJobName']}/")["logStreams"]
    names = [stream["logStreamName"] for stream in streams]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=names)
    return [event["message"] for page in pages for event in page["events"]]


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for action in ACTIONS:
        description, log, line = failed(answer.rng, action)
        got = sorted_out(answer, report, description, log, "practice")
        if got is None:
            return
        said = f"`triage(...)` returned {got} for a job with the status {description['TrainingJobStatus']!r}, the secondary status "
        said += f"{description['SecondaryStatus']!r} and the reason {_ends(description.get('FailureReason', 'none'))}:"
        if not report.part("practice", got["action"] == action, f"{said} {ACTION_QUESTIONS[action]}"):
            return
        question = "its log has two exceptions; which of them ended the job?" if line else "no exception says so; expected no line."
        if not report.part("practice", got["line"] == line, f"{said} {question}"):
            return


def _ends(reason: str) -> str:
    return repr(reason if len(reason) < 60 else f"{reason[:34]}...{reason[-20:]}")


def sorted_out(answer: Answer, report: Report, description: dict, log: list[str], part: str) -> dict | None:
    """The learner's triage of a job; reports the part and returns None when it is none."""
    got = answer.call("triage", description, log)
    called = f"`triage(...)` returned {got!r}"
    if not report.part(part, set(got) == {"action", "line"}, f"{called}; expected the keys 'action' and 'line'."):
        return None
    if not report.part(part, got["action"] in ACTIONS, f"{called}; expected an action of the table."):
        return None
    whole = got["line"] == "" or got["line"] in log
    return got if report.part(part, whole, f"{called}; expected a whole line of the log as 'line', or '' for none.") else None


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    caught, alarms, said = [], [], []
    for kind, words in PRACTICE_REQUESTS.items():
        got = reasons(answer, report, kind, "practice")
        if got is None:
            return
        (caught if kind in MUTANTS else alarms).append(bool(got))
        if bool(got) != (kind in MUTANTS):
            said.append(f"`preflight(...)` returned {got} for a request {words}; expected {'a reason' if kind in MUTANTS else 'none'}.")
    report.part("practice", guard_share(caught, alarms), " ".join(said[:2]) or "Six requests, sound and bad.")


def reasons(answer: Answer, report: Report, kind: str, part: str) -> list | None:
    """The learner's reasons against a request; reports the part and returns None when they are none."""
    got = answer.call("preflight", *asked(answer.rng, kind))
    good = all(isinstance(reason, str) and reason for reason in got)
    return got if report.part(part, good, f"`preflight(...)` returned {got!r}; expected a list of reasons in words, or [].") else None
