"""Channels, curves and costs to judge answers by. The generators are no secret; the seed of the graded cases is."""

import math
import random

MODES = ("File", "FastFile", "Pipe")
CONTENT_TYPES = {
    "csv": "text/csv",
    "libsvm": "text/libsvm",
    "parquet": "application/x-parquet",
    "recordio": "application/x-recordio-protobuf",
}
VERDICTS = ("overfits", "still learning", "settled", "too good", "jumps")

EXAMPLE_CHANNEL = {"gigabytes": 0.4, "disk": 30, "passes": 1, "access": "sequential", "reads": "files", "format": "csv"}


def channels(rng: random.Random) -> list[dict]:
    """Forty channels: thirty drawn alone, and ten twins that differ from one of these in a single field."""
    alone = [_channel(rng) for _ in range(30)]
    return rng.sample(alone + [_twin(rng, channel) for channel in alone[:10]], 40)


def _channel(rng: random.Random) -> dict:
    size = rng.choice([round(rng.uniform(0.1, 0.9), 1), rng.randint(20, 900), rng.randint(20, 900)])
    access = rng.choice(["sequential", "sequential", "random"])
    fits = access == "random" or rng.random() < 0.6  # data read at random that fits no disk has no good answer
    return {
        "gigabytes": size,
        "disk": round(size * rng.uniform(1.5, 4)) + 10 if fits else max(5, round(size * rng.uniform(0.2, 0.8))) if size > 10 else 30,
        "passes": rng.choice([1, 1, rng.randint(10, 60)]),
        "access": access,
        "reads": rng.choice(["files"] * 4 + ["pipe"]) if access == "sequential" else "files",
        "format": rng.choice(list(CONTENT_TYPES)),
    }


def _twin(rng: random.Random, channel: dict) -> dict:
    if channel["access"] == "random":
        return channel | {"access": "sequential", "passes": channel["passes"]}
    if channel["reads"] == "pipe":
        return channel | {"reads": "files"}
    if channel["gigabytes"] < 1:
        return channel | {"format": rng.choice([name for name in CONTENT_TYPES if name != channel["format"]])}
    return channel | {"passes": rng.randint(10, 60) if channel["passes"] == 1 else 1}


def curve(rng: random.Random, verdict: str) -> dict:
    """``{"train": [...], "validation": [...]}``: AUC after each round of a run that deserves this verdict."""
    rounds = rng.randint(40, 120)
    start, gain = rng.uniform(0.58, 0.64), rng.uniform(0.08, 0.13)
    pace = rounds / rng.uniform(8, 12)
    noise = 0.0004
    train, validation = [], []
    turn = rng.uniform(0.25, 0.45) * rounds
    for number in range(1, rounds + 1):
        rise = 1 - math.exp(-number / pace)
        value, gap = start + gain * rise, 0.015 * number / rounds
        if verdict == "overfits":
            value -= 0.05 * max(0.0, number - turn) / rounds
            gap = 0.2 * number / rounds
        elif verdict == "still learning":
            value = start + gain * (number / rounds) ** 0.8
        elif verdict == "too good":
            value = 0.965 + 0.025 * rise
            gap = 0.004
        elif verdict == "jumps":
            noise = 0.02
        validation.append(round(min(0.999, value + rng.gauss(0, noise)), 4))
        train.append(round(min(0.9995, value + gap + abs(rng.gauss(0, noise))), 4))
    return {"train": train, "validation": validation}


def curves(rng: random.Random) -> list[tuple[str, dict]]:
    """Twenty-five runs, five of each verdict, with their verdicts."""
    return [(verdict, curve(rng, verdict)) for verdict in rng.sample(VERDICTS * 5, 25)]


def costs(rng: random.Random, count: int) -> list[tuple[int, int]]:
    """What a missed late flight and a false warning cost: by turns much dearer and hardly dearer, so that no one threshold suits."""
    dear = [(rng.randint(150, 300), rng.randint(10, 25)) for _ in range(count // 2)]
    cheap = [(rng.randint(60, 90), rng.randint(45, 60)) for _ in range(count - count // 2)]
    return [pair for both in zip(dear, cheap, strict=True) for pair in both]
