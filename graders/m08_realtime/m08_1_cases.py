"""Flights, traffic and errors to judge answers by. The generators are no secret; the seed of the graded cases is."""

import random
from dataclasses import dataclass

COLUMNS = ("weekday", "hour", "origin", "distance", "temp", "wind_speed", "precip", "visib")  # in the order of training
PROBE_ROW = "4,17,1,1089,75.9,8.1,0.0,10.0"
ACTIONS = ("retry", "fix", "fall back")
MOST_INSTANCES = 12
MINUTES = 10  # of traffic in a brief


@dataclass(frozen=True)
class Replayed:
    """What ten minutes of a brief came to with each number of instances.

    Attributes
    ----------
    usd : list of float
        Their cost with 1, 2, ... instances.
    at_six_times_the_price, without_overhead : int
        The number that costs least if an instance hour cost six times as much, and if no answer had SageMaker's overhead.
    """

    usd: list[float]
    at_six_times_the_price: int
    without_overhead: int

    @property
    def best(self) -> int:
        """The number that costs least."""
        return 1 + self.usd.index(min(self.usd))


_BUSY = {"code": "ServiceUnavailable", "status": 503, "original_status": None, "message": "No server is ready."}
_REFUSED = {"code": "ModelError", "status": 424, "original_status": 415, "message": "Content-type image/png not supported"}
_GONE = {"code": "ValidationError", "status": 400, "original_status": None, "message": "Endpoint late-flights-7 not found."}
PRACTICE_ERRORS = (  # an error, the reaction that the team's rules ask for, and a question for those who react otherwise
    (
        _BUSY | {"attempt": 2, "left_ms": 900},
        {"do": "retry", "wait_ms": 200, "page": False},
        "may it succeed in a moment, and how long is the wait after a second attempt?",
    ),
    (
        _REFUSED | {"attempt": 1, "left_ms": 900},
        {"do": "fix", "wait_ms": 0, "page": False},
        "whose fault is it by `original_status`?",
    ),
    (
        _BUSY | {"code": "ThrottlingException", "status": 400, "message": "Rate exceeded", "attempt": 1, "left_ms": 2000},
        {"do": "retry", "wait_ms": 100, "page": False},
        "too many requests came; is this one wrong for that?",
    ),
    (
        _BUSY | {"attempt": 1, "left_ms": 250},
        {"do": "fall back", "wait_ms": 0, "page": False},
        "what does a retry take, and how much time is left?",
    ),
    (
        _REFUSED | {"original_status": 500, "message": "Received server error", "attempt": 2, "left_ms": 3000},
        {"do": "fall back", "wait_ms": 0, "page": True},
        "how often may the model's program fail before a person must look?",
    ),
    (
        _GONE | {"attempt": 1, "left_ms": 3000},
        {"do": "fall back", "wait_ms": 0, "page": True},
        "can any caller mend it?",
    ),
    (
        _BUSY | {"attempt": 3, "left_ms": 600},
        {"do": "retry", "wait_ms": 400, "page": False},
        "how long is the wait after the third attempt, and is a retry with exactly the time that is left too late?",
    ),
    (
        _REFUSED | {"original_status": 0, "message": "Received server error (0)", "attempt": 1, "left_ms": 2000},
        {"do": "retry", "wait_ms": 100, "page": False},
        "whose fault is it when the program gave no answer, and how often may that happen before a person must look?",
    ),
    (
        _GONE | {"message": "Body of 31 MB: more than an endpoint takes.", "attempt": 2, "left_ms": 2000},
        {"do": "fix", "wait_ms": 0, "page": False},
        "is the endpoint gone, or is it the request?",
    ),
    (
        _BUSY | {"code": "AccessDeniedException", "status": 403, "message": "Not authorized", "attempt": 1, "left_ms": 2000},
        {"do": "fall back", "wait_ms": 0, "page": True},
        "can the caller mend it by another request?",
    ),
    (
        _BUSY | {"code": "ReadTimeoutError", "status": None, "message": "Read timeout", "attempt": 1, "left_ms": 1200},
        {"do": "retry", "wait_ms": 100, "page": False},
        "who hung up, and may the next try be quicker?",
    ),
)


