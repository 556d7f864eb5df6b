"""Scenes for a function between an app and an endpoint, and what its doings in them are worth.

What the learner's stand-in (``given/rehearsal.py``) says of itself is held against the scene: an answer of the model counts only where
a call could have brought it.
"""

import json
import random
from typing import Any

from course.grading import Answer, Report

COLUMNS = ("weekday", "hour", "origin", "distance", "temp", "wind_speed", "precip", "visib")  # in the order of training
USUAL = {"calm": 4, "throttled once": 3, "hangs once": 3, "unavailable twice": 2, "refused": 1, "bad": 3}
REACHABLE = ("calm", "throttled once", "hangs once", "unavailable twice")
OUTAGE, CALM = 30, 24  # scenes
FALLBACK = 0.237  # as the text has it
MOST_CALLS = 1.5  # a scene of an outage, on average
BAD_BODIES = (
    "flights",
    '{"flights": []}',
    '{"flights": {"hour": 7}}',
    '{"flight": [{"hour": 7}]}',
    '[{"hour": 7}]',
    '{"flights": [7, 8]}',
    '{"flights": null}',
)


def scene(rng: random.Random, kind: str) -> dict:
    """One event, the time there is for it, and what each call meets; ``_kind`` is for the check."""
    answered = {"outcome": "answered", "ms": rng.randint(20, 240)}
    calls = {
        "calm": [answered],
        "throttled once": [{"outcome": "throttled", "ms": rng.randint(3, 9)}, answered],
        "hangs once": [{"outcome": "answered", "ms": 60_000}, answered],
        "unavailable twice": [{"outcome": "unavailable", "ms": rng.randint(5, 30)}] * 2 + [answered],
        "refused": [{"outcome": "refused", "ms": rng.randint(10, 60)}],
        "bad": [answered],
        "down": [{"outcome": rng.choice(["throttled", "unavailable"]), "ms": rng.randint(3, 20)}],
        "hanging": [{"outcome": "answered", "ms": 60_000}],
    }[kind]
    body = _bad_body(rng) if kind == "bad" else json.dumps({"flights": [_flight(rng) for _ in range(rng.randint(1, 4))]})
    return {"event": {"body": body}, "budget_ms": rng.randint(900, 1500), "calls": calls, "_kind": kind}


def _flight(rng: random.Random) -> dict:
    flight = {
        "flight": rng.randint(1, 6000),
        "weekday": rng.randint(0, 6),
        "hour": rng.randint(5, 22),
        "origin": rng.randint(0, 2),
        "distance": rng.randint(94, 2586),
        "temp": rng.choice([None, round(rng.uniform(15, 95), 2)]),
        "wind_speed": round(rng.uniform(0, 35), 2),
        "precip": round(rng.uniform(0, 0.4), 2),
        "visib": round(rng.uniform(0.2, 10), 1),
    }
    return dict(rng.sample(list(flight.items()), len(flight)))


