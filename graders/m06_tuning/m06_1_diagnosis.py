"""Whether a ticket's diagnosis cites what shows its cause, and whether its search succeeds with the repair."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.grading import Answer
from course.grading.scoring import near

from .m06_1_probe import NAME, OBJECTIVE, PRINTED, STATUS, Search, ended

SHORTEST = 5  # characters that show which line is meant
_STATIC, _CONFIG = "TrainingJobDefinition.StaticHyperParameters", "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective"
_REGEX = "TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions.validation:auc.Regex"
# By cause: the path of the field that a repair changes, and what the lines that show it look like.
FAULTS: dict[str, tuple[str, str]] = {
    "channel": (r"TrainingJobDefinition\.InputDataConfig\.[a-z]+\.ChannelName", r", 0 to validate on"),
    "interval": (
        re.escape(_STATIC) + r"\.(report-every|epochs)",
        r"epochs, a report after|--epochs .*--report-every|--report-every .*--epochs",
    ),
    "labels": (r"TrainingJobDefinition\.InputDataConfig\.validation\.DataSource\.S3DataSource\.S3Uri", r"validation AUC nan"),
    "objective": (re.escape(_CONFIG) + r"\.MetricName", PRINTED.pattern),
    "regex": (re.escape(_REGEX), PRINTED.pattern),
    "digits": (re.escape(_REGEX), PRINTED.pattern),
    "direction": (re.escape(_CONFIG) + r"\.Type", PRINTED.pattern),
    "training": (re.escape(_REGEX), r"train AUC [0-9.]+"),
}


def uncited(search: Search, name: str, diagnosis: dict) -> str:
    """Why the words that a diagnosis cites do not show a fault of the kind that it names, "" when they do."""
    stream, words, cause = diagnosis["stream"], diagnosis["line"].strip(), diagnosis["cause"]
    if search.stream(stream) is None:
        return f"{name}: no training job of this search has a log stream {stream[:60]!r}; `printed(...)` has their names."
    if len(words) < SHORTEST:
        return f"{name}: {words!r} is too short to tell which line is meant; expected at least {SHORTEST} characters of it."
    lines = search.cited(stream, words)
    if not lines:
        return f"{name}: that stream has no line with {words[:60]!r}; expected words of one of its lines."
    showing = [line for line in lines if re.search(FAULTS[cause][1], line)]
    if not showing:
        return f"{name}: {words[:60]!r} does not show a fault of the kind {cause!r}; expected words of a line that does."
    if len(showing) < len(lines):
        return f"{name}: {words[:60]!r} is also in lines of another kind; expected words of the one kind that shows {cause!r}."
    if cause == "direction" and not _better_than_winner(search, stream, lines):
        return f"{name}: {words[:60]!r} is of no child that did better than the winner; expected words of one that did."
    return ""


def _better_than_winner(search: Search, stream: str, lines: list[str]) -> bool:
    winner = search.description.get("BestTrainingJob")
    if winner is None or search.stream(stream).startswith(f"{winner['TrainingJobName']}/"):
        return False
    return max(float(PRINTED.search(line)[1]) for line in lines) > winner[OBJECTIVE]["Value"]


def rerun(answer: Answer, search: Search, name: str, repair: dict[str, Any], cause: str) -> tuple[float, str]:
    """Share and message of a repair, after the search has run again with it.

    Parameters
    ----------
    answer : Answer
    search : Search
        Of the ticket.
    name : str
        Of the ticket.
    repair : dict
        Path of a field to its new value.
    cause : str
        What the repair is to mend; messages do not name it.
    """
    sagemaker = answer.client("sagemaker")
    again = f"graded-m06-1-{answer.token()}"
    try:
        sagemaker.create_hyper_parameter_tuning_job(**{NAME: again}, **search.request(repair))
    except (KeyError, TypeError, ClientError, ParamValidationError) as error:
        return 0.0, f"{name}: the repaired request was not accepted: {str(error)[:200]}"
    job = ended(sagemaker, again)
    if job[STATUS] != "Completed":
        if all(".ResourceLimits." in path for path in repair):
            return 0.0, f"{name}: it tried as you asked, and found nothing for the same reason: the number of jobs was not it."
        return 0.0, f"{name}: the search ran again with your change of {', '.join(repair)} and ended {job[STATUS]}."
    done = Search(sagemaker, answer.client("logs"), again)
    reported = {each["TrainingJobName"]: each.get(OBJECTIVE, {}).get("Value") for each in done.children}
    printed = _printed(done)
    if any(reported[child] is None or not near(reported[child], value, 1e-6) for child, value in printed.items()) or not printed:
        return 0.0, f"{name}: the search ends, but its objective values are still not the validation AUC that was printed last."
    if reported[job["BestTrainingJob"]["TrainingJobName"]] < max(printed.values()):
        return 0.0, f"{name}: the search ends, but another of its training jobs has a better validation AUC than its winner."
    if not _same_data(job):
        return 0.0, f"{name}: the search ends well, but it is another search: it reads other data."
    if not any(re.fullmatch(FAULTS[cause][0], path) for path in repair):
        return 0.0, f"{name}: the search ends well, but the field at fault is as it was, and what it does is only covered up."
    if len(repair) > 1:
        return 0.5, f"{name}: the search ends well, but the repair changes {len(repair)} fields: more than the fault."
    return 1.0, ""


def _same_data(job: dict) -> bool:
    sources = {each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in job["TrainingJobDefinition"]["InputDataConfig"]}
    return all(sources.get(name, "").endswith(f"/data/{name}/") for name in ("train", "validation"))


def _printed(search: Search) -> dict[str, float]:
    """The validation AUC that each training job of a search printed last."""
    found = {}
    for stream, lines in search.streams.items():
        values = [float(match[1]) for line in lines if (match := PRINTED.search(line))]
        if values:
            found[stream.partition("/")[0]] = values[-1]
    return found
