# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Draws the cases that m09_2_ex4 and m09_2_ex5 are graded on."""

import random

from course.facts import fact


def price(rng: random.Random) -> dict[str, float]:
    return {"instance_usd": rng.choice([0.056, 0.115, 0.23, 0.269, 0.461]), "gb_second_usd": rng.choice([0.00002, 0.000024, 0.00003])}


def border_requests(case: dict) -> float:
    """Requests a day at which seconds of memory cost as much as the instance."""
    return 24 * case["instance_usd"] / (case["model_s"] * case["memory_gb"] * case["gb_second_usd"])


def plain(rng: random.Random) -> dict:
    """A case of one model that serverless suits: little traffic, and time for a cold start."""
    case = {
        "answer_s": round(rng.uniform(8, 50), 1),
        "model_s": round(rng.uniform(0.03, 0.9), 3),
        "transform_s": round(rng.uniform(0.004, 0.06), 3),
        "cold_s": round(rng.uniform(2, 7.5), 1),
        "payload_mb": round(rng.uniform(0.01, 3.9), 2),
        "memory_gb": rng.choice([1, 2, 3, 4, 5, 6]),
        "requests_a_day": 0,
        "models": 1,
        "transform": rng.choice(["none", "none", "history"]),
        **price(rng),
    }
    return case | {"requests_a_day": max(1, int(border_requests(case) * rng.uniform(0.1, 0.95)))}


def too_busy(rng: random.Random) -> dict:
    case = plain(rng) | {"memory_gb": rng.choice([3, 4, 5, 6])}
    return case | {"requests_a_day": int(border_requests(case) * rng.choice([rng.uniform(1.05, 2.5), rng.uniform(2.5, 15)])) + 1}


def hasty(rng: random.Random) -> dict:
    """No time for a cold start."""
    case = plain(rng)
    return case | {"answer_s": round(min(case["cold_s"] * rng.uniform(0.2, 0.95), 7), 2), "model_s": round(rng.uniform(0.01, 0.15), 3)}


def large(rng: random.Random) -> dict:
    """A larger request than serverless takes."""
    return plain(rng) | {"payload_mb": round(rng.uniform(4.05, 5.9), 2)}


def heavy(rng: random.Random) -> dict:
    """More memory than serverless has, and so few requests that it would be cheaper."""
    case = plain(rng) | {"memory_gb": rng.choice([7, 8, 10, 12])}
    return case | {"requests_a_day": max(1, int(border_requests(case) * rng.uniform(0.02, 0.8)))}


def many(rng: random.Random) -> dict:
    return plain(rng) | {"models": rng.randint(2, 900), "transform": rng.choice(["none", "history"])}


def many_hasty(rng: random.Random) -> dict:
    return hasty(rng) | {"models": rng.randint(2, 40), "transform": rng.choice(["none", "history"])}


def raw(rng: random.Random) -> dict:
    """Callers send raw fields, and there is time for both containers."""
    return rng.choice([plain, too_busy, hasty])(rng) | {"transform": "request"}


def raw_slow(rng: random.Random) -> dict:
    """Callers send raw fields, and the two together take too long."""
    case = hasty(rng) | {"transform": "request"}
    left = case["answer_s"] - case["model_s"]
    return case | {"transform_s": round(left * rng.uniform(1.05, 2) + 0.002, 3)}


def queued(rng: random.Random) -> dict:
    """A large request, or a long one, and somebody who can wait some minutes."""
    more = {"payload_mb": round(rng.uniform(6.1, 900), 1)} if rng.random() < 0.5 else {"model_s": round(rng.uniform(61, 800), 1)}
    case = plain(rng) | more | {"answer_s": round(rng.uniform(900, 3_500), 1)}
    return case | {"requests_a_day": rng.randint(5, 4_000)}


def bulky(rng: random.Random) -> dict:
    """A request too large for any but asynchronous, and else one for a real-time endpoint."""
    return queued(rng) | {"payload_mb": round(rng.uniform(6.6, 900), 1), "model_s": round(rng.uniform(0.03, 0.9), 3)}


def lasting(rng: random.Random) -> dict:
    """A request that takes too long for any but asynchronous, and else one for a real-time endpoint."""
    return queued(rng) | {"payload_mb": round(rng.uniform(0.01, 3.9), 2), "model_s": round(rng.uniform(66, 800), 1)}


def overnight(rng: random.Random) -> dict:
    kind = rng.choice([plain, too_busy, large, many, raw, queued])
    return kind(rng) | {"answer_s": rng.choice([3_600, rng.randint(3_700, 50_000), rng.randint(3_700, 50_000)])}


KINDS = (*[plain] * 3, too_busy, *[hasty] * 2, large, heavy, many_hasty, *[many] * 2)
KINDS += (*[raw] * 3, *[raw_slow] * 2, *[queued] * 3, *[overnight] * 3)


def cases(rng: random.Random) -> list[dict]:
    """Forty cases: twenty-two drawn alone, twelve at borders of the table, and six twins that differ from one in a single field."""
    alone = [kind(rng) for kind in KINDS]
    return rng.sample([*alone, *borders(rng), *(twin(rng, case) for case in rng.sample(alone, 6))], 40)


def borders(rng: random.Random) -> list[dict]:
    """A case on, or just beyond, each border of the table. Numbers on a border are exact as floats, so that no rounding error decides."""
    busy = plain(rng)
    exact = {"answer_s": 0.5, "model_s": 0.25, "transform": "request"}
    return [
        plain(rng) | {"answer_s": 3_600},
        queued(rng) | {"payload_mb": round(rng.uniform(6.1, 6.9), 1), "model_s": 0.4},
        queued(rng) | {"payload_mb": 0.4, "model_s": round(rng.uniform(60.1, 60.9), 1)},
        plain(rng) | {"payload_mb": 6},
        queued(rng) | {"payload_mb": 0.4, "model_s": 60},
        heavy(rng) | {"memory_gb": 7, "requests_a_day": 10},
        many(rng) | {"models": 2},
        hasty(rng) | dict.fromkeys(("answer_s", "cold_s"), rng.randint(3, 20) / 4),
        hasty(rng) | exact | {"transform_s": 0.25},
        hasty(rng) | exact | {"transform_s": rng.choice([0.375, 0.5, 0.625]), "cold_s": 3.5},
        plain(rng) | {"payload_mb": 4, "memory_gb": 1, "requests_a_day": 10},
        busy | {"requests_a_day": int(border_requests(busy) * rng.uniform(1.01, 1.03)) + 1},
    ]


def twin(rng: random.Random, case: dict) -> dict:
    if case["answer_s"] >= 3_600:
        return case | {"answer_s": 3_599}
    if case["payload_mb"] > fact("realtime-payload-mb"):
        return case | {"payload_mb": rng.choice([fact("realtime-payload-mb"), 3.5])}
    if case["model_s"] > 60:
        return case | {"model_s": rng.choice([60, 2.5])}
    if case["transform"] == "request":
        return case | {"transform": "history"}
    if case["models"] > 1:
        return case | rng.choice([{"models": 1}, {"cold_s": round(case["answer_s"] * 1.3, 2)}])
    if case["cold_s"] > case["answer_s"]:
        return case | {"cold_s": round(case["answer_s"] * 0.8, 2)}
    return case | rng.choice([{"transform": "request"}, {"models": rng.randint(2, 300)}, {"cold_s": round(case["answer_s"] * 1.2, 2)}])