def flights(rng: random.Random, count: int) -> list[dict]:
    """``count`` flights, their fields in an order of their own, with fields that the model does not take; some weather is missing."""
    return [_flight(rng) for _ in range(count)]


def _flight(rng: random.Random) -> dict:
    flight = {
        "flight": rng.randint(1, 6000),
        "weekday": rng.randint(0, 6),
        "hour": rng.randint(5, 22),
        "origin": rng.randint(0, 2),
        "distance": rng.randint(94, 2586),
        "temp": round(rng.uniform(15, 95), 2),
        "wind_speed": round(rng.uniform(0, 35), 2),
        "precip": round(rng.choice([0, 0, rng.uniform(0, 0.4)]), 2),
        "visib": round(rng.uniform(0.2, 10), 1),
    }
    if rng.random() < 0.2:
        flight[rng.choice(["temp", "wind_speed"])] = None
    return dict(rng.sample(list(flight.items()), len(flight)))


def brief(rng: random.Random, rate: float, dear: bool) -> dict:
    """Ten minutes of an endpoint's traffic, ``rate`` requests a second, with what it is worth to answer in time."""
    typical = rng.uniform(0.15, 0.45)  # seconds of the model
    return {
        "arrivals": traffic(rng, rate),
        "model_latency": [round(1e6 * typical * rng.lognormvariate(0, 0.35)) for _ in range(300)],
        "overhead_latency": [round(1e6 * rng.uniform(0.03, 0.09)) for _ in range(300)],
        "late_after_ms": round(1000 * typical * rng.uniform(2.2, 4)) + 100,
        "instance_usd": round(rng.uniform(0.1, 0.6), 3),
        "late_usd": round(rng.uniform(0.003, 0.01) if dear else rng.uniform(0.00003, 0.0002), 5),
    }


def traffic(rng: random.Random, rate: float) -> list[float]:
    """Seconds at which requests arrive in ten minutes, at random, ``rate`` a second on average."""
    moment, moments = 0.0, []
    while (moment := moment + rng.expovariate(rate)) < 60 * MINUTES:
        moments.append(round(moment, 3))
    return moments


_KINDS = ("throttled", "unavailable", "internal", "slow", "request", "too large", "program", "died", "denied", "gone")


def errors(rng: random.Random) -> list[dict]:
    """Forty errors of all kinds: thirty drawn alone, and ten twins that differ in the time left or in the attempt."""
    alone = [_error(rng, kind) for kind in rng.sample([*_KINDS * 2, *_KINDS[:5], *_KINDS[:4], "program"], 30)]
    twins = [error | rng.choice([{"left_ms": rng.randint(20, 290)}, {"attempt": 5 - error["attempt"]}]) for error in rng.sample(alone, 10)]
    return rng.sample(alone + twins, 40)


def _error(rng: random.Random, kind: str) -> dict:
    code, status, original, message = {
        "throttled": ("ThrottlingException", 400, None, "Rate exceeded"),
        "unavailable": ("ServiceUnavailable", 503, None, "The request failed due to a temporary failure of the server."),
        "internal": ("InternalFailure", 500, None, "An internal failure occurred."),
        "slow": (rng.choice(["ReadTimeoutError", "ConnectTimeoutError"]), None, None, "Time-out on endpoint URL"),
        "request": ("ModelError", 424, rng.choice([400, 415, 413, 422]), "Received client error from primary"),
        "too large": ("ValidationError", 400, None, f"Body of {rng.randint(7, 60)} MB: more than an endpoint takes."),
        "program": ("ModelError", 424, rng.choice([500, 502, 503]), "Received server error from primary"),
        "died": ("ModelError", 424, 0, "Received server error (0) from primary: the model process exited."),
        "denied": ("AccessDeniedException", 403, None, "The role is not authorized to perform: sagemaker:InvokeEndpoint"),
        "gone": ("ValidationError", 400, None, f"Endpoint late-flights-{rng.randint(100, 999)} of account 123456789012 not found."),
    }[kind]
    common = {"attempt": rng.randint(1, 4), "left_ms": rng.choice([rng.randint(20, 299), rng.randint(1100, 4000), rng.randint(1100, 4000)])}
    return {"code": code, "status": status, "original_status": original, "message": message, **common}
