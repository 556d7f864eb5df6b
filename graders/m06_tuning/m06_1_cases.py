"""Settings of practice to decide on."""

KINDS = ("parameter", "tune", "fix")
MODEL, TIME, OUTPUT, YARDSTICK, LUCK = "the model", "the time it takes", "what is printed", "the validation rows", "the random numbers"

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
