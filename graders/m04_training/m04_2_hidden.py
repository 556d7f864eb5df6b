# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m04_2."""

import contextlib
import copy
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError, WaiterError

from course.grading import Answer, Report
from course.grading.citing import shows
from course.grading.scoring import guard_share, rule_share

from .m04_2 import check_form, ex1, ex2, ex3, job_of, log_of, reasons, sorted_out
from .m04_2_cases import MUTANTS, SOUND, failures, planted

WAIT = {"Delay": 0.2, "MaxAttempts": 300}
AT_ONCE = 4  # instances in training jobs that a new account may run
URI = "DataSource.S3DataSource.S3Uri"
# By cause: the field that is at fault, words of the lines that show it, and what the field of the sound request holds at its end.
FAULTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "channel": ("InputDataConfig.training.ChannelName", ("Missing required channel",), "train"),
    "columns": (f"InputDataConfig.validation.{URI}", ("Number of columns does not match", "Validation matrix has"), "/data/validation/"),
    "format": ("InputDataConfig.train.ContentType", ("is not 'LIBSVM' format",), "csv"),
    "header": (f"InputDataConfig.train.{URI}", ("is not all numbers",), "/data/train/"),
    "labels": (f"InputDataConfig.train.{URI}", ("base_score must be in", "label must be in"), "/data/train/"),
    "objective": ("HyperParameters.objective", ("can only be applied for classification",), "binary:logistic"),
    "prefix": (f"InputDataConfig.train.{URI}", ("must match exactly",), "/data/train/"),
    "range": ("HyperParameters.eta", ("Hyperparameter eta",), ""),
}
SEEN_IN_ROWS = {"header", "columns", "labels"}
SEEN_IN_BOTH = {"wrong type"}
FIELDS = (
    "RoleArn",
    "AlgorithmSpecification",
    "HyperParameters",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
)


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    causes, diagnoses, repairs = planted(answer.variant()), answer.value("diagnoses"), answer.value("repairs")
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    jobs = {ticket: job_of(sagemaker, ticket) for ticket in causes}
    if not check_form(answer, report):
        return
    named = [diagnoses[ticket]["cause"] == cause for ticket, cause in causes.items()]
    report.part("cause", sum(named) / 5, f"{sum(named)} of 5 causes are right. Which line of the log is of this job alone?")
    shown = [shows(diagnoses[ticket]["line"], log_of(logs, jobs[ticket]), FAULTS[cause][1]) for ticket, cause in causes.items()]
    report.part(
        "evidence", sum(shown) / 5, f"{sum(shown)} of 5 cited lines show the cause. The others stand in every failed job's log, or in none."
    )
    found = _rerun(answer, jobs, repairs, causes)
    wrong = next((message for share, message in found.values() if share < 1), "")
    share = sum(share for share, _ in found.values()) / 5
    report.part("repair", share, wrong or "All five jobs end well.")


def _rerun(answer: Answer, jobs: dict[str, dict], repairs: dict[str, dict], causes: dict[str, str]) -> dict[str, tuple[float, str]]:
    """Share and message of each repair; the repaired jobs run side by side."""
    sagemaker = answer.client("sagemaker")
    found, started = {}, {}
    for ticket, job in jobs.items():
        name = f"graded-m04-2-{answer.token()}"
        if len(started) == AT_ONCE:
            _wait(sagemaker, next(iter(started.values())))
        try:
            sagemaker.create_training_job(TrainingJobName=name, **_repaired(job, repairs[ticket]))
            started[ticket] = name
        except (KeyError, TypeError, ClientError, ParamValidationError) as error:
            found[ticket] = (0.0, f"{ticket}: the repaired request was not accepted: {str(error)[:200]}")
    for ticket, name in started.items():
        found[ticket] = _judged(ticket, _wait(sagemaker, name), repairs[ticket], causes[ticket])
    return found


def _wait(sagemaker: Any, name: str) -> dict:
    with contextlib.suppress(WaiterError):  # what became of a failed job stands in its description
        sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name, WaiterConfig=WAIT)
    return sagemaker.describe_training_job(TrainingJobName=name)


