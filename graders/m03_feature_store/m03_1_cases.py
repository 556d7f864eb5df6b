"""Draws what the exercises of m03_1 are judged on: messages of a feed, journals of an outage, services and the requests they might make."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
CARRIERS = ("AA", "B6", "DL", "MQ", "UA", "WN", "9E")
AIRPORTS = ("JFK", "LGA", "EWR")
STORED = (*AIRPORTS, "PHL")  # identifiers of the group that had an outage
GAPS = (("gate",), ("checked_in",), ("gate", "checked_in"))  # what the newest message of a flight lacks
NEAR_NAMES = ("{}-2", "{}s", "old-{}")

# ---- exercise 1: messages of a feed ----


def messages(rng: random.Random) -> list[dict]:
    """Messages in the order of arrival.

    A flight number flies twice a day, from two airports, and again the day after. The newest message of a flight never arrives last, its
    ``departs`` is not the latest, and it lacks one or both of the values that an older one has. The newest message of each terminal's queue
    is of another flight than the first, and a later one says nothing of the queue. Terminal letters repeat between airports.
    """
    start = datetime(2013, rng.randint(1, 12), rng.randint(1, 27), tzinfo=UTC)
    found: list[dict] = []
    terminal = rng.choice("ABC")
    first, second = rng.sample(AIRPORTS, 2)
    carrier, number = rng.choice(CARRIERS), rng.randint(100, 4999)
    other = rng.randint(5000, 5999)
    gaps = rng.sample(2 * GAPS, 6)
    for origin in (first, second):
        for offset in (0, 1):
            found += _flight(rng, start + timedelta(days=offset), carrier, number, origin, terminal, gaps.pop())
        found += _flight(rng, start, rng.choice(CARRIERS), other + len(found), origin, terminal, gaps.pop())
    rng.shuffle(found)
    newest = newest_by(found, flight_of)
    last = [one for one in found if one is newest[flight_of(one)]]
    return last + [one for one in found if one is not newest[flight_of(one)]]  # every newest message arrives before all the others


def _flight(rng: random.Random, day: datetime, carrier: str, number: int, origin: str, terminal: str, gap: tuple) -> list[dict]:
    """Three messages of one flight, in the order of sending. The last one lacks the values named in ``gap``."""
    departs = day + timedelta(hours=rng.randint(8, 20), minutes=5 * rng.randint(0, 11))
    sent = departs - timedelta(minutes=rng.randint(150, 200))
    moved = [departs, departs + timedelta(minutes=rng.randint(20, 50)), departs]
    gates = [f"0{rng.randint(1, 9)}", f"0{rng.randint(1, 9)}", f"0{rng.randint(1, 9)}"]
    counts = sorted(rng.sample(range(1, 160), 3))
    found = []
    for step in range(3):
        message = {"sent_at": text(sent + timedelta(minutes=40 * step, seconds=rng.randint(0, 59))), "carrier": carrier, "flight": number}
        message |= {"origin": origin, "day": day.strftime("%Y-%m-%d"), "departs": text(moved[step]), "terminal": terminal}
        message |= {"gate": gates[step], "checked_in": counts[step]}
        message |= {"queue_minutes": None if step == 2 else round(rng.uniform(1, 60), 1)}
        if step == 2:
            message |= dict.fromkeys(gap)
        found.append(message)
    return found


def text(moment: datetime) -> str:
    return moment.strftime(FORMAT)


def flight_of(message: dict) -> tuple:
    return tuple(message[name] for name in ("carrier", "flight", "origin", "day"))


def terminal_of(message: dict) -> tuple:
    return (message["origin"], message["terminal"])


def newest_by(found: list[dict], key) -> dict[tuple, dict]:
    """The message that was sent last, by what it is about."""
    return {key(message): message for message in sorted(found, key=lambda message: message["sent_at"])}


# ---- exercise 2: an outage ----


def outage(rng: random.Random) -> dict:
    """Events before and during an outage.

    Returns
    -------
    dict
        ``events``: every event once; ``reached``: for each the stores that have it; ``journal``: the events in no order, some twice.
        The newest event of two airports is a deletion, which arrives before older records; another airport has a deletion that is not its
        newest event; one has none. In each airport some events are in one store only, in both, and in none.
    """
    start = datetime(2013, rng.randint(1, 12), rng.randint(1, 27), rng.randint(0, 20), tzinfo=UTC)
    airports = rng.sample(STORED, 4)
    events, reached = [], []
    for place, airport in enumerate(airports):
        count = rng.randint(6, 8)
        deleted = {0: count - 1, 1: count - 3, 2: count - 1}.get(place)
        stores = [("OnlineStore", "OfflineStore"), (), ("OnlineStore",), ("OfflineStore",), ()]
        stores += [rng.choice(stores) for _ in range(count - 5)]
        rng.shuffle(stores)
        for step in range(count):
            values = {"departures_2h": rng.randint(1, 60), "mean_delay_2h": round(rng.uniform(-5, 90), 2)}
            events.append(
                {"id": airport, "time": text(start + timedelta(minutes=30 * step)), "values": None if step == deleted else values}
            )
            reached.append(stores[step])
    _settle(events, reached)
    journal = events + rng.sample(events, 4)
    rng.shuffle(journal)
    deletions = [event for event in journal if event["values"] is None]
    return {"events": events, "reached": reached, "journal": deletions + [event for event in journal if event["values"] is not None]}


def _settle(events: list[dict], reached: list[tuple]) -> None:
    """Make sure that one deletion at the end reached nothing, and that the other one and the newest records are missing online only."""
    deletions = [("OfflineStore",), ()]
    for place, event in enumerate(events):
        newest = all(other["id"] != event["id"] or other["time"] <= event["time"] for other in events)
        if newest:
            reached[place] = deletions.pop() if event["values"] is None else ("OfflineStore",)


def newest_events(events: list[dict]) -> dict[str, dict]:
    """The newest event of each airport."""
    return {event["id"]: event for event in sorted(events, key=lambda event: event["time"])}


# ---- exercise 3: groups of other teams ----


def need(rng: random.Random, token: str) -> dict:
    """What is looked for. ``token`` makes its parameters those of no other group of the account."""
    measure = f"{rng.choice(('taxi-out', 'gate-to-gate', 'turnaround', 'fuel', 'boarding'))}-{token}"
    unit = rng.choice(("minutes", "seconds", "share"))
    add = {"name": f"p{rng.randint(51, 99)}", "type": rng.choice(("Fractional", "Integral")), "description": f"Percentile {token}"}
    add["parameters"] = {"owner": f"team-{token}", "unit": unit}
    tags = {"stage": "production", "team": f"team-{rng.randint(10, 99)}"}
    return {"parameters": {"measure": measure, "unit": unit}, "tags": tags, "add": add}


def groups_of(rng: random.Random, wanted: dict, token: str) -> list[dict]:
    """The groups of an account, in the order of creation: one that serves the need (``right``), others differ from it in one respect.

    Each has ``name``, ``feature``, ``parameters``, ``tags``, ``online`` and ``right``.
    """
    parameters, tags = wanted["parameters"], wanted["tags"]
    units = [unit for unit in ("minutes", "seconds", "share", "hours") if unit != parameters["unit"]]
    near = [{"tags": tags | {"stage": "trial"}}, {"tags": tags | {"team": "team-9"}}, {"online": False}]
    rng.shuffle(near)
    kinds = [near[0], {"right": True}, *near[1:]]  # the first or last one found is wrong
    for far in ({"parameters": parameters | {"unit": rng.choice(units)}}, {"parameters": {"unit": parameters["unit"]}}):
        kinds.insert(rng.randint(0, len(kinds)), far)
    sound = {"parameters": parameters, "tags": tags, "online": True, "right": False}
    letters = sorted(rng.sample("abcdefghijklmnopqrstuvwxyz", len(kinds)))
    names = [{"name": f"{letter}-{token}", "feature": f"f{letter}{rng.randint(10, 99)}"} for letter in letters]
    return [sound | kind | name for kind, name in zip(kinds, names, strict=True)]


# ---- exercise 4: what a service may do ----


def service(rng: random.Random) -> dict:
    """A service as `reader_policy` gets it."""
    names = rng.sample(("weather", "planes", "carrier-day", "airport-state", "crew", "gates", "fuel"), rng.randint(1, 3))
    region = rng.choice(("us-east-1", "us-west-2", "eu-west-1"))
    return {"region": region, "account": str(rng.randint(10**11, 10**12 - 1)), "groups": names, "team": f"team-{rng.randint(10, 99)}"}


def arn(given: dict, name: str, **other: str) -> str:
    place = given | other
    return f"arn:aws:sagemaker:{place['region']}:{place['account']}:feature-group/{name}"


def requests_of(given: dict, tagged: str) -> list[tuple[str, str, str | None, bool, str]]:
    """What a service might ask for: action, ARN, the group's tag ``team``, whether it may, and in words what kind of request it is.

    ``tagged`` is the name of a group that the service knows only by its tag.
    """
    read = ("sagemaker:GetRecord", "sagemaker:BatchGetRecord")
    found = []
    for name in given["groups"]:
        found += [(action, arn(given, name), tag, True, "reads a named group") for action in read for tag in (None, "team-1")]
    found += [(action, arn(given, tagged), given["team"], True, "reads a group with the tag") for action in read]
    for action in read:
        for near in NEAR_NAMES:
            found.append((action, arn(given, near.format(given["groups"][0])), None, False, "reads a group with a similar name"))
        for team in ("team-1", f"{given['team']}0", given["team"].upper()):
            found.append((action, arn(given, tagged), team, False, "reads a group with another team's tag"))
        found.append((action, arn(given, tagged), None, False, "reads a group without the tag"))
        found.append((action, arn(given, given["groups"][0], region="sa-east-1"), given["team"], False, "reads in another region"))
        found.append((action, arn(given, given["groups"][0], account="999999999999"), given["team"], False, "reads in another account"))
    for name, tag in ((given["groups"][0], None), (tagged, given["team"])):
        for action in ("PutRecord", "DeleteRecord", "UpdateRecord", "DeleteFeatureGroup", "UpdateFeatureGroup", "AddTags"):
            found.append((f"sagemaker:{action}", arn(given, name), tag, False, "changes something"))
        found.append(("sagemaker:DescribeFeatureGroup", arn(given, name), tag, False, "does something other than read records"))
    offline = (
        ("sagemaker:Search", "*"),
        ("s3:GetObject", "arn:aws:s3:::features/offline/rows.parquet"),
        ("athena:StartQueryExecution", f"arn:aws:athena:{given['region']}:{given['account']}:workgroup/primary"),
    )
    found += [(action, resource, None, False, "does something other than read records") for action, resource in offline]
    return found
