"""Questions and files to judge answers by. The generators are no secret; the seed of the graded cases is."""

from __future__ import annotations

import random

COLUMNS = ("weekday", "hour", "origin", "distance", "temp", "wind_speed", "precip", "visib")  # in the order of training

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
