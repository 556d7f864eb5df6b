"""Flights and needs to judge answers by. The generators are no secret; the seed of the graded cases is."""

import random

ORIGINS = ("EWR", "JFK", "LGA")
SERVICES = ("S3", "Glue", "Athena", "Redshift", "Lake Formation", "ECR", "Step Functions", "EventBridge", "Lambda", "SageMaker")

PRACTICE_FLIGHTS = (  # a flight, and its line in the training table
    ({"date": "2013-02-02", "sched_dep_time": 1545, "origin": "JFK", "distance": 2475}, [15, 5, 1, 2475]),
    ({"date": "2013-12-29", "sched_dep_time": 959, "origin": "LGA", "distance": 214}, [9, 6, 2, 214]),
    ({"date": "2013-06-27", "sched_dep_time": 25, "origin": "EWR", "distance": 1065}, [0, 3, 0, 1065]),
)
BORDERS = {"people": (20, 21), "minutes": (15, 16)}  # the last that one service suits, the first that suits another
_NEED = {"wants": "answers", "people": 3, "minutes": 90, "spark": False, "services": ["Glue", "SageMaker"], "columns": False}
_PEOPLE = "how many `people` ask, and on which side of the course's own border of 20 is that?"
_MINUTES = "how many `minutes` does the code run, and is Lambda's limit still allowed?"
PRACTICE_NEEDS = (  # a need, the service that suits it, and a question for those who chose another
    (_NEED | {"people": 20}, "Athena", _PEOPLE),
    (_NEED | {"people": 21}, "Redshift", _PEOPLE),
    (_NEED | {"wants": "code", "minutes": 15}, "Lambda", _MINUTES),
    (_NEED | {"wants": "code", "minutes": 16, "people": 50}, "SageMaker", _MINUTES),
    (_NEED | {"wants": "code", "minutes": 2, "spark": True}, "Glue", "what is the code written for?"),
    (_NEED | {"wants": "steps"}, "Step Functions", "which services do the steps use?"),
    (_NEED | {"wants": "steps", "services": ["SageMaker"]}, "SageMaker", "which services do the steps use?"),
    (_NEED | {"wants": "steps", "services": ["Lambda"]}, "Step Functions", "which services do the steps use?"),
    (_NEED | {"wants": "access", "people": 80}, "S3", "who may read what: whole objects, or columns of a table?"),
    (_NEED | {"wants": "access", "columns": True}, "Lake Formation", "who may read what: whole objects, or columns of a table?"),
    (_NEED | {"wants": "signal"}, "EventBridge", "which row of the table has this wish?"),
)


def flights(rng: random.Random, count: int) -> list[dict]:
    """``count`` scheduled flights, the last one in the hour after midnight; every weekday comes up."""
    return [
        {
            "date": f"2013-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
            "sched_dep_time": 100 * (rng.randint(5, 22) if number else 0) + rng.randint(1, 59),
            "origin": rng.choice(ORIGINS),
            "distance": rng.randint(94, 4983),
        }
        for number in reversed(range(count))
    ]


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
