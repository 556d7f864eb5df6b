# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Unseen tables of recommendations, and what suits best (m14_2_ex2)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from course.grading import Answer, Report
from course.grading.scoring import rule_share

from .m14_2_types import Chosen, called, chosen, judge_tables, malformed, price_hint, recommendation, serverless

FAMILIES = ("c5", "c5d", "c6i", "c7i", "g4dn", "inf1", "m5", "m5d", "m6i", "m7i", "r5", "r6i", "t2")
SIZES = ("large", "xlarge", "2xlarge", "4xlarge")
ALONE, TWINS, EDGES = 30, 10, 2  # unseen tables, those with a twin, and tables of each edge
TRIES = 30  # to draw a twin
SHARE = 0.8  # of what an instance stands
APART = 1.02  # the second best costs so many times as much at least
WRONG = ("", 0)  # stands for an answer of which type or instances may be right, but not all of it

Rows = list[dict[str, Any]]
Need = dict[str, int]


@dataclass(frozen=True)
class Rule:
    """A rule that chooses a type: the right one, or one with a mistake."""

    share: float = SHARE
    whole: Callable[[float], int] = math.ceil
    load: str = "peak"
    least: bool = True
    limit: Callable[[int, int], bool] = lambda latency, limit: latency <= limit
    by: str = ""  # a metric by which to choose, instead of what all instances cost

    def options(self, rows: Rows, need: Need) -> list[tuple[float, float, Chosen]]:
        """Of each type that suits: what decides, what a thousand requests cost, type and instances; the best one first."""
        found = []
        for row in rows:
            metrics, name = row["Metrics"], row["EndpointConfiguration"].get("InstanceType")
            if name is None or not self.limit(metrics["ModelLatency"], need["p95_ms"]):
                continue
            count = max(self.whole(need[self.load] / (metrics["MaxInvocations"] * self.share)), need["least"] if self.least else 1, 1)
            thousand = count * metrics["CostPerHour"] / (need["mean"] * 60) * 1000
            found.append((metrics[self.by] if self.by else thousand, thousand, (name, count)))
        return sorted(found, key=lambda option: option[0])

    def best(self, rows: Rows, need: Need) -> Chosen | None:
        return next((option for _, _, option in self.options(rows, need)), None)


RIGHT = Rule()
OTHER_MEASURES = (Rule(by="CostPerInference"), Rule(by="CostPerHour"), Rule(by="ModelLatency"))
STRICT = Rule(limit=lambda latency, limit: latency < limit)
ONE_MORE = Rule(whole=lambda count: math.floor(count) + 1)
# Each unseen table is drawn so that one of these rules chooses otherwise than the right one.
MISTAKES = {
    "Does each instance get only the share of what it stands that it may get?": Rule(share=1.0),
    "Is the number of instances rounded up?": Rule(whole=math.floor),
    "Where does your rule use `least`?": Rule(least=False),
    "Do all that it chooses keep `p95_ms`?": Rule(limit=lambda latency, limit: True),
    "Must the instances stand the mean, or the busiest minute?": Rule(load="mean"),
}
SAID = dict(zip(OTHER_MEASURES, ("CostPerInference", "CostPerHour", "ModelLatency"), strict=True))


@dataclass(frozen=True)
class Case:
    """A table, a need, and what is said if the answer is not the right one."""

    rows: Rows
    need: Need
    said: str = ""

    @property
    def wanted(self) -> Chosen | None:
        return RIGHT.best(self.rows, self.need)

    @property
    def sure(self) -> bool:
        """Whether no type is nearly as good as the best one, and no rounding error decides how many instances there are."""
        costs = [cost for cost, _, _ in RIGHT.options(self.rows, self.need)]
        return (len(costs) < 2 or costs[1] > APART * costs[0]) and all(_certain(self.need["peak"], row) for row in self.rows)


def judge_unseen_tables(answer: Answer, report: Report) -> None:
    """Report all parts of m14_2_ex2. Something suits in each unseen table, so these come first: an answer may fail where nothing does."""
    _judge_unseen(answer, report, list(_unseen(answer.rng)))
    report.finished("unseen")
    judge_tables(answer, report)
    report.finished("practice")
    _judge_edges(answer, report, list(_edges(answer.rng)))


