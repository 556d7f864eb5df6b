"""What callers would have waited: traffic replayed on containers that come and go, and on instances that stay."""

import heapq
from bisect import bisect_right, insort
from collections.abc import Sequence

IDLE = 300  # seconds without a request after which a container goes; AWS does not publish its own number


def serverless(arrivals: Sequence[float], seconds: float, cold_seconds: float, most: int) -> list[float | None]:
    """Seconds from arrival to answer of each request; None where it was refused.

    Each request takes the idle container that was used last. When none is idle, a new one comes, which takes ``cold_seconds`` more; when there
    are ``most`` already, the request is refused.

    Parameters
    ----------
    arrivals : sequence of float
        Seconds, ascending.
    seconds : float
        Which a request takes in a container.
    cold_seconds : float
        Which a container takes until it can answer its first request.
    most : int
        Containers at a time, the `MaxConcurrency`.
    """
    containers: list[float] = []  # the second from which on each is idle, ascending
    answers: list[float | None] = []
    for arrival in arrivals:
        while containers and containers[0] + IDLE <= arrival:
            containers.pop(0)
        idle = bisect_right(containers, arrival)
        if idle:
            containers.pop(idle - 1)
            took = seconds
        elif len(containers) < most:
            took = cold_seconds + seconds
        else:
            answers.append(None)
            continue
        answers.append(took)
        insort(containers, arrival + took)
    return answers


def real_time(arrivals: Sequence[float], seconds: float, instances: int) -> list[float]:
    """Seconds from arrival to answer of each request, when each instance answers one at a time, first come, first served."""
    free, answers = [0.0] * instances, []
    for arrival in arrivals:
        done = max(arrival, heapq.heappop(free)) + seconds
        heapq.heappush(free, done)
        answers.append(done - arrival)
    return answers
