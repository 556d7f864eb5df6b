"""Flights, and the cases of practice. The generator is no secret; the seed of the graded flights is."""

import random

ORIGINS = ("EWR", "JFK", "LGA")
SERVICES = ("S3", "Glue", "Athena", "Redshift", "Lake Formation", "ECR", "Step Functions", "EventBridge", "Lambda", "SageMaker")

PRACTICE_FLIGHTS = (  # a flight, and its line in the training table
    ({"date": "2013-02-02", "sched_dep_time": 1545, "origin": "JFK", "distance": 2475}, [15, 5, 1, 2475]),
    ({"date": "2013-12-29", "sched_dep_time": 959, "origin": "LGA", "distance": 214}, [9, 6, 2, 214]),
    ({"date": "2013-06-27", "sched_dep_time": 25, "origin": "EWR", "distance": 1065}, [0, 3, 0, 1065]),
)
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
