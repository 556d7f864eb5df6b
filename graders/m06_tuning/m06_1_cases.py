"""Settings to decide on, and networks. The generators are no secret; the seed of the graded cases is."""

import random
from statistics import fmean, variance

KINDS = ("parameter", "tune", "fix")
MODEL, TIME, OUTPUT, YARDSTICK, LUCK = "the model", "the time it takes", "what is printed", "the validation rows", "the random numbers"
CLEAR = (1.3, 3.2)  # effects below the first or above the second multiple of the noise are drawn, so that no rounding decides

_SETTING = {"name": "penalty", "set_by": "you", "changes": [MODEL]}
_MOVES = {"0.1": [0.702, 0.705, 0.701], "1": [0.731, 0.728, 0.733], "10": [0.718, 0.716, 0.721]}
_LIES_STILL = {"0.1": [0.721, 0.728, 0.715], "1": [0.724, 0.717, 0.727], "10": [0.722, 0.714, 0.726]}
_SMALL_BUT_SURE = {
    "1": [0.7202, 0.7204, 0.7203],
    "2": [0.7203, 0.7205, 0.7204],
    "4": [0.7242, 0.7240, 0.7241],
    "8": [0.7243, 0.7241, 0.7242],
}
_LARGE_AND_UNSURE = {"1": [0.68, 0.71, 0.74], "2": [0.70, 0.74, 0.72], "4": [0.69, 0.67, 0.71]}
PRACTICE_SETTINGS = (  # a setting, its kind, and a question for those who chose another
    (_SETTING | {"auc": _MOVES}, "tune", "who sets it, what does it change, and how do its averages differ beside the noise?"),
    (
        _SETTING | {"name": "step", "changes": [MODEL, TIME], "auc": _MOVES},
        "tune",
        "does it change the model, and do its averages differ? What else it changes does no harm.",
    ),
    (_SETTING | {"auc": _LIES_STILL}, "fix", "do its averages differ by more than repeats of the same value do?"),
    (
        _SETTING | {"auc": _SMALL_BUT_SURE},
        "tune",
        "little as it is: how far apart are its averages, measured by how far repeats of *one* value are apart?",
    ),
    (_SETTING | {"auc": _LARGE_AND_UNSURE}, "fix", "how far apart are its averages, measured by how far repeats of one value are apart?"),
    (
        _SETTING | {"name": "weight of the hour", "set_by": "training", "auc": _MOVES},
        "parameter",
        "who finds the value: you before the training, or the training?",
    ),
    (
        _SETTING | {"name": "share of rows held back", "changes": [MODEL, YARDSTICK], "auc": _MOVES},
        "fix",
        "are the scores of two of its values measured with the same yardstick?",
    ),
    (
        _SETTING | {"name": "seed", "changes": [MODEL, LUCK], "auc": _MOVES},
        "fix",
        "what would the best of its values be worth on the next data?",
    ),
    (_SETTING | {"name": "metric to print", "changes": [OUTPUT], "auc": _MOVES}, "fix", "is the model another one afterwards?"),
)
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
    """Twelve pairs of batch sizes and epochs: four with many steps, four with few, four between."""
    kinds = [((32, 60), (6, 10)), ((1000, 1350), (1, 2)), ((128, 400), (1, 10))] * 4
    return rng.sample([((low := rng.randint(*lows), low * 3), rng.randint(*epochs)) for lows, epochs in kinds], 12)
