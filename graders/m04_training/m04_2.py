"""m04_2: training jobs that fail."""

from course.exercises.failed_jobs import FAULTS, TICKETS
from course.grading import Answer, Exercise, Function, Report, Value
from course.grading.scoring import guard_share

from .m04_2_cases import ACTION_QUESTIONS, ACTIONS, MUTANTS, PRACTICE_REQUESTS, asked, practice_jobs
from .m04_2_probe import doubtful_cause, doubtful_line, jobs_of, log_of, reruns

ex1 = Exercise(
    id="m04_2_ex1",
    title="Diagnose and repair five failed jobs",
    section="What the log says",
    pattern=4,
    parts={"form": 0.5, "cause": 1.5, "evidence": 1.5, "repair": 1.5},
    evidence={"diagnoses": Value(dict), "repairs": Value(dict)},
    skills={"C01": ["4.2.S1"], "C02": ["4.2.2"]},
    topics=["train.failures"],
    seconds=60,
    hints=(
        "Read each log from below, past the words that all failures share, up to the line that is of one job alone.",
        "The message of the exception says what was not accepted. Which field of the request named that, or named the files that hold it? "
        "When it is about the files, look at their first lines.",
        'One entry: `diagnoses["ticket-9"] = {"cause": "range", "line": "Hyperparameter gamma"}`, '
        'and `repairs["ticket-9"] = {"HyperParameters.gamma": "0"}`: the path of the one field at fault, and its right value.',
    ),
)

ex2 = Exercise(
    id="m04_2_ex2",
    title="Write the rule that sorts failures",
    section="Sorting failures",
    pattern=1,
    parts={"practice": 0.25, "action": 1.75, "line": 1},
    evidence={"triage": Function("triage(description: dict, log: list) -> dict")},
    skills={"C01": ["4.1.S2", "4.2.S1"], "C02": ["4.1.2", "4.2.2"]},
    topics=["train.failures"],
    seconds=10,
    hints=(
        "The status and the beginning of the reason settle four of the six actions. Only the other two need the log.",
        "A line with an exception begins with the name of its class, which ends in `Error`, and a colon. When there are two, "
        "the later one is what the job failed of.",
        "Status first, then `startswith` on the reason, then `137`. Else take the last line matching `^[\\w.]+Error: `, and look in its "
        "small letters for the five words of the table.",
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
    s3, diagnoses, repairs = answer.client("s3"), answer.value("diagnoses"), answer.value("repairs")
    jobs = jobs_of(answer)
    logs = {ticket: log_of(answer.client("logs"), job) for ticket, job in jobs.items()}
    again = reruns(answer, jobs, repairs, report.doing)
    causes = [
        doubtful_cause(ticket, diagnoses[ticket]["cause"], jobs[ticket], repairs[ticket], s3)
        if again[ticket].share > 0
        else f"{ticket}: the cause is judged once the job ends well with your repair."
        for ticket in TICKETS
    ]
    _all_of(report, "cause", causes)
    _all_of(report, "evidence", [doubtful_line(ticket, diagnoses[ticket]["line"], logs, again[ticket]) for ticket in TICKETS])
    share = sum(one.share for one in again.values()) / len(TICKETS)
    report.part("repair", share, "\n".join(one.message for one in again.values() if one.message) or "All five jobs end well.")


def _all_of(report: Report, part: str, doubts: list[str]) -> None:
    """Reports a part with every doubt, "" for a ticket without one."""
    found = [doubt for doubt in doubts if doubt]
    report.part(part, 1 - len(found) / len(TICKETS), "\n".join(found) or "Nothing speaks against it.")


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
        if diagnosis["cause"] not in FAULTS:
            return report.part("form", False, f"The cause of {ticket} is {diagnosis['cause']!r}; expected a word of the table.")
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            return report.part(
                "form", False, f"The repair of {ticket} is {repair!r}; expected a dict from the path of a field to its new value."
            )
    return report.part("form", True, "Diagnoses and repairs have their form.")


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for action, description, log, line in practice_jobs(answer.rng):
        got = sorted_out(answer, report, description, log, "practice")
        if got is None:
            return
        said = f"`triage(...)` returned {got} for a job with the status {description['TrainingJobStatus']!r}, the secondary status "
        said += f"{description['SecondaryStatus']!r} and the reason {_ends(description.get('FailureReason', 'none'))}"
        said += f", whose last exception is {line!r}:" if line else ":"
        question = "which of the exceptions in its log, if there are several, ended the job?" if line else "expected no line."
        faults = [ACTION_QUESTIONS[action]] * (got["action"] != action) + [question] * (got["line"] != line)
        if faults:
            report.part("practice", False, f"{said} {' And: '.join(faults)}")
            return
    report.part("practice", True, "Nine jobs, each with another end.")


def _ends(reason: str) -> str:
    return repr(reason if len(reason) < 60 else f"{reason[:34]}...{reason[-20:]}")


def sorted_out(answer: Answer, report: Report, description: dict, log: list[str], part: str) -> dict | None:
    """The learner's triage of a job; reports the part and returns None when it is none."""
    got = answer.call("triage", description, log)
    if set(got) != {"action", "line"}:
        fault = "expected the keys 'action' and 'line'"
    elif not isinstance(got["action"], str) or got["action"] not in ACTIONS:
        fault = "expected an action of the table"
    elif got["line"] != "" and got["line"] not in log:
        fault = "expected a whole line of the log as 'line', or '' for none"
    else:
        return got
    report.part(part, False, f"`triage(...)` returned {got!r}; {fault}.")
    return None


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    caught, alarms, said = [], [], []
    for kind, words in PRACTICE_REQUESTS.items():
        request, heads = asked(answer.rng, kind)
        got = reasons(answer, report, request, heads, "practice")
        if got is None:
            return
        (caught if kind in MUTANTS else alarms).append(bool(got))
        if bool(got) != (kind in MUTANTS):
            types = sorted({channel.get("ContentType", "none") for channel in request["InputDataConfig"]})
            words = words if kind in MUTANTS else f"{words}, its content type {' and '.join(map(repr, types))}"
            said.append(f"`preflight(...)` returned {got} for a request {words}; expected {'a reason' if kind in MUTANTS else 'none'}.")
    more = f" And so for {len(said) - 2} more." if len(said) > 2 else ""
    report.part("practice", guard_share(caught, alarms), " ".join(said[:2]) + more or "Twelve requests, sound and bad.")


def reasons(answer: Answer, report: Report, request: dict, heads: dict, part: str) -> list | None:
    """The learner's reasons against a request; reports the part and returns None when they are none."""
    got = answer.call("preflight", request, heads)
    if all(isinstance(reason, str) and reason for reason in got):
        return got
    report.part(part, False, f"`preflight(...)` returned {got!r}; expected a list of reasons in words, or [].")
    return None
