"""m00: the first prediction, and the map of services."""

import re

from course.grading import Answer, Exercise, Function, Report

from .m00_cases import PRACTICE_FLIGHTS, PRACTICE_NEEDS, SERVICES

NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?")  # as a model reads it: no nan, inf or 1_000

ex1 = Exercise(
    id="m00_ex1",
    title="Write a flight as the model reads it",
    section="A table of flights",
    parts={"line": 0.5, "values": 1.5},
    evidence={"flight_row": Function("flight_row(flight: dict) -> str")},
    skills={"C01": ["1.2.K3"]},
    topics=["deploy.realtime"],
    seconds=5,
    hints=(
        "The model was trained on four numbers in a fixed order. Look at the four columns of the training table.",
        "1745 packs hours and minutes; integer division takes them apart. `pandas.Timestamp(text).dayofweek` is 0 on a Monday.",
        'Join four numbers with commas: hour, weekday, `ORIGINS.index(...)`, distance: `f"{hour},{weekday},{origin},{distance}"`.',
    ),
)

ex2 = Exercise(
    id="m00_ex2",
    title="Write the rule that finds the service",
    section="Who called whom",
    pattern=1,
    parts={"practice": 0.25, "unseen": 1.75},
    evidence={"choose_service": Function("choose_service(need: dict) -> str")},
    skills={"C01": ["1.1.K4", "3.1.S3"], "C02": ["1.1.2", "3.1.2"]},
    topics=["land.map"],
    seconds=5,
    hints=(
        "Begin with `wants`. For which wishes does the table name more than one service?",
        "Four wishes need a second field: answers, code, steps and access. The table says which field, and where the border is.",
        'Nested ifs are fine: `if need["wants"] == "answers": return "Redshift" if need["people"] > ... else "Athena"`, and so on. '
        "Up to means that the border itself is included.",
    ),
)


def split_line(answer: Answer, report: Report, flight: dict) -> list[float] | None:
    """The numbers of the learner's line for a flight; reports the part ``line`` and returns None when it is no line of four numbers."""
    got = answer.call("flight_row", flight)
    called = f"`flight_row({flight})` returned {got!r}"
    if "\n" in got.strip():
        report.part("line", False, f"{called}; expected one line: the request has no header, and one flight is one line.")
        return None
    fields = [field.strip() for field in got.strip().split(",")]
    if not all(fields):
        report.part("line", False, f"{called}; expected a number in each place, and one of them is empty.")
        return None
    if not all(map(NUMBER.fullmatch, fields)):
        report.part(
            "line", False, f"{called}; expected numbers alone between the commas: the model never saw a text such as an airport's name."
        )
        return None
    numbers = [float(field) for field in fields]
    if len(numbers) == 5:
        report.part(
            "line", False, f"{called}: five numbers; expected four. The label is what the model answers, so a request does not carry it."
        )
        return None
    if not report.part("line", len(numbers) == 4, f"{called}: {len(numbers)} number(s); expected the four that the model was trained on."):
        return None
    return numbers


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    for flight, wanted in PRACTICE_FLIGHTS:
        numbers = split_line(answer, report, flight)
        if numbers is None:
            return
        shown = ",".join(f"{number:g}" for number in numbers)
        said = f"`flight_row({flight})` returned the numbers {shown}. {mistake([numbers], [wanted])}"
        if not report.part("values", numbers == wanted, said):
            return


def mistake(rows: list[list[float]], wanted: list[list[float]]) -> str:
    """The foreseeable mistake that explains the wrong lines."""
    if all(sorted(row) == sorted(want) for row, want in zip(rows, wanted, strict=True)):
        return "The right numbers stand in another order than in training; the model knows columns by their place alone."
    names = ("hour", "weekday", "origin", "distance")
    column = next((i for i in range(4) if any(row[i] != want[i] for row, want in zip(rows, wanted, strict=True))), 0)
    got = [row[column] for row in rows]
    if column == 0:
        if any(hour > 24 for hour in got):
            return "The hour came out above 24: a time such as 1745, a quarter to six in the evening, is not a number of hours."
        return "The hour is off for some flights: a flight at 17:45 leaves in the hour 17, whatever the minutes say."
    if column == 1:
        if all(one == want[1] + 1 for one, want in zip(got, wanted, strict=True)):
            return "The weekday counts from 1; the training table counts from Monday as 0."
        return "The weekday is off: the training table counts from Monday as 0 to Sunday as 6."
    return f"The {names[column]} is not what the training table holds for such a flight."


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for need, suits, question in PRACTICE_NEEDS:
        got = service(answer, report, need, "practice")
        said = f"`choose_service({need})` returned {got!r}, which does not suit this need: {question}"
        if got is None or not report.part("practice", got == suits, said):
            return


def service(answer: Answer, report: Report, need: dict, part: str) -> str | None:
    """The learner's choice; reports the part and returns None when it is no service of the table."""
    got = answer.call("choose_service", need)
    said = f"`choose_service({need})` returned {got!r}; expected one of the ten names of the table, spelled as there."
    return got if report.part(part, got in SERVICES, said) else None