def _judge_unseen(answer: Answer, report: Report, cases: list[Case]) -> None:
    given = [answer.call("cheapest", case.rows, case.need) for case in cases]
    found = [_found(case, result) for case, result in zip(cases, given, strict=True)]
    misses = [number for number, case in enumerate(cases) if found[number] != case.wanted]
    said = f"`cheapest(...)` was right for {len(cases) - len(misses)} of {len(cases)} unseen tables."
    if misses:
        first = misses[0]
        said += f" The first miss: {called(cases[first].rows, cases[first].need, given[first])} {_hint(cases, given, first)}"
    report.part("unseen", rule_share(found, [{case.wanted} for case in cases]), said)


def _found(case: Case, given: dict[str, Any] | None) -> Chosen | None:
    """Type and instances of a result; `WRONG` if it has no such things, or another price."""
    if given is None:
        return None
    if malformed(given) or (chosen(given) == case.wanted and _price(case, given)):
        return WRONG
    return chosen(given)


def _price(case: Case, given: dict[str, Any]) -> str:
    return price_hint(given, RIGHT.options(case.rows, case.need)[0][1], case.need)


def _hint(cases: list[Case], given: list[dict[str, Any] | None], first: int) -> str:
    """What the answers of a wrong function look like."""
    case, result = cases[first], given[first]
    if result is None:
        return "A type of this table suits."
    if problem := malformed(result):
        return problem
    if chosen(result) == case.wanted:
        return _price(case, result)
    shown = [each and not malformed(each) and chosen(each) for each in given]
    for rule, metric in SAID.items():
        if shown == [rule.best(each.rows, each.need) for each in cases]:
            return f"It is the lowest `{metric}` that decides. What do all instances cost, for the requests that come?"
    for said, rule in MISTAKES.items():
        if shown == [rule.best(each.rows, each.need) for each in cases]:
            return said
    return "Which recommendations suit, how many instances does each need, and what does an hour of all of them cost?"


def _judge_edges(answer: Answer, report: Report, cases: list[Case]) -> None:
    given = [answer.call("cheapest", case.rows, case.need) for case in cases]
    found = [_found(case, result) for case, result in zip(cases, given, strict=True)]
    misses = [number for number, case in enumerate(cases) if found[number] != case.wanted]
    said = f"`cheapest(...)` was right for {len(cases) - len(misses)} of {len(cases)} tables on an edge."
    if misses:
        first = misses[0]
        said += f" The first miss: {called(cases[first].rows, cases[first].need, given[first])} {cases[first].said}"
    report.part("edges", rule_share(found, [{case.wanted} for case in cases]), said)


def _unseen(rng: random.Random) -> Iterator[Case]:
    mistakes = list(MISTAKES.values())
    for number in range(ALONE):
        found: list[Case] = []
        while not found:
            case = _drawn(rng, number)
            if _hard(case, mistakes[number % len(mistakes)]):
                found = [case] if number >= TWINS else _with_twin(rng, case)
        yield from found


def _with_twin(rng: random.Random, case: Case) -> list[Case]:
    """A case and its twin; nothing if none was drawn."""
    twins = (_twin(rng, case) for _ in range(TRIES))
    return next(([case, twin] for twin in twins if _hard(twin) and twin.wanted != case.wanted), [])


def _until(draw: Callable[[], Case], suits: Callable[[Case], bool]) -> Case:
    """Draw until a case suits."""
    while not suits(case := draw()):
        pass
    return case


def _hard(case: Case, mistake: Rule | None = None) -> bool:
    """Whether something suits, and neither the best type by one metric nor by a mistake is the answer."""
    if case.wanted is None or not case.sure:
        return False
    simple = [rule.best(case.rows, case.need)[0] for rule in OTHER_MEASURES]
    return case.wanted[0] not in simple and (mistake is None or mistake.best(case.rows, case.need) != case.wanted)


def _drawn(rng: random.Random, number: int) -> Case:
    rows = _rows(rng, rng.randint(5, 9))
    if number % 2:
        rows.insert(rng.randrange(len(rows)), _serverless(rng))
    return Case(rows, _need(rng, rows))


