"""The cases of m06_2 on which practice judges: few, always the same, on the borders that the text draws."""

from .m06_2_cases import IDENTICAL, TRANSFER

# Searches, and the strategy that suits them

_SEARCH = {"numeric": 5, "combinations": 4, "jobs": 40, "parallel": 4, "reports": 1, "minutes": 9, "paid_minutes": 900}
PRACTICE_EDITS: tuple[tuple[dict, str, dict[str, tuple[int, int]], str], ...] = (
    # a search, the strategy to make right, the fields that do it with their least and largest value, and a question for other changes
    (_SEARCH, "Random", {"jobs": (4, 19), "parallel": (9, 10)}, "what makes a search that could learn one that cannot?"),
    (
        _SEARCH | {"parallel": 10},
        "Bayesian",
        {"jobs": (50, 100), "parallel": (1, 8)},
        "how many jobs have ended when the last ones are chosen?",
    ),
    (
        _SEARCH | {"reports": 100},
        "Hyperband",
        {"minutes": (20, 22)},
        "what is missing until it pays to stop jobs on their way, and is the whole search still paid for?",
    ),
    (
        _SEARCH | {"numeric": 0, "combinations": 48},
        "Grid",
        {"combinations": (2, 40), "jobs": (48, 100)},
        "how many jobs does it take to try everything, and what else could be changed?",
    ),
    (
        _SEARCH | {"numeric": 0, "reports": 50},
        "Bayesian",
        {"numeric": (1, 30), "combinations": (41, 500)},
        "which question is answered with yes before Bayesian's turn comes?",
    ),
    (  # paid for to the minute
        _SEARCH | {"reports": 10, "paid_minutes": 800},
        "Hyperband",
        {"minutes": (20, 20)},
        "how long is the shortest job that is long enough, and what is paid for?",
    ),
    (
        _SEARCH | {"numeric": 0, "combinations": 41, "paid_minutes": 369},
        "Grid",
        {"combinations": (2, 40), "jobs": (41, 41)},
        "how many combinations may there be at most for as many jobs, or how many jobs are paid for?",
    ),
    (  # one minute short of the fifty jobs that would do
        _SEARCH | {"parallel": 10, "paid_minutes": 449},
        "Bayesian",
        {"parallel": (1, 8)},
        "how many jobs have ended when the last ones are chosen?",
    ),
)

# Warm starts

_NEW = {
    "name": "july-again",
    "image": "sagemaker-xgboost:3.0-5",
    "data": "s3://flights/july/",
    "objective": "validation:auc",
    "ranges": {"eta": "continuous", "max_depth": "integer"},
    "static": ["num_round", "subsample"],
}
_OTHERS = ["eta", "max_depth", "num_round"]
_DONE = _NEW | {"name": "july", "status": "Completed", "succeeded": 20}
_JUNE = _DONE | {"name": "june", "data": "s3://flights/june/", "succeeded": 40}
PRACTICE_WARM = (  # a tuning job to come, earlier ones, type and parents, and a question for those who decided otherwise
    (_NEW, [_JUNE, _DONE], IDENTICAL, ["july"], "which of them had the same data and the same image?"),
    (_NEW, [_JUNE, _DONE | {"status": "InProgress"}], TRANSFER, ["june"], "has each of them ended, and does each have the same data?"),
    (
        _NEW,
        [_DONE | {"name": "july-older", "image": "sagemaker-xgboost:1.7-1", "status": "Stopped"}],
        TRANSFER,
        ["july-older"],
        "has a search that was stopped ended, and what does another version of the algorithm change?",
    ),
    (
        _NEW,
        [_JUNE | {"objective": "validation:logloss"}, _DONE | {"succeeded": 0, "status": "Failed"}],
        None,
        [],
        "what would each of them tell about this objective?",
    ),
    (
        _NEW,
        [
            _DONE | {"name": f"july-{number}", "succeeded": 10 + number * 3 % 7, "ranges": {"subsample": "continuous"}, "static": _OTHERS}
            for number in range(1, 8)
        ],
        IDENTICAL,
        ["july-2", "july-4", "july-6", "july-1", "july-3"],
        "how many parents may there be, and which tell most? May what is searched differ, when it is static in the other?",
    ),
    (
        _NEW,
        [_DONE | {"ranges": {"eta": "categorical", "max_depth": "integer"}}],
        None,
        [],
        "which names do both search, and has each the same kind in both?",
    ),
    (
        _NEW,
        [_DONE | {"static": ["max_bin", "num_round", "subsample"]}, _JUNE | {"static": ["num_round"]}],
        None,
        [],
        "are the names, searched and static together, the same in both?",
    ),
    (
        _NEW,
        [_DONE | {"image": "sagemaker-lightgbm:4.5-1"}],
        None,
        [],
        "which algorithm did it tune, as the part of the image before the colon says?",
    ),
    (
        _NEW,
        [_DONE | {"status": "Stopping"}, _JUNE | {"status": "Failed", "succeeded": 3}],
        TRANSFER,
        ["june"],
        "which of them has ended, and may one that failed be a parent when some of its jobs succeeded?",
    ),
)

# Early stopping

_RISING = [round(0.70 + 0.001 * number, 4) for number in range(20)]
PRACTICE_SETUP = 40.0
_PEAKED = [round(value + 0.004, 4) for value in _RISING]
PRACTICE_CURVES = [  # of three that complete, and two that fall behind: a late riser at once, one after its second report
    {"auc": _RISING, "seconds": 50.0},
    {"auc": [*_PEAKED[:10], 0.76, *_PEAKED[11:]], "seconds": 60.0},
    {"auc": [round(value - 0.004, 4) for value in _RISING], "seconds": 40.0},
    {"auc": [0.6, *_RISING[1:-1], 0.75], "seconds": 60.0},
    {"auc": [0.71, 0.65, *_RISING[2:]], "seconds": 43.333},
]
_ABOVE, _BELOW = ([round(value + by, 4) for value in _RISING] for by in (0.001, -0.001))
_BAD = {"auc": [0.5] * 20, "seconds": 60.0}
BORDER_CURVES = [  # of those that complete one equals the median at first, one is behind the others' values only, one behind at the end
    PRACTICE_CURVES[0],
    {"auc": _PEAKED, "seconds": 60.0},
    PRACTICE_CURVES[2],
    _BAD,
    _BAD,
    {"auc": _BELOW, "seconds": 50.0},
    {"auc": _RISING, "seconds": 30.0},
    {"auc": [*_ABOVE[:3], *_BELOW[3:]], "seconds": 50.0},
    {"auc": [*_PEAKED[:-1], 0.6], "seconds": 45.0},
]
PRACTICE_JOBS = (  # jobs, what the rule does to them: places of the stopped, rounds, share of the bill, AUC; and a question
    (PRACTICE_CURVES, [3, 4], 185, 0.21176, 0.027, "which of them report less than the median of the averages, and when?"),
    (
        BORDER_CURVES,
        [3, 4, 5],
        285,
        0.20062,
        0.0,
        "which jobs completed before, of what is the median taken, and at which reports is a job judged?",
    ),
)