def _judged(ticket: str, job: dict, repair: dict, cause: str) -> tuple[float, str]:
    path, _, ending = FAULTS[cause]
    if job["TrainingJobStatus"] != "Completed":
        if set(repair) == {"StoppingCondition.MaxRuntimeInSeconds"}:
            return 0.0, f"{ticket}: It ran longer and failed for the same reason: time was not it."
        return 0.0, f"{ticket}: the job ran again with your change of {', '.join(repair)} and ended {job['TrainingJobStatus']}."
    if "validation:auc" not in {metric["MetricName"] for metric in job.get("FinalMetricDataList", [])}:
        return 0.0, f"{ticket}: the job ends well, but no longer reports the AUC on the validation channel."
    if path not in repair or not str(repair[path]).endswith(ending):
        return 0.0, f"{ticket}: the job ends well, but it is another job: other data, or a fault that is only covered up."
    if len(repair) > 1:
        return 0.5, f"{ticket}: the job ends well, but the repair changes {len(repair)} fields: more than the fault."
    return 1.0, "ends well"


def _repaired(job: dict, repair: dict) -> dict:
    """The request that was made for a job, with the changes. Raises KeyError when it has no such field."""
    request = {field: copy.deepcopy(job[field]) for field in FIELDS}
    for extra in ("MetricDefinitions", "EnableSageMakerMetricsTimeSeries"):
        request["AlgorithmSpecification"].pop(extra, None)
    changes = []
    for path, value in repair.items():
        *way, last = path.split(".")
        place: Any = request
        for step in way:
            place = _channel(place, step) if isinstance(place, list) else place[step]
        changes.append((place, last, value))
    for place, last, value in changes:  # after all were looked up: a channel may be renamed
        place[last] = value
    return request


def _channel(channels: list[dict], name: str) -> dict:
    found = [channel for channel in channels if channel["ChannelName"] == name]
    if not found:
        raise KeyError(f"no channel is called {name!r}")
    return found[0]


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    cases, given = failures(answer.rng), []
    for _, description, log, _ in cases:
        got = sorted_out(answer, report, description, log, "action")
        if got is None:
            return
        given.append(got)
    actions = [got["action"] for got in given]
    missed = [(got, action) for got, (action, *_) in zip(actions, cases, strict=True) if got != action]
    report.part(
        "action",
        rule_share(actions, [{action} for action, *_ in cases]),
        f"{40 - len(missed)} of 40 unseen failures were sorted rightly. {_why(missed)}",
    )
    lines = [got["line"] for got in given]
    right = sum(line == wanted for line, (*_, wanted) in zip(lines, cases, strict=True))
    report.part(
        "line",
        rule_share(lines, [{wanted} for *_, wanted in cases]),
        f"For {right} of 40 the line is the one that names the cause, or rightly none. What comes after `During handling of`?",
    )


def _why(missed: list[tuple[str, str]]) -> str:
    if not missed:
        return ""
    wanted = {action for _, action in missed}
    if wanted <= {"mend the request", "mend the data"}:
        return "All misses are errors of the algorithm: a reason is cut off after 1,024 characters, so what does the log say last?"
    if wanted <= {"more time", "leave"}:
        return "All misses are stopped jobs: which field says who stopped them?"
    if wanted <= {"more memory", "send again"}:
        return "All misses are in how the reason begins and ends: an exit code, or the name of an error."
    return "Ask the questions of the table from top to bottom."


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    caught, alarms = {}, {}
    for kinds, found in ((MUTANTS, caught), (SOUND, alarms)):
        for kind in kinds * 3:
            got = reasons(answer, report, kind, "guard")
            if got is None:
                return
            found.setdefault(kind, []).append(bool(got))
    share = guard_share(sum(caught.values(), []), sum(alarms.values(), []))
    report.part("guard", share, _guard_message(caught, alarms))


def _guard_message(caught: dict[str, list[bool]], alarms: dict[str, list[bool]]) -> str:
    whole = sum(all(found) for found in caught.values())
    stopped = {kind for kind, found in alarms.items() if any(found)}
    text = f"Caught {whole} of {len(caught)} kinds of bad request always; refused {len(stopped)} of {len(alarms)} kinds of sound ones."
    if len(stopped) == len(alarms):
        return f"{text} It refuses whatever it is asked about: nobody would use it for long."
    if stopped:
        return f"{text} Which of your reasons do gaps, another objective, another format or a limit itself trip?"
    return f"{text} {_missed({kind for kind, found in caught.items() if not any(found)})}"


def _missed(kinds: set[str]) -> str:
    """What is never caught, said as a question; a kind that is caught at times only is missed in one channel or in some rows."""
    if not kinds:
        return "What you look for in one channel or row, do you look for in both channels and in all rows?"
    if kinds <= SEEN_IN_ROWS | SEEN_IN_BOTH:
        return "What you never catch shows in the rows: which rows of which channel does your check read, and what in them?"
    if not kinds & SEEN_IN_ROWS:
        return "What you never catch stands in the request: which of its fields does your check read?"
    return "What of the list, in the request and in the rows, do you not look at?"
