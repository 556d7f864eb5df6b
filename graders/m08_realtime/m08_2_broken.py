"""What the learner's four endpoints have left behind, and the form of what is said of them."""

import random
from typing import Any

from course.grading import Answer, AnswerError, Report

CAUSES = ("archive", "columns", "corrupt", "image", "program", "setting")
TICKETS = tuple(f"case-{number}" for number in range(1, 5))
GROUP = "/aws/sagemaker/Endpoints"


def planted(rng: random.Random) -> dict[str, str]:
    """The cause of each case, drawn as the notebook's ``given/broken.py`` draws it."""
    return dict(zip(TICKETS, rng.sample(CAUSES, 4), strict=True))


def check_form(answer: Answer, report: Report) -> bool:
    """Whether diagnoses and repairs are such; reports the part ``form``."""
    diagnoses, repairs = answer.value("diagnoses"), answer.value("repairs")
    for name, given in (("diagnoses", diagnoses), ("repairs", repairs)):
        if set(given) != set(TICKETS):
            return report.part("form", False, f"`{name}` has the keys {sorted(map(str, given))}; expected the four cases.")
    for ticket in TICKETS:
        diagnosis, repair = diagnoses[ticket], repairs[ticket]
        if not (
            isinstance(diagnosis, dict) and set(diagnosis) == {"cause", "line"} and all(isinstance(v, str) for v in diagnosis.values())
        ):
            return report.part("form", False, f"The diagnosis of {ticket} is {diagnosis!r}; expected 'cause' and 'line', both text.")
        if diagnosis["cause"] not in CAUSES:
            return report.part("form", False, f"The cause of {ticket} is {diagnosis['cause']!r}; expected a word of the table.")
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            return report.part(
                "form", False, f"The repair of {ticket} is {repair!r}; expected a dict from the path of a member to its value."
            )
    return report.part("form", True, "Diagnoses and repairs have their form.")


def endpoint_named(sagemaker: Any, ticket: str) -> str:
    """The case's latest endpoint. Raises `AnswerError` when there is none."""
    found = sagemaker.list_endpoints(NameContains=f"{ticket}-", SortBy="CreationTime", SortOrder="Descending", MaxResults=1)["Endpoints"]
    if not found:
        raise AnswerError(f"There is no endpoint of {ticket}; run the cells under 'Four endpoints that do not serve' again.")
    return found[0]["EndpointName"]


def log_of(logs: Any, endpoint: str) -> list[str]:
    """All lines that its server printed."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"{GROUP}/{endpoint}")
    return [event["message"] for page in pages for event in page["events"]]
