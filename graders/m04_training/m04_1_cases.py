"""Channels, curves and costs to judge answers by. The generators are no secret; the seed of the graded cases is."""

import math
import random

import numpy as np

MODES = ("File", "FastFile", "Pipe")
FORMATS = ("csv", "libsvm", "parquet", "recordio")
CONTENT_TYPES = ("application/x-parquet", "application/x-recordio-protobuf", "text/csv", "text/libsvm")
VERDICTS = ("overfits", "still learning", "settled", "too good", "jumps")

_CHANNEL = {"gigabytes": 300, "disk": 500, "passes": 1, "access": "sequential", "reads": "files", "format": "parquet"}
PRACTICE_CHANNELS = (  # a channel, its mode and content type, and a question for those who chose another mode
    (_CHANNEL | {"gigabytes": 0.4, "disk": 30, "format": "csv"}, "File", "text/csv", "how long does it take to copy so little?"),
    (_CHANNEL, "FastFile", "application/x-parquet", "it is read once: does it pay to copy all of it before the first row is read?"),
    (_CHANNEL | {"gigabytes": 1}, "FastFile", "application/x-parquet", "is one gigabyte less than one gigabyte?"),
    (_CHANNEL | {"passes": 40}, "File", "application/x-parquet", "how often would a stream fetch the same data?"),
    (_CHANNEL | {"passes": 40, "disk": 100, "format": "libsvm"}, "FastFile", "text/libsvm", "does a copy of it fit the disk?"),
    (_CHANNEL | {"access": "random"}, "File", "application/x-parquet", "what does a stream do at each jump?"),
    (_CHANNEL | {"reads": "pipe", "format": "recordio"}, "Pipe", "application/x-recordio-protobuf", "what does this program look for?"),
    (_CHANNEL | {"gigabytes": 0.4, "reads": "pipe"}, "Pipe", "application/x-parquet", "which question comes before the one about size?"),
)
PRACTICE_CURVES = (  # validation AUC after each round, the verdict, the rounds to keep, and a question for those who read it otherwise
    ([0.60, 0.65, 0.69] + [0.70] * 57, "settled", 4, "does it still move at its end, and where does it first come near its best?"),
    ([0.60, 0.65, 0.69] + [0.70, 0.6985] * 24, "settled", 4, "does it sink, or does it only tremble?"),
    ([0.60, 0.65, 0.6985] + [0.70, 0.6994] * 29, "settled", 3, "which is the first round that comes within 0.002 of the best?"),
    ([0.60, 0.65, 0.69] + [0.70 - number / 1000 for number in range(47)], "overfits", 4, "how far below its best does it end?"),
    ([0.60 + 3 * number / 1000 for number in range(50)], "still learning", 50, "how much did it gain in its last fifth?"),
    ([0.965] + [0.99] * 49, "too good", 0, "is a flight's delay as easy to tell as that, and is anything of such a run worth keeping?"),
    ([0.65, 0.69] * 25, "jumps", 0, "how far apart are neighbours, and is anything of such a run worth keeping?"),
)
PRACTICE_COSTS = ((150, 20), (60, 50))  # missed, false alarm


def channels(rng: random.Random) -> list[dict]:
    """Forty channels: twenty-eight drawn alone, two on borders of the table, and ten twins that differ from one in a single field."""
    alone = [_channel(rng) for _ in range(28)]
    large = _CHANNEL | {"gigabytes": 1, "passes": 1, "format": rng.choice(FORMATS)}
    piped = _CHANNEL | {"gigabytes": round(rng.uniform(0.1, 0.9), 2), "reads": "pipe", "format": rng.choice(FORMATS)}
    return rng.sample([*alone, large, piped, *(_twin(rng, channel) for channel in alone[:10])], 40)


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
        "format": rng.choice(FORMATS),
    }


def _twin(rng: random.Random, channel: dict) -> dict:
    if channel["access"] == "random":
        return channel | {"access": "sequential", "passes": channel["passes"]}
    if channel["reads"] == "pipe":
        return channel | {"reads": "files"}
    if channel["gigabytes"] < 1:
        return channel | {"format": rng.choice([name for name in FORMATS if name != channel["format"]])}
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
            gap = (0.985 - value) * number / rounds  # learned by heart, the training data look too good
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


def practice_month(rng: random.Random) -> tuple[list[float], list[int]]:
    """Probabilities and outcomes of 1,500 flights, by a model that is afraid of small probabilities."""
    true = [rng.betavariate(1.2, 2.5) for _ in range(1_500)]
    return [round(0.12 + 0.75 * chance, 3) for chance in true], [int(rng.random() < chance) for chance in true]


def mistakes(probabilities: list[float], late: list[int], cut: float) -> np.ndarray:
    """How many late flights get no warning, and how many punctual ones get one, when warnings begin at ``cut``."""
    warned, was = np.array(probabilities) >= cut, np.array(late)
    return np.array([(was * ~warned).sum(), ((1 - was) * warned).sum()])
