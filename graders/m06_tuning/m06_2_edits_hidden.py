# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Searches that m06_2_ex2 is graded on, and the strategy that suits them."""

import math
import random

from .m06_2_cases import illegal

# The least that the lesson's table asks for.
ROUNDS = 5  # of parallel jobs, for Bayesian
REPORTS = 10  # values of the metric from one job, for Hyperband
MINUTES = 20  # that a job takes, for Hyperband


def suits(search: dict) -> str:
    """The strategy that suits a search: the first question of the lesson's table that is answered with yes."""
    if search["numeric"] == 0 and search["jobs"] >= search["combinations"]:
        return "Grid"
    if search["reports"] >= REPORTS and search["minutes"] >= MINUTES:
        return "Hyperband"
    return "Bayesian" if search["jobs"] >= ROUNDS * search["parallel"] else "Random"


def ways(search: dict, strategy: str) -> set[str]:
    """The fields of which a legal change makes a strategy right; values on either side of each border are tried."""
    jobs, parallel, paid = search["jobs"], search["parallel"], search["paid_minutes"]
    tried = {
        "numeric": (0, 1),
        "combinations": (2, jobs, jobs + 1),
        "jobs": (parallel, search["combinations"], search["combinations"] - 1, ROUNDS * parallel, ROUNDS * parallel - 1),
        "parallel": (1, jobs // ROUNDS, jobs // ROUNDS + 1),
        "reports": (REPORTS - 1, REPORTS),
        "minutes": (MINUTES - 1, MINUTES, paid // jobs),
    }
    others = ((name, search | {name: value}) for name, values in tried.items() for value in values if value != search[name])
    return {name for name, other in others if not illegal(other) and suits(other) == strategy}


_WAYS = {  # the fields by which searches are made right for a strategy
    "Grid": ("numeric", "combinations", "jobs"),
    "Hyperband": ("reports", "minutes"),
    "Bayesian": ("parallel", "jobs", "reports", "minutes", "numeric", "combinations"),
    "Random": ("parallel", "jobs", "reports", "minutes", "numeric"),
}


def edits(rng: random.Random) -> list[tuple[dict, str]]:
    """Thirty-two searches, each with a strategy that one change would make right; strategies and fields are mixed."""
    wanted = [(strategy, field) for strategy, fields in _WAYS.items() for field in fields]
    borders = _borders(rng)
    return rng.sample([*borders, *(edit(rng, *pair) for pair in rng.sample(wanted * 2, 32 - len(borders)))], 32)


def _borders(rng: random.Random) -> list[tuple[dict, str]]:
    """Searches that lie on the borders of the table and of the limits, each with a strategy that one field can make right."""
    jobs, minutes = rng.randint(20, 60), rng.randint(5, 19)
    told = {"numeric": 3, "combinations": 9, "jobs": jobs, "parallel": rng.randint(1, 9), "reports": 10, "minutes": minutes}
    paid = {"paid_minutes": MINUTES * jobs}  # for the shortest long jobs, and not a minute more
    grid = told | {"combinations": jobs, "reports": 1, "paid_minutes": jobs * minutes}
    crowded = told | {"jobs": rng.randint(50, 54), "reports": rng.randint(1, 9), "paid_minutes": 60 * minutes}
    tiny = {"numeric": 0, "combinations": rng.randint(3, 9), "jobs": 2, "parallel": 1, "reports": rng.randint(1, 90), "minutes": minutes}
    dear = told | {"jobs": rng.randint(22, 30), "parallel": rng.randint(7, 10), "reports": 1}  # more jobs are not paid for
    return [
        (dear | {"paid_minutes": ROUNDS * dear["parallel"] * minutes - 1}, "Bayesian"),
        (told | paid, "Hyperband"),
        (told | paid | {"reports": rng.randint(11, 90)}, "Hyperband"),
        (grid | {"numeric": rng.randint(1, 9)}, "Grid"),
        (crowded, "Random"),
        (tiny | {"paid_minutes": 3 * minutes - 1}, "Grid"),
    ]


def edit(rng: random.Random, strategy: str, field: str) -> tuple[dict, str]:
    """A search that suits another strategy, and of which this field, and as few others as can be, makes it suit this one."""
    found: list[tuple[int, dict]] = []
    for _ in range(20_000):
        search = _search_job(rng)
        if suits(search) != strategy and field in (possible := ways(search, strategy)):
            found.append((len(possible), search))
            if len(possible) == 1 or len(found) == 20:
                break
    return min(found, key=lambda pair: pair[0])[1], strategy


def _search_job(rng: random.Random) -> dict:
    while True:
        jobs, minutes = rng.randint(6, 90), rng.choice([rng.randint(2, 19), rng.randint(20, 60)])
        search = {
            "numeric": rng.choice([0, 0, rng.randint(1, 8)]),
            "combinations": rng.choice([rng.randint(2, jobs), rng.randint(jobs + 1, 2 * jobs)]),
            "jobs": jobs,
            "parallel": rng.randint(1, 10),
            "reports": rng.choice([1, rng.randint(2, 9), rng.randint(10, 100)]),
            "minutes": minutes,
            "paid_minutes": math.ceil(jobs * minutes * rng.uniform(1.0, 2.2)),
        }
        if not illegal(search):
            return search
