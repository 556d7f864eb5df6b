"""What the learner's four endpoints have left behind, what is said of them, and endpoints of the repaired containers."""

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.exercises.broken_endpoints import CASES
from course.grading import Answer, AnswerError, Report
from course.grading.citing import cites, passing
from course.grading.scoring import near

from .m08_2_deploy import create, delete, until
from .m08_2_probe import lessons_model

GROUP = "/aws/sagemaker/Endpoints"
PROBE = "4,17,1,1089,75.9,8.1,0.0,10.0\n2,6,0,200,33.1,15.0,0.1,3.0"
MEMBERS = {  # of a container, by the cause that is about it
    "archive": "ModelDataUrl",
    "columns": "ModelDataUrl",
    "corrupt": "ModelDataUrl",
    "image": "Image",
    "program": "Environment",
    "setting": "Environment",
}


def check_form(answer: Answer, report: Report) -> bool:
    """Whether diagnoses and repairs are such; reports the part ``form``."""
    diagnoses, repairs = answer.value("diagnoses"), answer.value("repairs")
    for name, given in (("diagnoses", diagnoses), ("repairs", repairs)):
        if set(given) != set(CASES):
            return report.part("form", False, f"`{name}` has the keys {sorted(map(str, given))}; expected the four cases.")
    for ticket in CASES:
        diagnosis, repair = diagnoses[ticket], repairs[ticket]
        if not (
            isinstance(diagnosis, dict) and set(diagnosis) == {"cause", "line"} and all(isinstance(v, str) for v in diagnosis.values())
        ):
            return report.part("form", False, f"The diagnosis of {ticket} is {diagnosis!r}; expected 'cause' and 'line', both text.")
        if diagnosis["cause"] not in MEMBERS:
            return report.part("form", False, f"The cause of {ticket} is {diagnosis['cause']!r}; expected a word of the table.")
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            return report.part(
                "form", False, f"The repair of {ticket} is {repair!r}; expected a dict from the path of a member to its value."
            )
    return report.part("form", True, "Diagnoses and repairs have their form.")


def check_evidence(answer: Answer, report: Report) -> None:
    """Whether each cited line is in the log of its endpoint and in no other; names all that are not."""
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    found = {ticket: log_of(logs, endpoint_named(sagemaker, ticket)) for ticket in CASES}
    wrong = []
    for ticket, lines in found.items():
        cited = answer.value("diagnoses")[ticket]["line"]
        if words := passing(cited):
            wrong.append(f"{ticket}: {words!r} is another one each time; expected words without times and addresses.")
        elif not cites(cited, lines):
            wrong.append(f"{ticket}: its log has no line with {cited[:60]!r}; expected words of a line of this endpoint's log.")
        elif sum(cites(cited, others) for others in found.values()) > 1:
            wrong.append(f"{ticket}: {cited[:60]!r} is also in the logs of other endpoints; expected words that only its own log has.")
    report.part("evidence", 1 - len(wrong) / len(CASES), "\n".join(wrong) or "Every cited line is in its own log only.")


def check_agreement(answer: Answer, report: Report) -> None:
    """Whether each repair changes a member that its cause is about. Says nothing where they agree: the causes are for grading."""
    wrong = []
    for ticket, repair in answer.value("repairs").items():
        cause = answer.value("diagnoses")[ticket]["cause"]
        if not any(path.partition(".")[0] == MEMBERS[cause] for path in repair):
            wrong.append(f"{ticket}: the cause is {cause!r}, and the repair changes {', '.join(repair)}: can both be right?")
    if wrong:
        report.part("cause", False, "\n".join(wrong))


def check_repairs(answer: Answer, report: Report) -> None:
    """Deploy the repaired containers side by side, with one as it should be, and ask them all; names all that are not repaired."""
    with _deployed(answer) as (names, refused):
        sagemaker, repairs = answer.client("sagemaker"), answer.value("repairs")
        wanted = _answer(answer, names["sound"])
        if not isinstance(wanted, list):
            raise AnswerError(f"The lesson's own model could not be served ({wanted}); run the notebook from its beginning.")
        found = {ticket: (0.0, words) for ticket, words in refused.items()}
        for ticket in CASES:
            if ticket in names:
                status = until(lambda name=names[ticket]: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"], ENDS, 120)
                said = _answer(answer, names[ticket]) if status == "InService" else status
                found[ticket] = _judged(ticket, repairs[ticket], said, wanted)
    wrong = [found[ticket][1] for ticket in CASES if found[ticket][0] < 1]
    report.part("repair", sum(share for share, _ in found.values()) / len(CASES), "\n".join(wrong) or "All four endpoints answer.")


ENDS = ("InService", "Failed")


@contextlib.contextmanager
def _deployed(answer: Answer) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Names of endpoints: ``sound``, and those of the cases whose repaired container AWS took; and why it did not take the others."""
    sagemaker, repairs = answer.client("sagemaker"), answer.value("repairs")
    role, container = lessons_model(answer, "weather")
    names, refused = {"sound": f"graded-m08-2-{answer.token()}"}, {}
    try:
        create(sagemaker, role, names["sound"], container)
        for ticket in CASES:
            names[ticket] = f"graded-m08-2-{answer.token()}"
            model = sagemaker.describe_model(ModelName=endpoint_named(sagemaker, ticket))
            try:
                create(sagemaker, role, names[ticket], _repaired(model["PrimaryContainer"], repairs[ticket]))
            except (KeyError, TypeError, ClientError, ParamValidationError) as error:
                refused[ticket] = f"{ticket}: the repaired container was not accepted: {str(error)[:200]}"
        until(lambda: sagemaker.describe_endpoint(EndpointName=names["sound"])["EndpointStatus"], ENDS, 120)
        yield {ticket: name for ticket, name in names.items() if ticket not in refused}, refused
    finally:
        for name in names.values():
            delete(sagemaker, name)


def _repaired(container: dict, repair: dict) -> dict:
    """The container with the changes. Raises KeyError when it has no such member."""
    container = {name: copy.deepcopy(container[name]) for name in ("Image", "ModelDataUrl", "Environment")}
    for path, value in repair.items():
        *way, last = path.split(".")
        place = container
        for step in way:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return container


def _answer(answer: Answer, endpoint: str) -> list[float] | str:
    """What an endpoint says of two flights, or the code of its error."""
    try:
        said = answer.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=PROBE)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return [float(number) for number in said["Body"].read().decode().replace(",", " ").split()]


def _judged(ticket: str, repair: dict, said: list[float] | str, wanted: list[float]) -> tuple[float, str]:
    """Share and message of a repair whose endpoint ended in the status, or answered with the error or the numbers ``said``."""
    changed = ", ".join(repair)
    if said in ("Failed", "Creating"):
        return 0.0, f"{ticket}: with your change of {changed} the endpoint ended {said}, for the same reason or another."
    if isinstance(said, str):
        return 0.0, f"{ticket}: with your change of {changed} the endpoint is in service, and answers a flight with {said}."
    if len(said) != len(wanted) or not all(near(one, other, 1e-6) for one, other in zip(said, wanted, strict=True)):
        return 0.0, f"{ticket}: with your change of {changed} the endpoint answers, but with another model than `weather`."
    if len(repair) > 1 or "Environment" in repair:  # which is all settings
        return 0.5, f"{ticket}: the endpoint answers, but the repair changes {changed}: more than the fault."
    return 1.0, ""


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
