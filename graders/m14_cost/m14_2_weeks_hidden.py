# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Unseen weeks of endpoints, and the types that fit them (m14_2_ex3)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import rule_share

from .m14_2_sizes import Sizes, called, size

CPU, MEMORY = 0.7, 0.8  # the shares that may be used
MINUTES = 7 * 24 * 60
FAMILIES, SIZES = ("a", "b", "d", "h", "k", "n", "q", "v", "w", "y"), ("large", "xlarge", "2xlarge", "4xlarge")
EACH = 4  # weeks of each kind
LONG = 10  # so many weeks have all minutes
OFF = 0.01  # how near to a border a week may be that is not on it, as a share


@dataclass(frozen=True)
class Rule:
    """A rule that chooses a type: the right one, or one with a mistake."""

    cpu: Callable[[pd.Series], float] = pd.Series.max
    memory: Callable[[pd.Series], float] = pd.Series.max
    shares: tuple[float, float] = (CPU, MEMORY)
    needs_cpu: bool = True
    needs_memory: bool = True
    of_instance: bool = False  # takes CPUUtilization for a share of all vCPUs
    gigabytes: bool = False  # takes MemoryUtilization for gigabytes
    strict: bool = False  # what is exactly enough is not
    by: Callable[[dict[str, float]], float] = lambda each: each["hour"]
    largest: bool = False  # when nothing fits, the largest type instead of the present one

    def chosen(self, week: Unseen) -> str:
        found = [name for name, each in week.types.items() if self._fits(week, each)]
        if not found:
            return max(week.types, key=lambda name: week.types[name]["vcpus"]) if self.largest else week.now
        return min(found, key=lambda name: self.by(week.types[name]))

    def _fits(self, week: Unseen, each: dict[str, float]) -> bool:
        vcpus, gigabytes = self._used(week)
        cpu, memory = vcpus / (each["vcpus"] * self.shares[0]), gigabytes / (each["gigabytes"] * self.shares[1])
        most = 1 - 1e-9 if self.strict else 1 + 1e-9
        return (not self.needs_cpu or cpu <= most) and (not self.needs_memory or memory <= most)

    def _used(self, week: Unseen) -> tuple[float, float]:
        now = week.types[week.now]
        cpu = self.cpu(week.usage["CPUUtilization"]) / 100 * (now["vcpus"] if self.of_instance else 1)
        memory = self.memory(week.usage["MemoryUtilization"])
        return cpu, memory if self.gigabytes else memory / 100 * now["gigabytes"]


@dataclass(frozen=True)
class Unseen:
    """A table of usage, the type of its endpoint, and the types that there are."""

    usage: pd.DataFrame
    now: str
    types: Sizes


RIGHT = Rule()
MISTAKES = {
    "Is it the busiest minute that decides, or the mean?": (
        Rule(cpu=pd.Series.mean, memory=pd.Series.mean),
        Rule(cpu=pd.Series.mean),
        Rule(cpu=lambda values: float(values.quantile(0.95))),
        Rule(cpu=lambda values: float(values.quantile(0.99))),
        Rule(cpu=pd.Series.median),
    ),
    "100 of `CPUUtilization` is one vCPU, whatever the type: where does your rule use it?": (Rule(of_instance=True),),
    "Where does your rule use the vCPUs?": (Rule(needs_cpu=False),),
    "Where does your rule use the memory?": (Rule(needs_memory=False),),
    "`MemoryUtilization` is a share of the memory of `now`. How many gigabytes is it?": (Rule(gigabytes=True),),
    "Which share of the vCPUs, and which of the memory, may be used?": (
        Rule(shares=(1.0, 1.0)),
        Rule(shares=(1.0, MEMORY)),
        Rule(shares=(CPU, 1.0)),
        Rule(shares=(MEMORY, CPU)),
        Rule(shares=(CPU, CPU)),
        Rule(shares=(MEMORY, MEMORY)),
    ),
    "A type of which exactly these shares are used fits.": (Rule(strict=True),),
    "Which of the types that fit has the lowest price an hour?": (
        Rule(by=lambda each: each["vcpus"]),
        Rule(by=lambda each: each["gigabytes"]),
        Rule(by=lambda each: each["hour"] / each["vcpus"]),
        Rule(by=lambda each: each["hour"] / each["gigabytes"]),
        Rule(by=lambda each: 0.0),
    ),
    "What is returned if no type fits?": (Rule(largest=True),),
}

