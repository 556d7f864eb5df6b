"""Tests that the gate's thief finds a key of each sort that importable code may hold, and nothing in sound graders."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from course.grading.exercise.evidence_types import Function, Value
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import variant
from course.grading.gate import judging, loot, thief
from course.grading.gate.guesser import Recorder

FIXTURE = Path(__file__).parent / "fixture"
NEEDS = "graders/m98_traps/needs.py"
GIVEN = "solutions/m98_traps/given/variants.py"
COMMON = {"title": "A task", "parts": {"all": 1}, "hints": ("Think.",), "skills": {"C01": ["1.2.S1"]}, "topics": ["prep.choose"]}

RULE = """

def suits(purpose, job):
    if job["team_codes"]:
        return {"tool": "spark" if job["gigabytes"] > 100 else "script"}
    return {"tool": "rules" if job["purpose"] == "quality" else "visual"}


def tool(team_codes, gigabytes, purpose):
    return suits(purpose, {"team_codes": team_codes, "gigabytes": gigabytes, "purpose": purpose})
"""
NAMES = """

class Known:
    def __init__(self, name, time):
        self.name, self._time, self.late = name, time, time == TIMES[-1]


def known(rng):
    return [Known(*pair) for pair in columns(rng).items()]
"""


@pytest.mark.parametrize(
    ("file", "key", "exercise"), [(NEEDS, RULE, "m98_1_ex1"), (GIVEN, RULE, "m98_1_ex1"), (NEEDS, NAMES, "m98_1_ex3"), (NEEDS, "", "")]
)
def test_the_gate_reports_a_key(tmp_path: Path, file: str, key: str, exercise: str) -> None:
    course = Path(shutil.copytree(FIXTURE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))
    (course / file).write_text((course / file).read_text() + key)
    found = {each.exercise: each for each in judging.judge("m98_1", course) if each.candidate == "thief"}
    assert set(found) == {"m98_1_ex1", "m98_1_ex2", "m98_1_ex3"}
    assert {name for name, each in found.items() if each.problem} == {exercise} - {""}
    assert not exercise or "with what learners can import" in found[exercise].problem


# ---- keys of each sort ---------------------------------------------------------------------------------------------------------------


def best(signature: str, right, cases: list[tuple], **importable) -> float:
    """The share of these cases that the thief's best answer has right."""
    wanted = Function(signature)
    exercise = Exercise(id="m98_1_ex9", evidence={wanted.name: wanted}, **COMMON)
    recorder = Recorder(right)
    results = [recorder(*case) for case in cases]
    constants = {name: thing for name, thing in importable.items() if not callable(thing)}
    functions = {name: thing for name, thing in importable.items() if callable(thing)}
    answers = [
        evidence[wanted.name] for _, evidence in thief.answers(exercise, loot.Loot(functions, constants), {wanted.name: recorder}, {})
    ]
    shares = [sum(thief.same(loot.said(answer, *case), result) for case, result in zip(cases, results, strict=True)) for answer in answers]
    return max(shares, default=0) / len(cases)


def usd(brief: dict, count: int) -> float:
    return abs(brief["load"] + 1 - count)


BRIEFS = [({"load": load, "price": 3},) for load in (2, 9, 4, 7)]
EDITS = [({"jobs": jobs, "parallel": 5, "name": "a"}, wish) for jobs, wish in ((30, "few"), (3, "many"), (24, "few"), (9, "many"))]


def wish(search: dict) -> str:
    return "many" if search["jobs"] >= 5 * search["parallel"] else "few"


def edited(search: dict, asked: str) -> dict:
    return next(search | {"jobs": jobs} for jobs in range(100) if jobs != search["jobs"] and wish(search | {"jobs": jobs}) == asked)


def test_a_function_in_another_order() -> None:
    cases = [(1, "a"), (2, "b"), (3, "a")]
    assert best("f(x: int, y: str) -> str", lambda x, y: y * x, cases, key=lambda word, count: word * count) == 1


def test_a_member_of_what_a_function_returns() -> None:
    class Plan:
        def __init__(self, brief: dict) -> None:
            self._load = brief["load"]

        def costs(self) -> dict[int, float]:
            return {count: abs(self._load + 1 - count) for count in range(12)}

    assert best("f(brief: dict) -> int", lambda brief: brief["load"] + 1, BRIEFS, Plan=Plan) == 1


