"""A day of an endpoint's traffic, replayed minute by minute under a target tracking policy.

As application auto scaling does it: above the target for three minutes in a row it scales out, below nine tenths of it for fifteen it scales in,
each time to as many instances as would bring the metric's last value to the target, if it fell in proportion. A cooldown keeps what was just
added or taken from being counted twice. An instance costs from the minute in which it is ordered, and answers ``start_minutes`` later.
Requests go to instances at random, so that each instance has a queue of its own.
"""

import math

METRICS = ("InvocationsPerInstance", "CPUUtilization", "ModelLatency")
HIGH, LOW, LOW_SHARE = 3, 15, 0.9  # minutes, minutes, share of the target
BUSY = 0.97  # where latency is cut off
BESIDES = (4, 9, 6, 11, 3)  # percent of its processors that an instance uses for other things, minute by minute


def replay(brief: dict, policy: dict) -> dict:
    """What a policy does with the requests of a brief.

    Parameters
    ----------
    brief : dict
        ``requests`` and ``flights`` (a request's flights on average), a number a minute each; ``request_ms`` and ``flight_ms`` (what an
        instance needs for a request, and more for each flight in it); ``cpu_share`` of that time; ``late_after_ms``; ``start_minutes``;
        ``instance_usd`` an hour; ``late_usd`` an answer.
    policy : dict
        ``metric``, ``target``, ``out_cooldown`` and ``in_cooldown`` in seconds, ``min``, ``max``.

    Returns
    -------
    dict
        Lists with a number a minute: ``instances`` (ordered), ``metric``, ``late`` (requests); and ``cost`` in US dollars of all.
    """
    ordered, base, seen = policy["min"], policy["min"], []
    ready = [0] * ordered  # the minutes from which the instances answer
    last_out = last_in = -math.inf
    told = {"instances": [], "metric": [], "late": []}
    for minute, (requests, flights) in enumerate(zip(brief["requests"], brief["flights"], strict=True)):
        answering = max(1, sum(since <= minute for since in ready))
        seconds = (brief["request_ms"] + brief["flight_ms"] * flights) / 1000
        busy = requests * seconds / (60 * answering)
        seen.append(_metric(policy["metric"], requests / answering, busy, seconds, brief["cpu_share"], BESIDES[minute % 5]))
        told["instances"].append(ordered)
        told["metric"].append(seen[-1])
        told["late"].append(requests * _late_share(busy, seconds, brief["late_after_ms"] / 1000))
        if len(seen) >= HIGH and min(seen[-HIGH:]) > policy["target"]:
            cooling = (minute - last_out) * 60 < policy["out_cooldown"]
            wanted = min(policy["max"], math.ceil((base if cooling else ordered) * seen[-1] / policy["target"] - 1e-9))
            if wanted > ordered:
                base, last_out = ordered, minute
                ready += [minute + brief["start_minutes"]] * (wanted - ordered)
                ordered = wanted
        elif len(seen) >= LOW and max(seen[-LOW:]) < LOW_SHARE * policy["target"] and (minute - last_in) * 60 >= policy["in_cooldown"]:
            wanted = max(policy["min"], math.ceil(ordered * seen[-1] / policy["target"] - 1e-9))
            if wanted < ordered:
                ready, ordered, last_in = sorted(ready)[:wanted], wanted, minute
    dollars = sum(told["instances"]) / 60 * brief["instance_usd"] + sum(told["late"]) * brief["late_usd"]
    return told | {"cost": dollars}


def _metric(name: str, per_instance: float, busy: float, seconds: float, cpu_share: float, besides: float) -> float:
    """As CloudWatch has it: requests a minute and instance; percent; milliseconds."""
    if name == "InvocationsPerInstance":
        return per_instance
    if name == "CPUUtilization":
        return besides + 100 * min(0.89, busy) * cpu_share
    return 1000 * seconds / (1 - min(busy, BUSY))


def _late_share(busy: float, seconds: float, late_after: float) -> float:
    """Of the requests that find an instance so busy; the queue of one server with requests and services at random (M/M/1)."""
    if busy >= 1 or late_after <= seconds:
        return 1.0
    return busy * math.exp(-(1 - busy) * (late_after - seconds) / seconds)
