"""Traffic, questions and files to judge answers by. The generators are no secret; the seed of the graded cases is."""

from __future__ import annotations

import random
from dataclasses import dataclass

COLUMNS = ("weekday", "hour", "origin", "distance", "temp", "wind_speed", "precip", "visib")  # in the order of training
GB_SECOND_USD = 0.00002  # fact serverless-gb-second-usd
SIZES = range(1, 7)  # GB
MOST_AT_A_TIME, MOST_INSTANCES = 8, 4
HOUR = 3600.0  # seconds
KNOWN, NEXT = 3, 1  # hours of traffic in a brief, and in what comes after it

OPTIONS = (
    *({"kind": "real-time", "instances": count} for count in range(1, MOST_INSTANCES + 1)),
    *({"kind": "serverless", "memory_mb": 1024 * size, "max_concurrency": most} for size in SIZES for most in range(1, MOST_AT_A_TIME + 1)),
)


@dataclass(frozen=True)
class Replayed:
    """What a brief's hours came to with each of `OPTIONS`; plans are given by their places there.

    Attributes
    ----------
    usd, late : list of float
        The cost, and the number of answers that were late, refused or lost.
    hours_mixed : list of int
        The plans that cost least if both prices were for all hours instead of one, that of an instance alone, that of a unit alone.
    at_once : int
        The plan that costs least if containers started at once.
    """

    usd: list[float]
    late: list[float]
    hours_mixed: list[int]
    at_once: int

    @property
    def best(self) -> int:
        """The plan that costs least."""
        return self.usd.index(min(self.usd))


class Traffic:
    """Requests in bursts: ``rate`` requests an hour, ``burst`` of them together on average."""

    def __init__(self, rng: random.Random, rate: float, burst: float) -> None:
        self._rng, self._rate, self._burst = rng, rate, burst

    def hours(self, count: int) -> list[float]:
        rng, moment, moments = self._rng, 0.0, []
        while (moment := moment + rng.expovariate(self._rate / self._burst / HOUR)) < count * HOUR:
            one = moment
            for _ in range(1 + round(rng.expovariate(1 / (self._burst - 1)))):
                moments.append(round(one, 2))
                one += rng.expovariate(1.0)
        return sorted(one for one in moments if one < count * HOUR)


def brief(rng: random.Random, load: float, dear: bool) -> tuple[dict, Traffic]:
    """A brief, and the traffic that goes on after its hours."""
    work, smallest = rng.uniform(4, 9), rng.choice([1, 2, 3])
    seconds = [round(work * (0.25 + 0.75 / size), 2) for size in SIZES]
    one = smallest * seconds[smallest - 1] * GB_SECOND_USD
    instance_usd = round(rng.uniform(0.1, 0.25), 3)
    border = smallest > 1 and rng.random() < 0.4  # a model as large as a container does not fit into it
    traffic = Traffic(rng, load * rng.uniform(0.75, 1.33) * instance_usd / one, rng.uniform(1.2, 4))
    return {
        "arrivals": traffic.hours(KNOWN),
        "seconds": seconds,
        "instance_seconds": round(work * 0.2, 2),
        "cold_seconds": round(rng.uniform(8, 20), 1),
        "model_mb": 1024 * (smallest - 1) if border else rng.randint(1024 * smallest - 900, 1024 * smallest - 60),
        "late_after": round(seconds[0] * rng.uniform(0.5, 1.2), 1),
        "late_usd": round(rng.uniform(0.012, 0.04) if dear else rng.uniform(3, 8) * one, 5),
        "instance_usd": instance_usd,
        "unit_usd": round(rng.uniform(0.002, 0.015), 4),
    }, traffic


# Questions for an asynchronous endpoint.

SLOW = 40_000  # lines of the last question: a function that looks once does not find its answer yet


def flight(rng: random.Random) -> list[float | None]:
    """The eight columns of a flight; some weather is missing."""
    temp = None if rng.random() < 0.1 else round(rng.uniform(15, 95), 12)
    precip = rng.choice([0.0, 0.0, round(rng.uniform(0, 0.4), 2)])
    place = [rng.randint(0, 6), rng.randint(5, 22), rng.randint(0, 2), rng.randint(94, 2586)]
    return [*place, temp, round(rng.uniform(0, 35), 12), precip, round(rng.uniform(0.2, 10), 12)]


def line(values: list) -> str:
    return ",".join("" if value is None else str(value) for value in values)


def questions(rng: random.Random, slow: int = 0) -> tuple[list[str], list[bool]]:
    """Bodies, two of them equal, and of each whether the model can read it; the last has ``slow`` lines more, so that it takes a while."""
    good = ["\n".join(line(flight(rng)) for _ in range(count)) for count in rng.sample(range(1, 7), 3)]
    words = f"{rng.choice(['gate', 'crew', 'seat'])}-{rng.randint(1, 99)},{rng.randint(1, 9)}"
    long = line([*flight(rng), *(rng.randint(0, 9) for _ in range(rng.randint(1, 4)))])
    mixed = rng.sample([*((body, True) for body in (*good, good[0])), (words, False), (long, False)], 6)
    if slow:
        mixed.append(("\n".join([line(flight(rng))] * slow), True))
    return [body for body, _ in mixed], [readable for _, readable in mixed]


# Files for a transform job.

EXTRA = ("gate", "seats", "crew", "tail", "boarded", "terminal", "stand", "belt")


def files(rng: random.Random, rows: int, together: bool = False) -> tuple[list[str], str, list[list]]:
    """Columns, the name of the id among them, and rows of text: ids, the eight columns in their order, and others.

    The others, and the id, are between the eight columns or, with ``together``, before and after them.
    """
    names: list[str] = list(COLUMNS)
    extra = rng.sample(EXTRA, rng.randint(2, 4))
    for name in () if together else extra:
        names.insert(rng.randint(1, len(names) - 1), name)
    id_name = f"{rng.choice(['flight', 'leg', 'row'])}_{rng.randint(1, 99)}"
    if together:
        names = [extra[0], *names, *extra[1:]]
        names.insert(rng.choice([0, 1, len(names)]), id_name)
    else:
        names.insert(rng.randint(1, len(names)), id_name)
    ids = [f"{rng.choice('ABDKUW')}{number:07d}" for number in rng.sample(range(10**7), rows)]
    table = []
    for one in ids:
        values = dict(zip(COLUMNS, flight(rng), strict=True)) | {id_name: one}
        table.append([values[name] if name in values else f"{name[0]}{rng.randint(1, 999)}" for name in names])
    return names, id_name, table
