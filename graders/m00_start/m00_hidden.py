# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m00."""

from collections import Counter
from datetime import date

from course.facts import fact
from course.grading import Answer, Report
from course.grading.scoring import rule_share

from .m00 import ex1, ex2, mistake, service, split_line
from .m00_cases import ORIGINS, flights
from .m00_needs_hidden import deciding_field, needs

MANY_PEOPLE = 20  # the border that the lesson's table draws
SIMPLE = {"files": "S3", "tables": "Glue", "image": "ECR", "model": "SageMaker", "signal": "EventBridge"}


def right_row(flight: dict) -> list[float]:
    weekday = date.fromisoformat(flight["date"]).weekday()
    return [flight["sched_dep_time"] // 100, weekday, ORIGINS.index(flight["origin"]), flight["distance"]]


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    cases = flights(answer.rng, 24)
    rows, wanted = [], [right_row(flight) for flight in cases]
    for flight in cases:
        numbers = split_line(answer, report, flight)
        if numbers is None:
            return
        rows.append(numbers)
    right = sum(row == want for row, want in zip(rows, wanted, strict=True))
    report.part("values", right == len(cases), f"{right} of {len(cases)} unseen flights became the right line. {mistake(rows, wanted)}")


def right_service(need: dict) -> str:
    if need["wants"] == "answers":
        return "Redshift" if need["people"] > MANY_PEOPLE else "Athena"
    if need["wants"] == "code":
        if need["spark"]:
            return "Glue"
        return "Lambda" if need["minutes"] <= fact("lambda-minutes") else "SageMaker"
    if need["wants"] == "steps":
        return "SageMaker" if need["services"] == ["SageMaker"] else "Step Functions"
    if need["wants"] == "access":
        return "Lake Formation" if need["columns"] else "S3"
    return SIMPLE[need["wants"]]


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    cases = needs(answer.rng)
    wanted = [right_service(need) for need in cases]
    given = []
    for need in cases:
        got = service(answer, report, need, "unseen")
        if got is None:
            return
        given.append(got)
    missed = [(need, got) for need, got, service in zip(cases, given, wanted, strict=True) if got != service]
    report.part(
        "unseen",
        rule_share(given, [{service} for service in wanted]),
        f"{len(wanted) - len(missed)} of {len(wanted)} unseen needs got the service that suits them. {_pattern(missed)}",
    )


def _pattern(missed: list[tuple[dict, str]]) -> str:
    """What the misses have in common, said as a question to the rule."""
    if not missed:
        return ""
    answers = {got for _, got in missed}
    fields = {deciding_field(need) for need, _ in missed}
    if len({got for _, got in missed}) == 1 and len({need["wants"] for need, _ in missed}) > 2:
        return f"Every miss was answered with {answers.pop()!r}: no one service does everything."
    if len(fields) == 1 and None not in fields:
        field = fields.pop()
        return f"All misses hang on one field: where does your rule use `{field}`?"
    most, count = Counter(need["wants"] for need, _ in missed).most_common(1)[0]
    return f"In {count} of the {len(missed)} misses the need wants {most!r}: read that row of the table again."