# For each of these, some weeks are drawn in which it chooses another type than the right one.
KINDS = (
    Rule(cpu=pd.Series.mean),
    Rule(of_instance=True),
    Rule(needs_memory=False),
    Rule(gigabytes=True),
    Rule(shares=(1.0, MEMORY)),
    Rule(shares=(CPU, 1.0)),
    Rule(needs_cpu=False),
)


def judge_weeks(answer: Answer, report: Report) -> None:
    """Report the part fitting of m14_2_ex3."""
    weeks = list(_weeks(answer.rng))
    given = [answer.call("fitting", week.usage, week.now, week.types) for week in weeks]
    wanted = [RIGHT.chosen(week) for week in weeks]
    misses = [number for number, name in enumerate(given) if name != wanted[number]]
    said = f"`fitting(...)` was right for {len(weeks) - len(misses)} of {len(weeks)} unseen weeks."
    if misses:
        week, name = weeks[misses[0]], given[misses[0]]
        said += f" The first miss: {called(week.usage, week.now, week.types, name)} {_hint(weeks, given)}"
    report.part("fitting", rule_share(_shown(weeks, given), [{name} for name in _shown(weeks, wanted)]), said)
    report.finished("fitting")


def _shown(weeks: list[Unseen], names: list[str]) -> list[str]:
    """The present type as one answer for all weeks: to keep it always is a constant."""
    return ["now" if name == week.now else name for week, name in zip(weeks, names, strict=True)]


def _hint(weeks: list[Unseen], given: list[str]) -> str:
    """What the answers of a wrong function look like."""
    if any(name not in week.types for week, name in zip(weeks, given, strict=True)):
        return "Expected the name of a type."
    for said, rules in MISTAKES.items():
        if any(given == [rule.chosen(week) for week in weeks] for rule in rules):
            return said
    return "How many vCPUs and gigabytes does the busiest minute use, and which shares of a type's may be used?"


def _weeks(rng: random.Random) -> Iterator[Unseen]:
    for number in range(EACH * len(KINDS)):
        week = _fitted(rng, KINDS[number % len(KINDS)])
        yield _whole(rng, week) if number < LONG else week
    for _ in range(EACH):
        yield _until(lambda: _drawn(rng, busy=True), _nothing_fits)
        yield from (_border(rng, metric) for metric in ("CPUUtilization", "MemoryUtilization"))


def _until(draw: Callable[[], Unseen], suits: Callable[[Unseen], bool]) -> Unseen:
    """Draw until a week suits."""
    while not suits(week := draw()):
        pass
    return week


def _fitted(rng: random.Random, mistake: Rule) -> Unseen:
    """A week for which a smaller type fits, and a mistake chooses another one."""

    def suits(week: Unseen) -> bool:
        name = RIGHT.chosen(week)
        return name != week.now and mistake.chosen(week) != name and _clear(week)

    return _until(lambda: _drawn(rng), suits)


def _nothing_fits(week: Unseen) -> bool:
    largest = Rule(largest=True)
    return _clear(week) and RIGHT.chosen(week) == week.now and largest.chosen(week) != week.now


def _border(rng: random.Random, metric: str) -> Unseen:
    """The busiest minute uses exactly the share of a type that it may use, and this type is the cheapest that fits."""

    def draw() -> Unseen:
        week = _fitted(rng, rng.choice(KINDS))
        best, now = (week.types[name] for name in (RIGHT.chosen(week), week.now))
        highest = 70.0 * best["vcpus"] if metric == "CPUUtilization" else 80.0 * best["gigabytes"] / now["gigabytes"]
        return replace(week, usage=week.usage.assign(**{metric: _scaled(week.usage[metric], highest)}))

    def suits(week: Unseen) -> bool:
        cpu, memory = (week.usage[name].max() for name in ("CPUUtilization", "MemoryUtilization"))
        possible = cpu <= 100 * week.types[week.now]["vcpus"] and memory <= 100
        return possible and RIGHT.chosen(week) != Rule(strict=True).chosen(week) and _same_in_all_orders(week)

    return _until(draw, suits)


