# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The needs that m00_ex2 is graded on."""

import random

BORDERS = {"people": (20, 21), "minutes": (15, 16)}  # the last that one service suits, the first that suits another


def needs(rng: random.Random) -> list[dict]:
    """Forty needs: thirty drawn alone and, for ten of these, a twin that differs in the one field that decides.

    Some are on a border of the table and some just beyond it; the steps of one use a single service that is not SageMaker.
    """
    alone = [_need(rng, wants) for wants in rng.sample(_WANTS, 30)]
    next(need for need in alone if need["wants"] == "steps")["services"] = [rng.choice(["Lambda", "Glue"])]
    for field, borders in BORDERS.items():
        for need, value in zip((need for need in alone if deciding_field(need) == field), borders, strict=False):
            need[field] = value
    twins = [_twin(rng, need) for need in alone if deciding_field(need)][:10]
    return rng.sample(alone + twins, 40)


# How often each wish comes up among thirty; two thirds need a second look.
_WANTS = ["answers"] * 6 + ["code"] * 8 + ["steps"] * 5 + ["access"] * 4 + ["files", "tables", "image"] + ["model", "signal"] * 2


def _need(rng: random.Random, wants: str) -> dict:
    return {
        "wants": wants,
        "people": rng.choice([rng.randint(1, 19), rng.randint(21, 400)]),
        "minutes": rng.choice([rng.randint(1, 14), rng.randint(16, 300)]),
        "spark": rng.random() < 0.3,
        "services": rng.choice([["SageMaker"], ["SageMaker"], ["Glue", "SageMaker"], ["Athena", "Lambda", "SageMaker"]]),
        "columns": rng.random() < 0.5,
    }


def deciding_field(need: dict) -> str | None:
    """The field besides ``wants`` on which the right service for this need hangs, if any."""
    if need["wants"] == "code":
        return "spark" if need["spark"] else "minutes"
    return {"answers": "people", "steps": "services", "access": "columns"}.get(need["wants"])


def _twin(rng: random.Random, need: dict) -> dict:
    other_side = {
        "people": rng.randint(1, 19) if need["people"] > 20 else rng.randint(21, 400),
        "minutes": rng.randint(1, 14) if need["minutes"] > 15 else rng.randint(16, 300),
        "spark": not need["spark"],
        "services": ["SageMaker"] if need["services"] != ["SageMaker"] else ["Glue", "SageMaker"],
        "columns": not need["columns"],
    }
    field = deciding_field(need)
    return need | {field: other_side[field]}
