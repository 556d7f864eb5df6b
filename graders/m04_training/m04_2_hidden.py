# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m04_2."""

from typing import Any

from course.grading import Answer, Report
from course.grading.citing import shows
from course.grading.scoring import guard_share, rule_share

from .m04_2 import check_form, ex1, ex2, ex3, reasons, sorted_out
from .m04_2_cases import MUTANTS, SOUND, asked, failures
from .m04_2_faults_hidden import planted
from .m04_2_probe import fields, jobs_of, log_of

URI = "DataSource.S3DataSource.S3Uri"
# By cause: the field that is at fault, words of the lines that show it, and words that the field of a sound request holds.
FAULTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "channel": ("InputDataConfig.training.ChannelName", ("Missing required channel",), "train"),
    "columns": (f"InputDataConfig.validation.{URI}", ("Number of columns does not match", "Validation matrix has"), "/data/validation/"),
    "format": ("InputDataConfig.train.ContentType", ("is not 'LIBSVM' format",), "csv"),
    "header": (f"InputDataConfig.train.{URI}", ("is not all numbers",), "/data/train/"),
    "labels": (f"InputDataConfig.train.{URI}", ("base_score must be in", "label must be in"), "/data/train/"),
    "objective": ("HyperParameters.objective", ("can only be applied for classification",), "binary:"),
    "prefix": (f"InputDataConfig.train.{URI}", ("must match exactly",), "/data/train/"),
    "range": ("HyperParameters.eta", ("Hyperparameter eta",), ""),
}
SEEN_IN_ROWS = {"header", "columns", "ragged", "labels"}
SEEN_IN_BOTH = {"wrong type"}


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    """The jobs themselves ran again in the practice check, which grading runs first."""
    causes, diagnoses, repairs = planted(answer.variant()), answer.value("diagnoses"), answer.value("repairs")
    logs, jobs = answer.client("logs"), jobs_of(answer)
    if not check_form(answer, report):
        return
    named = [diagnoses[ticket]["cause"] == cause for ticket, cause in causes.items()]
    report.part("cause", sum(named) / 5, f"{sum(named)} of 5 causes are right. Which line of the log is of this job alone?")
    unshown = [
        ticket for ticket, cause in causes.items() if not shows(diagnoses[ticket]["line"], log_of(logs, jobs[ticket]), FAULTS[cause][1])
    ]
    said = f"{', '.join(unshown)}: the words cited do not show the fault, or other kinds of lines hold them, too."
    report.part("evidence", 1 - len(unshown) / 5, said)
    changed = {ticket: fields(repairs[ticket]) for ticket in causes}
    covered = [ticket for ticket, cause in causes.items() if not _mends(changed[ticket], cause)]
    excessive = [ticket for ticket in causes if ticket not in covered and len(changed[ticket]) > 1]
    said = f"{', '.join(covered)}: the change is not of the field at fault. " if covered else ""
    said += f"{', '.join(excessive)}: the repair changes more than the fault." if excessive else ""
    report.part("repair", 1 - (len(covered) + len(excessive) / 2) / 5, said or "Each repair changes the field at fault.")


def _mends(repair: dict[str, Any], cause: str) -> bool:
    path, _, right = FAULTS[cause]
    return path in repair and right in str(repair[path])


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
        return (
            "All misses are errors of the algorithm: a reason is cut off after 1,024 characters, so which exception does the log have "
            "last, and what is it about?"
        )
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
            got = reasons(answer, report, *asked(answer.rng, kind), "guard")
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