def _scaled(values: pd.Series, highest: float) -> pd.Series:
    """The values, the highest of which is another one now."""
    scaled = (values * (highest / values.max())).round(2)
    return scaled.where(values < values.max(), highest).clip(upper=highest)


def _clear(week: Unseen) -> bool:
    """Whether no type is nearly large enough, or hardly."""
    used = (week.usage["CPUUtilization"].max() / 70, week.usage["MemoryUtilization"].max() * week.types[week.now]["gigabytes"] / 80)
    ratios = [part / each[name] for each in week.types.values() for part, name in zip(used, ("vcpus", "gigabytes"), strict=True)]
    return all(abs(ratio - 1) > OFF for ratio in ratios)


def _same_in_all_orders(week: Unseen) -> bool:
    """Whether each type fits or not, in whichever order it is computed."""
    cpu, memory = (float(week.usage[metric].max()) for metric in ("CPUUtilization", "MemoryUtilization"))
    now = week.types[week.now]["gigabytes"]
    for each in week.types.values():
        vcpus, gigabytes = each["vcpus"], each["gigabytes"]
        cpus = (cpu / 100 / CPU <= vcpus, cpu / 100 <= CPU * vcpus, cpu / 100 / vcpus <= CPU, cpu / vcpus <= 70, cpu / CPU / 100 <= vcpus)
        used = memory / 100 * now
        sizes = (used / MEMORY <= gigabytes, used <= MEMORY * gigabytes, used / gigabytes <= MEMORY, memory * now / gigabytes <= 80)
        sizes += (memory * now / 100 <= MEMORY * gigabytes, memory / MEMORY / 100 * now <= gigabytes)
        if len(set(cpus)) > 1 or len(set(sizes)) > 1:
            return False
    return True


def _drawn(rng: random.Random, busy: bool = False) -> Unseen:
    """A week on one of the larger types. With ``busy`` it hardly fits its own type."""
    types = _types(rng)
    now = max(types if busy else rng.sample(list(types), 3), key=lambda name: types[name]["vcpus"] * types[name]["gigabytes"])
    least, most = (0.6, 0.99) if busy else (0.05, 0.65)
    highest = types[now]["vcpus"] * 100 * rng.uniform(least, most), 100 * rng.uniform(least, most)
    return Unseen(_usage(rng, rng.randint(3, 30), *highest), now, types)


def _whole(rng: random.Random, week: Unseen) -> Unseen:
    """All minutes of a week, with the same highest values."""
    return replace(week, usage=_usage(rng, MINUTES, week.usage["CPUUtilization"].max(), week.usage["MemoryUtilization"].max()))


def _types(rng: random.Random) -> Sizes:
    """Types whose names say nothing, and whose prices grow with their size, but not evenly."""
    names = rng.sample(
        [f"ml.{family}{number}.{size}" for family in FAMILIES for number in range(2, 9) for size in SIZES], rng.randint(6, 9)
    )
    types: Sizes = {}
    while len({each["hour"] for each in types.values()}) < len(names):  # no two cost the same
        for name in names:
            vcpus = rng.choice((2, 4, 8, 16))
            gigabytes = vcpus * rng.choice((2, 4, 8))
            types[name] = size(vcpus, gigabytes, round((0.03 * vcpus + 0.006 * gigabytes) * rng.uniform(0.6, 1.7), 4))
    return types


def _usage(rng: random.Random, minutes: int, cpu: float, memory: float) -> pd.DataFrame:
    """Minutes with these highest values, each in one minute."""
    draw = np.random.default_rng(rng.getrandbits(32))
    columns = {
        "CPUUtilization": cpu * draw.uniform(0.1, 0.6, minutes),
        "MemoryUtilization": memory * draw.uniform(0.5, 0.8, minutes),
    }
    for values, highest in zip(columns.values(), (cpu, memory), strict=True):
        values[rng.randrange(minutes)] = highest
    index = pd.date_range("2026-11-02", periods=minutes, freq="min")
    return pd.DataFrame({name: np.round(values, 2) for name, values in columns.items()}, index=index)