def _rows(rng: random.Random, count: int) -> Rows:
    """Recommendations for types of different sizes: what stands more costs more, though less for each request."""
    names = rng.sample([f"ml.{family}.{size}" for family in FAMILIES for size in SIZES], count)
    rows = []
    for name in names:
        stands = 5 * round(math.exp(rng.uniform(math.log(60), math.log(2000))))
        hour = round(0.0012 * stands**0.8 * rng.uniform(0.7, 1.4), 4)
        rows.append(recommendation(name, hour, stands, rng.randint(8, 90)))
    return rows


def _serverless(rng: random.Random) -> dict[str, Any]:
    return serverless(1024 * rng.randint(1, 6), round(rng.uniform(0.005, 0.02), 4), 5 * rng.randint(300, 900), rng.randint(4, 9))


def _need(rng: random.Random, rows: Rows) -> Need:
    peak = round(rng.choice(rows)["Metrics"]["MaxInvocations"] * rng.uniform(0.4, 3.5))
    return {"peak": peak, "mean": max(1, round(peak * rng.uniform(0.15, 0.6))), "p95_ms": rng.randint(25, 80), "least": rng.randint(1, 3)}


def _twin(rng: random.Random, case: Case) -> Case:
    """The same table and need, but for the peak or the limit."""
    peak = max(case.need["mean"], round(case.need["peak"] * rng.uniform(0.4, 2.5)))
    return Case(case.rows, case.need | rng.choice(({"peak": peak}, {"p95_ms": rng.randint(15, 90)})))


def _edges(rng: random.Random) -> Iterator[Case]:
    for _ in range(EDGES):
        yield from (_nothing(rng), _limit(rng), _multiple(rng), _least(rng), _single(rng))
        yield Case([], _need(rng, _rows(rng, 1)), "There are no recommendations; expected None.")


def _nothing(rng: random.Random) -> Case:
    rows = [*_rows(rng, rng.randint(2, 5)), _serverless(rng)]
    limit = min(row["Metrics"]["ModelLatency"] for row in rows[:-1]) - 1
    return Case(rows, _need(rng, rows[:-1]) | {"p95_ms": limit}, "No type keeps `p95_ms`; expected None.")


def _limit(rng: random.Random) -> Case:
    """The latency of the best type is exactly the limit."""

    def draw() -> Case:
        rows = _rows(rng, rng.randint(5, 9))
        limit = rng.choice(rows)["Metrics"]["ModelLatency"]
        return Case(rows, _need(rng, rows) | {"p95_ms": limit}, "A latency of exactly `p95_ms` suits.")

    return _until(draw, lambda case: case.sure and STRICT.best(case.rows, case.need) != case.wanted)


def _multiple(rng: random.Random) -> Case:
    """The peak is exactly what some instances of the best type may get."""

    def draw() -> Case:
        rows = _rows(rng, rng.randint(5, 9))
        peak = rng.randint(2, 6) * rng.choice(rows)["Metrics"]["MaxInvocations"] * 4 // 5
        need = _need(rng, rows) | {"peak": peak, "mean": peak // 3, "least": 1}
        return Case(rows, need, "In the busiest minute a number of instances get exactly the share of what they stand that they may get.")

    return _until(draw, lambda case: case.wanted is not None and case.sure and ONE_MORE.best(case.rows, case.need) != case.wanted)


def _least(rng: random.Random) -> Case:
    """Without `least`, another type would be the best."""

    def draw() -> Case:
        rows = _rows(rng, rng.randint(5, 9))
        return Case(
            rows, _need(rng, rows) | {"least": rng.randint(3, 5)}, "So many instances as `least` says run, even if fewer stand the peak."
        )

    def other(case: Case) -> bool:
        without = Rule(least=False).best(case.rows, case.need)
        return case.wanted is not None and case.sure and without[0] != case.wanted[0]

    return _until(draw, other)


def _single(rng: random.Random) -> Case:
    def draw() -> Case:
        rows = _rows(rng, 1)
        return Case(rows, _need(rng, rows), "There is one recommendation, and it suits.")

    return _until(draw, lambda case: case.wanted is not None and case.sure)


def _certain(peak: int, row: dict[str, Any]) -> bool:
    """Whether the number of instances is the same, in whichever order it is computed."""
    stands = row["Metrics"]["MaxInvocations"]
    exact = -(-peak * 5 // (stands * 4))
    ways = (peak / (stands * SHARE), peak / stands / SHARE, peak / SHARE / stands, peak / (stands * 80 / 100), peak * 1.25 / stands)
    return all(math.ceil(way) == exact for way in ways)