def _bad_body(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(BAD_BODIES)
    flights = [_flight(rng) for _ in range(2)]
    del flights[1][rng.choice(COLUMNS)]
    return json.dumps({"flights": flights})


def script(rng: random.Random) -> list[dict]:
    """Usual scenes, an outage, calm, and usual scenes again."""
    usual = [kind for kind, count in USUAL.items() for _ in range(count)]
    kinds = [*rng.sample(usual, len(usual)), *["down"] * OUTAGE, *["calm"] * CALM, *rng.sample(usual, len(usual)), "hanging", "hanging"]
    return [scene(rng, kind) for kind in kinds]


def _practice_script() -> list[dict]:
    """A scene of each kind, all events that are at fault, an outage, calm, and tries that are all there is time for."""
    kinds = ["calm", *["bad"] * (len(BAD_BODIES) + 1), "throttled once", "hangs once", "unavailable twice", "refused"]
    kinds += [*["down"] * OUTAGE, *["calm"] * CALM, "unavailable twice", "hanging", "hanging"]
    scenes = [scene(random.Random(number), kind) for number, kind in enumerate(kinds)]
    faults = [*BAD_BODIES, json.dumps({"flights": [{name: 1 for name in COLUMNS}, {name: 1 for name in COLUMNS[:-1]}]})]
    for one, body in zip([one for one in scenes if one["_kind"] == "bad"], faults, strict=True):
        one["event"] = {"body": body}
    return scenes


PRACTICE_SCRIPT = _practice_script()


def played(answer: Answer, report: Report, scenes: list[dict]) -> list[dict] | None:
    """What the learner's handler did in each scene; reports the part ``shape`` and returns None when that cannot be told."""
    told = answer.call("handler", [{name: value for name, value in one.items() if name != "_kind"} for one in scenes])
    rows = told if isinstance(told, list) and len(told) == len(scenes) else [None]
    if all(map(_is_row, rows)):
        return told
    report.part("shape", False, "`handler` did not play the script it was given: does the line `@rehearsed` stand above it?")
    _nothing_else(report)
    return None


def _is_row(row: Any) -> bool:
    """Whether it has the form in which ``given/rehearsal.py`` tells of a scene."""
    return (
        isinstance(row, dict)
        and set(row) == {"response", "ms", "calls"}
        and isinstance(row["ms"], (int, float))
        and isinstance(row["calls"], list)
        and all(map(_is_call, row["calls"]))
    )


def _is_call(call: Any) -> bool:
    return (
        isinstance(call, dict)
        and set(call) == {"body", "timeout_ms"}
        and isinstance(call["body"], str)
        and isinstance(call["timeout_ms"], (int, float))
    )


def _nothing_else(report: Report) -> None:
    for part in ("time", "answers", "load"):
        report.part(part, False, "Not looked at: the responses do not have the form that was asked for.")


def report_scenes(report: Report, scenes: list[dict], told: list[dict]) -> None:
    """The parts ``shape``, ``time``, ``answers`` and ``load``."""
    if not _report_shape(report, scenes, told):
        _nothing_else(report)
        return
    late = [(one, did) for one, did in zip(scenes, told, strict=True) if max(did["ms"], _spent(one, did)) > one["budget_ms"]]
    said = f"{len(late)} of {len(scenes)} responses came too late" + (f", one in a scene {_what(late[0][0])}" if late else "")
    report.part("time", not late, f"{said}: does every try and every wait ask first what time remains?")
    wanted = [(one, did) for one, did in zip(scenes, told, strict=True) if one["_kind"] in REACHABLE]
    missed = [one for one, did in wanted if not _from_model(one, did)]
    said = f"{len(wanted) - len(missed)} of {len(wanted)} events that the model could have answered were. "
    share = max(0.0, 1 - 2 * len(missed) / len(wanted))
    report.part("answers", share, said if not missed else f"{said}{_why_missed(missed)}")
    down = [did for one, did in zip(scenes, told, strict=True) if one["_kind"] == "down"]
    calls = sum(len(did["calls"]) for did in down)
    said = f"In an outage of {len(down)} events the endpoint was called {calls} times: "
    said += "who helps it recover, if each retries as often as it likes?"
    repeated = [one for one, did in zip(scenes, told, strict=True) if one["_kind"] == "refused" and len(did["calls"]) > 1]
    if repeated:
        said = "A request that the model refuses was sent again: will it be accepted then?"
    report.part("load", calls <= MOST_CALLS * len(down) and not repeated, said)


def _report_shape(report: Report, scenes: list[dict], told: list[dict]) -> bool:
    for one, did in zip(scenes, told, strict=True):
        response, bad = did["response"], one["_kind"] == "bad"
        called = f"The handler answered {str(response)[:160]} to {_shown(one['event']['body'])}"
        if not isinstance(response, dict) or set(response) != {"statusCode", "body"}:
            return report.part("shape", False, f"{called}; expected 'statusCode' and 'body'.")
        if not isinstance(response["statusCode"], int) or not isinstance(response["body"], str):
            return report.part("shape", False, f"{called}; expected a whole number as 'statusCode' and text as 'body'.")
        if bad:
            if did["calls"]:
                return report.part("shape", False, f"{called} after it had asked the endpoint: whose fault is such an event?")
            if not report.part("shape", response["statusCode"] == 400, f"{called}; expected the status of a request that is at fault."):
                return False
            continue
        body = _read(response["body"])
        flights = len(json.loads(one["event"]["body"])["flights"])
        good = response["statusCode"] == 200 and set(body) == {"late", "source"} and body["source"] in ("model", "fallback")
        if not report.part("shape", good, f"{called}, in a scene {_what(one)}; expected status 200, and 'late' and 'source' in the body."):
            return False
        late = body["late"]
        good = isinstance(late, list) and len(late) == flights and all(isinstance(p, (int, float)) and 0 <= p <= 1 for p in late)
        if not report.part("shape", good, f"{called}; expected a probability for each of {flights} flights."):
            return False
        usual = body["source"] == "model" or all(abs(each - FALLBACK) < 1e-9 for each in late)
        if not report.part("shape", usual, f"{called}; expected the text's share of late flights where the model does not answer."):
            return False
        if body["source"] == "model" and not _from_model(one, did):
            return report.part(
                "shape", False, f"{called}; these are not the model's numbers for these flights: which columns, in which order?"
            )
    return report.part("shape", True, "Every response has its form.")


def _shown(body: str) -> str:
    """An event's body. A long one is cut, and the first column that a flight of it lacks is named."""
    if len(body) <= 120:
        return body
    for number, flight in enumerate(json.loads(body)["flights"], 1):
        if lost := [name for name in COLUMNS if name not in flight]:
            return f"{body[:120]}... (flight {number} has no {lost[0]!r})"
    return f"{body[:120]}..."


def _read(body: str) -> dict:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _from_model(one: dict, did: dict) -> bool:
    """Whether the response holds what the model says, and a call has brought it."""
    body = _read(did["response"]["body"])
    if body.get("source") != "model":
        return False
    wanted = [probability(flight) for flight in json.loads(one["event"]["body"])["flights"]]
    lines = [_line(flight) for flight in json.loads(one["event"]["body"])["flights"]]
    right = all(abs(got - want) < 2e-4 for got, want in zip(body["late"], wanted, strict=True))
    asked = [line for call in _answered(one, did) for line in call["body"].splitlines()]
    return right and all(any(_same(line, other) for other in asked) for line in lines)


def _answered(one: dict, did: dict) -> list[dict]:
    met = [one["calls"][min(number, len(one["calls"]) - 1)] for number in range(len(did["calls"]))]
    return [
        call for call, meets in zip(did["calls"], met, strict=True) if meets["outcome"] == "answered" and meets["ms"] < call["timeout_ms"]
    ]


def _spent(one: dict, did: dict) -> float:
    """Milliseconds that the calls alone took."""
    met = [one["calls"][min(number, len(one["calls"]) - 1)] for number in range(len(did["calls"]))]
    return sum(min(meets["ms"], call["timeout_ms"]) for call, meets in zip(did["calls"], met, strict=True))


def _line(flight: dict) -> list[Any]:
    return [flight[name] for name in COLUMNS]


def _same(line: list[Any], sent: str) -> bool:
    fields = sent.split(",")
    return len(fields) == len(line) and all(_number(field) == value for field, value in zip(fields, line, strict=True))


def _number(field: str) -> float | None:
    try:
        return float(field) if field.strip() else None
    except ValueError:
        return float("nan")


def probability(flight: dict) -> float:
    """What the stand-in's model says, as ``given/rehearsal.py`` computes it."""
    mixed = sum(place * (50 if value is None else float(value)) for place, value in enumerate(_line(flight), 1))
    return (mixed * 7.31 % 97) / 97


def _what(one: dict) -> str:
    return {
        "calm": "in which the endpoint answers at once",
        "throttled once": "whose first call is throttled",
        "hangs once": "whose first call never comes back",
        "unavailable twice": "in which no server is ready for two calls",
        "refused": "in which the model refuses the request",
        "down": "of an outage",
        "hanging": "in which no call ever comes back",
        "bad": "with an event that is at fault",
    }[one["_kind"]]


def _why_missed(missed: list[dict]) -> str:
    kinds = {one["_kind"] for one in missed}
    if kinds == {"hangs once"}:
        return "All that you miss have a first call that never comes back: how much of the time does one try get?"
    if "calm" in kinds:
        return (
            "Among those that you miss are some whose first call would have been answered: is the time-out longer than most answers take?"
        )
    return (
        f"Among those that you miss are some {_what(missed[0])}: is there a second try, and a third, while there is time, "
        "or was your retry budget empty?"
    )
