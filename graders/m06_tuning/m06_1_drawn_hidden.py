# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Settings and networks that m06_1_ex1 and m06_1_ex5 are graded on."""

import random
from statistics import fmean, variance

import numpy as np

from .m06_1 import PRACTICE_STEPS
from .m06_1_cases import LUCK, MODEL, OUTPUT, TIME, YARDSTICK
from .m06_1_replay import Steps

CLEAR = (1.3, 3.2)  # effects below the first or above the second multiple of the noise are drawn, so that no rounding decides
RATES = np.geomspace(1e-5, 1, 16)  # ends of the ranges that a learning rate's range is compared with
_YOURS = ("penalty", "depth", "step", "share of columns", "width", "dropout", "batch", "least rows of a leaf", "rounds", "momentum")
_FOUND = ("weight", "split point", "leaf value", "centre of a cluster", "mean for scaling", "bias of a layer")
_BESIDE = (  # rows of settings that are no hyperparameters; of each there are some in every set of cases
    {"metric to print": [OUTPUT], "cut-off of the report": [OUTPUT, TIME]},
    {"share of rows held back": [MODEL, YARDSTICK], "rows per fold": [YARDSTICK, MODEL, TIME]},
    {"seed of the sampling": [MODEL, LUCK], "seed of the first weights": [LUCK, MODEL]},
)
_IDLE = {"machines": [TIME], "log interval": [OUTPUT, TIME], "threads": [TIME]}


def settings(rng: random.Random) -> list[dict]:
    """Forty settings: thirty drawn alone, and ten twins that differ from one in a single field."""
    alone = [_setting(rng, kind) for kind in ["you"] * 16 + ["training"] * 7] + [_beside(rng, row) for row in (*_BESIDE, *_BESIDE, _IDLE)]
    return rng.sample([*alone, *(_twin(rng, setting, number) for number, setting in enumerate(alone[:10]))], 40)


def _setting(rng: random.Random, kind: str) -> dict:
    number = rng.randint(2, 99)
    if kind == "training":
        setting = {"name": f"{rng.choice(_FOUND)} {number}", "set_by": "training", "changes": [MODEL]}
    else:
        changes = [MODEL, *rng.sample([TIME, OUTPUT], rng.randint(0, 2))]
        setting = {"name": f"{rng.choice(_YOURS)} {number}", "set_by": "you", "changes": rng.sample(changes, len(changes))}
    return setting | {"auc": scores(rng, moves=rng.random() < 0.6)}


def _beside(rng: random.Random, row: dict[str, list[str]]) -> dict:
    name = rng.choice(list(row))
    changes = rng.sample(row[name], len(row[name]))
    return {"name": f"{name} {rng.randint(2, 99)}", "set_by": "you", "changes": changes, "auc": scores(rng, moves=row is not _IDLE)}


def _twin(rng: random.Random, setting: dict, number: int) -> dict:
    """The first ten settings are yours: their twins lose their effect or gain one, are found by training, or move the yardstick."""
    if number < 5:
        return setting | {"auc": scores(rng, moves=not effect(setting["auc"]) > 2)}
    if number < 7:
        return setting | {"set_by": "training"}
    return setting | {"changes": [*setting["changes"], rng.choice([YARDSTICK, LUCK])]}


def scores(rng: random.Random, moves: bool) -> dict[str, list[float]]:
    """AUC of three repeats at each of three or four values, whose averages clearly differ beside the noise of the repeats or do not."""
    while True:
        noise, middle, first = 0.0004 * 50 ** rng.random(), rng.uniform(0.55, 0.75), rng.choice([0.001, 0.1, 1, 5, 20])
        spread = noise * rng.uniform(3.5, 9) if moves else noise * rng.uniform(0, 0.8)
        places = rng.sample([0.0, 1.0, *(rng.random() for _ in range(2))], rng.choice([3, 4]))
        found = {
            f"{first * 4**step:g}": [round(rng.gauss(middle + spread * place, noise), 4) for _ in range(3)]
            for step, place in enumerate(places)
        }
        times = effect(found)
        if times > CLEAR[1] if moves else times < CLEAR[0]:
            return found


def effect(auc: dict[str, list[float]]) -> float:
    """How far the best average lies above the worst, in standard deviations of the repeats (three each, over all values)."""
    averages = [fmean(repeats) for repeats in auc.values()]
    return (max(averages) - min(averages)) / max(fmean(variance(repeats) for repeats in auc.values()) ** 0.5, 1e-9)


def steps(rng: random.Random) -> list[tuple[tuple[int, int], int]]:
    """Twelve pairs of batch sizes and epochs: four with many steps, four with few, four between.

    Those with few differ in batch sizes and epochs. The table has few such networks, so luck would decide if all four were nearly the same.
    """
    few = [((low, low + 175), (epochs, epochs)) for low in (1000, 1175) for epochs in (1, 2)]
    kinds = [*few, *[((32, 60), (6, 10)), ((128, 400), (1, 10))] * 4]
    return rng.sample([((low := rng.randint(*lows), low * 3), rng.randint(*epochs)) for lows, epochs in kinds], 12)


def by_range(case: Steps) -> dict[tuple[int, int], float]:
    """`Steps.best` of each range between two of `RATES`, by their places there."""
    places = range(len(RATES))
    return {(low, high): case.best(RATES[low], RATES[high]) for low in places for high in places if low < high}


def stored() -> dict[str, list]:
    """The AUC of the best ranges for the steps of practice."""
    return {"graders/m06_tuning/m06_1_practice.json": [round(max(by_range(Steps(*drawn)).values()), 6) for drawn in PRACTICE_STEPS]}