def test_a_table() -> None:
    cases = [({"format": name},) for name in ("csv", "json", "csv", "parquet")]
    table = {"csv": "text/csv", "json": "application/json", "parquet": "application/x-parquet"}
    assert best("f(channel: dict) -> str", lambda channel: table[channel["format"]], cases, TABLE=table) == 1


@pytest.mark.parametrize("options", [{}, {"OPTIONS": tuple(range(12))}, {"options": lambda brief: list(range(12))}])
def test_the_best_option_by_its_cost(options: dict) -> None:
    assert best("f(brief: dict) -> int", lambda brief: brief["load"] + 1, BRIEFS, usd=usd, **options) == 1


def test_an_edit_after_which_a_function_says_what_is_asked_for() -> None:
    cases = [(search, asked) for search, asked in EDITS if wish(search) != asked]
    answers: dict[str, Recorder] = {"changed": Recorder(edited)}
    for case in cases:
        answers["changed"](*case)
    exercise = Exercise(id="m98_1_ex9", evidence={"changed": Function("changed(search: dict, asked: str) -> dict")}, **COMMON)
    made = [evidence["changed"] for _, evidence in thief.answers(exercise, loot.Loot({"wish": wish}, {}), answers, {})]
    assert any(all(wish(answer(*case)) == case[1] for case in cases) for answer in made)


def test_members_that_come_from_different_keys() -> None:
    cases = [({"load": load, "format": "csv" if load % 2 else "json"},) for load in range(8)]

    def right(channel: dict) -> dict:
        return {"type": channel["format"].upper(), "much": "yes" if channel["load"] > 3 else "no"}

    keys = {"TYPES": {"csv": "CSV", "json": "JSON"}, "much": lambda channel: "yes" if channel["load"] > 3 else "no"}
    assert best("f(channel: dict) -> dict", right, cases, **keys) == 1


def test_what_is_planted_for_the_learner() -> None:
    def planted(rng: random.Random) -> dict[str, str]:
        return {f"ticket-{number}": rng.choice(["regex", "channel", "labels"]) for number in range(5)}

    exercise = Exercise(id="m98_1_ex9", evidence={"diagnoses": Value(dict)}, **COMMON)
    causes = planted(variant("m98_1_ex9"))
    right = {ticket: {"cause": cause, "line": f"line of {ticket}"} for ticket, cause in causes.items()}
    answers = [
        evidence["diagnoses"] for _, evidence in thief.answers(exercise, loot.Loot({"planted": planted}, {}), {"diagnoses": right}, {})
    ]
    assert any({ticket: entry["cause"] for ticket, entry in answer.items()} == causes for answer in answers)
    assert all(answer[ticket]["line"] != right[ticket]["line"] for answer in answers for ticket in right)


def test_what_the_notebook_shows_is_no_loot() -> None:
    exercise = Exercise(id="m98_1_ex9", evidence={"names": Value(list[str])}, **COMMON)
    names = ["a", "b", "c"]
    found = loot.Loot({}, {"NAMES": names})
    assert list(thief.answers(exercise, found, {"names": names}, {"shown": names})) == []
    assert [evidence for _, evidence in thief.answers(exercise, found, {"names": names}, {})] == [{"names": names}]


def test_a_part_of_the_arguments_is_no_loot() -> None:
    """The learner gets it in any case, and a function that repeats it answers nothing."""
    cases = [({"model": f"m{number}", "names": ["a", "b"][:: 1 if number % 2 else -1]},) for number in range(4)]
    keys = {"kept": lambda files: {"name": files["model"]}}
    assert best("f(files: dict) -> str", lambda files: files["model"], cases, **keys) == 0
    chosen = {"chosen": lambda files: min(files["names"])}
    assert best("f(files: dict) -> str", lambda files: "a", cases, **chosen) == 1


def test_a_call_that_fails_or_never_ends_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loot, "SECONDS", 0.1)

    def endless(_: int) -> int:
        while True:
            pass

    assert loot.said(endless, 1) is loot.said(SimpleNamespace, 1) is loot.NOTHING
