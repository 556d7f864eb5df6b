"""Cases of exercises 4 and 5 that practice asks about, and what may be changed: what is known before one decides how to serve a model."""

from typing import Any

OPTIONS = ("real time", "serverless", "asynchronous", "batch", "multi-model", "pipeline")
TRANSFORMS = ("none", "request", "history")
DAY_SECONDS = 86_400
BACK = 1.1  # an edit stops near the border: a tenth nearer to the old value, the option is not right any more
RANGES: dict[str, tuple[float, float]] = {  # of legal edits
    "answer_s": (0.05, DAY_SECONDS),
    "model_s": (0.001, 900),
    "transform_s": (0.001, 30),
    "cold_s": (0.2, 120),
    "payload_mb": (0.001, 1_000),
    "memory_gb": (0.5, 16),
    "requests_a_day": (1, 50_000_000),
    "models": (1, 2_000),
}

BASE = {
    "answer_s": 20.0,
    "model_s": 0.1,
    "transform_s": 0.02,
    "cold_s": 6.0,
    "payload_mb": 0.1,
    "memory_gb": 2,
    "requests_a_day": 100_000,
    "models": 1,
    "transform": "none",
    "instance_usd": 0.115,
    "gb_second_usd": 0.00002,
}
# A case, its option, and a question for those who chose another. From the eighth on, cases are at a border of the table.
PRACTICE_CASES: tuple[tuple[dict, str, str], ...] = (
    (BASE | {"answer_s": 14_400, "requests_a_day": 300_000}, "batch", "does anybody wait for this answer?"),
    (BASE | {"answer_s": 600, "payload_mb": 80}, "asynchronous", "which options take a request of that size?"),
    (BASE | {"models": 60, "requests_a_day": 900_000}, "multi-model", "what would sixty endpoints cost?"),
    (BASE | {"models": 60, "answer_s": 2.0}, "real time", "how long does a model that is not loaded let its caller wait?"),
    (BASE | {"transform": "request", "answer_s": 0.5}, "pipeline", "which option keeps transform and model together?"),
    (BASE, "serverless", "what do 100,000 requests cost there, and what does an instance that stands all day?"),
    (BASE | {"requests_a_day": 2_000_000}, "real time", "what do two million requests cost by the second, and what does the instance?"),
    (BASE | {"answer_s": 3_600}, "batch", "is an hour soon enough, or one that somebody waits for?"),
    (BASE | {"answer_s": 3_599, "models": 2}, "multi-model", "is it an hour or more, and are two models several?"),
    (BASE | {"answer_s": 900, "model_s": 61}, "asynchronous", "how long may a model on a real-time endpoint need?"),
    (BASE | {"answer_s": 900, "model_s": 60, "requests_a_day": 10}, "serverless", "is 60 s longer than 60 s?"),
    (BASE | {"answer_s": 900, "payload_mb": 6}, "real time", "does a real-time endpoint take 6 MB, and a serverless one?"),
    (BASE | {"payload_mb": 4, "memory_gb": 6, "requests_a_day": 10}, "serverless", "are 4 MB and 6 GB within the limits?"),
    (BASE | {"memory_gb": 7, "requests_a_day": 10}, "real time", "which memory does a serverless container have at most?"),
    (BASE | {"cold_s": 20.0}, "serverless", "is a cold start that takes as long as the answer may take too slow?"),
    (BASE | {"cold_s": 20.5}, "real time", "is there time for a cold start?"),
    (BASE | {"transform": "request", "answer_s": 0.5, "model_s": 0.25, "transform_s": 0.25}, "pipeline", "are the two in time together?"),
    (BASE | {"transform": "request", "answer_s": 0.5, "model_s": 0.25, "transform_s": 0.375}, "real time", "are the two in time together?"),
    (BASE | {"requests_a_day": 1_000_000}, "real time", "what does a second cost with 2 GB?"),
    (BASE | {"transform": "history"}, "serverless", "what is left for a container in front when features are prepared beforehand?"),
    (BASE | {"transform": "request", "models": 3, "cold_s": 0.5}, "multi-model", "which of these questions comes first in the table?"),
)


def differing(case: dict, edit: dict) -> list[str]:
    """Fields that an edit added, left out or changed."""
    return [name for name in case | edit if name not in case or name not in edit or case[name] != edit[name]]


def is_legal(field: str, value: Any) -> bool:
    """Whether a case may have this value there; prices are not to be changed."""
    if field == "transform":
        return value in TRANSFORMS
    if field not in RANGES or isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    low, high = RANGES[field]
    return low <= value <= high and (field != "models" or isinstance(value, int))


def nearer(field: str, old: float, new: float) -> float:
    """The new value of a number, moved back towards the old one by a tenth of itself, but not beyond."""
    if field != "models":
        return max(old, new / BACK) if new > old else min(old, new * BACK)
    return max(old, int(min(new / BACK, new - 1))) if new > old else min(old, max(new + 1, int(new * BACK)))
