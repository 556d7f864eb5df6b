"""Comparisons, searches, warm starts and briefs to judge answers by. The generators are no secret; the seed of the graded cases is."""

import math
import random

# Comparisons of two strategies

VERDICTS = ("first", "second", "same", "cannot tell")


def comparison(rng: random.Random, verdict: str) -> dict:
    """``first``, ``second`` and ``matters`` of two strategies for which this verdict is right, unless chance will have it otherwise."""
    count, matters = rng.randint(12, 24), rng.choice([0.001, 0.002, 0.003])
    error = matters * (rng.uniform(0.06, 0.1) if verdict == "same" else rng.uniform(0.5, 0.9))
    shift = {
        "first": rng.uniform(4, 7) * error,
        "second": rng.uniform(-7, -4) * error,
        "same": matters * rng.choice([0, 0.5, -0.5]),  # it may be a sure difference, and still none that matters
        "cannot tell": rng.uniform(-1.2, 1.2) * error,
    }[verdict]
    spread = error * math.sqrt(count)
    budget, more = rng.randint(8, 20), rng.randint(4, 12)
    longer = rng.choice(["first", "second"])
    searches: dict[str, list[dict]] = {"first": [], "second": []}
    for seed in rng.sample(range(1, 60), count + 3):
        level = rng.gauss(0.735, 0.006)  # what is easy or hard about a seed is so for both
        difference = 0.0 if rng.random() < 0.2 else shift / 0.8 + rng.gauss(0, spread)  # both may find the same training
        for name, best in (("first", level + difference / 2), ("second", level - difference / 2)):
            extra = more if name == longer else rng.choice([0, 0, 1])
            searches[name].append({"seed": seed, "auc": _search(rng, best, budget, extra)})
    searches["first"].pop(), searches["second"].pop(0)  # each strategy has a seed that the other lacks
    return {name: rng.sample(found, len(found)) for name, found in searches.items()} | {"matters": matters}


def _search(rng: random.Random, best: float, budget: int, extra: int) -> list[float]:
    """AUC of the jobs of a search: ``best`` is the best of the first ``budget``, and some that come after may be better."""
    aucs = [rng.choice([0.5, rng.uniform(0.5, best - 0.002), rng.uniform(0.66, best - 0.002)]) for _ in range(budget - 1)]
    aucs.insert(rng.randrange(budget), best)
    aucs += [best + rng.uniform(0.001, 0.012) if rng.random() < 0.4 else rng.uniform(0.6, best) for _ in range(extra)]
    return [round(auc, 4) for auc in aucs]


_SHORT = [0.5, 0.61, 0.68]
_AHEAD = [(3, 0.742, 0.731), (5, 0.735, 0.727), (8, 0.729, 0.722), (11, 0.741, 0.733), (12, 0.727, 0.717), (17, 0.733, 0.727)]
_NEAR = [(3, 0.7412, 0.7412), (5, 0.7351, 0.7349), (8, 0.7288, 0.729), (11, 0.741, 0.7405), (12, 0.7274, 0.7271), (17, 0.733, 0.733)]
_SURE = [(3, 0.742, 0.73), (5, 0.729, 0.727), (8, 0.731, 0.722), (11, 0.736, 0.733), (12, 0.728, 0.717), (17, 0.732, 0.727)]
_TINY = [(3, 0.7412, 0.7404), (5, 0.7351, 0.7347), (8, 0.729, 0.7283), (11, 0.741, 0.7405), (12, 0.7274, 0.7268), (17, 0.733, 0.7326)]
_ACROSS = [(3, 0.742, 0.731), (5, 0.722, 0.734), (8, 0.739, 0.722), (11, 0.741, 0.733), (12, 0.717, 0.727), (17, 0.733, 0.727)]


_PAIRED = [(3, 0.7621, 0.7582), (5, 0.7013, 0.6969), (8, 0.7342, 0.73), (11, 0.7495, 0.7452), (12, 0.716, 0.7121), (17, 0.7258, 0.7215)]


def _literal(pairs: list[tuple[int, float, float]], late: float = 0.0) -> dict:
    """A comparison written out: seed, and the best of each strategy, found by its fourth job. The second's fifth is ``late`` better."""
    first = [{"seed": seed, "auc": [*_SHORT, one]} for seed, one, _ in pairs]
    second = [{"seed": seed, "auc": [*_SHORT, other, *([round(other + late, 4)] if late else [])]} for seed, _, other in reversed(pairs)]
    return {"first": first, "second": second, "matters": 0.003}


def _uneven() -> dict:
    """One seed's search has four jobs, and the others find better ones after that; a seed that the first alone has has two."""
    case = _literal(_AHEAD)
    for search in (*case["first"][1:], *case["second"]):
        search["auc"] = [*search["auc"], round(search["auc"][3] + (0.001 if search in case["first"] else 0.03), 4)]
    return case | {"first": [*case["first"], {"seed": 99, "auc": [0.5, 0.6]}]}


PRACTICE_COMPARISONS = (  # a comparison, its verdict and difference, and a question for those who judged otherwise
    (_literal(_AHEAD), "first", 0.008333, "seed by seed, who is ahead, and by about how much each time? The first less the second."),
    (_literal(_AHEAD, late=0.02), "first", 0.008333, "how many jobs had each search, and how many of them may you compare?"),
    (_uneven(), "first", 0.008333, "how many jobs has the shortest search with a seed that both have? So many count, for every seed."),
    (_literal(_PAIRED), "first", 0.004167, "what is hard about a seed is so for both: does your interval hold pairs, or two heaps?"),
    (_literal(_SURE), "first", 0.007, "which searches have a seed in common, and how sure is a *mean* of six differences?"),
    (_literal(_TINY), "same", 0.000567, "on which side of 0 it lies is one question; would anybody pay for it?"),
    (_literal(_NEAR), "same", 0.000133, "how large could the difference be at most, and would it matter?"),
    (_literal(_ACROSS), "cannot tell", 0.003333, "from where to where does the interval reach, and which differences are in it?"),
)

# Searches, and the strategy that suits them

STRATEGIES = ("Grid", "Hyperband", "Bayesian", "Random")
LIMITS = {  # least and most of each field that may be changed
    "numeric": (0, 30),
    "combinations": (2, 500),
    "jobs": (2, 750),
    "parallel": (1, 10),
    "reports": (1, 500),
    "minutes": (1, 240),
}
ROUNDS, REPORTS, MINUTES = 5, 10, 20  # from which on a search is told enough, a job tells enough on its way, and a job is long


def suits(search: dict) -> str:
    """The strategy that suits a search: the first question of the lesson's table that is answered with yes."""
    if search["numeric"] == 0 and search["jobs"] >= search["combinations"]:
        return "Grid"
    if search["reports"] >= REPORTS and search["minutes"] >= MINUTES:
        return "Hyperband"
    return "Bayesian" if search["jobs"] >= ROUNDS * search["parallel"] else "Random"


def illegal(search: dict) -> str:
    """Why there can be no such search, "" when there can."""
    for name, (least, most) in LIMITS.items():
        if type(search[name]) is not int or not least <= search[name] <= most:
            return f"`{name}` is {search[name]!r}; expected a whole number from {least} to {most}"
    if search["parallel"] > search["jobs"]:
        return "more jobs are to run at a time than there are"
    if search["jobs"] * search["minutes"] > search["paid_minutes"]:
        return f"{search['jobs']} jobs of {search['minutes']} minutes take more than the {search['paid_minutes']} minutes that are paid for"
    return ""


def ways(search: dict, strategy: str) -> set[str]:
    """The fields of which a legal change makes a strategy right; values on either side of each border are tried."""
    jobs, parallel, paid = search["jobs"], search["parallel"], search["paid_minutes"]
    tried = {
        "numeric": (0, 1),
        "combinations": (2, jobs, jobs + 1),
        "jobs": (parallel, search["combinations"], search["combinations"] - 1, ROUNDS * parallel, ROUNDS * parallel - 1),
        "parallel": (1, jobs // ROUNDS, jobs // ROUNDS + 1),
        "reports": (REPORTS - 1, REPORTS),
        "minutes": (MINUTES - 1, MINUTES, paid // jobs),
    }
    others = ((name, search | {name: value}) for name, values in tried.items() for value in values if value != search[name])
    return {name for name, other in others if not illegal(other) and suits(other) == strategy}


_WAYS = {  # the fields by which searches are made right for a strategy
    "Grid": ("numeric", "combinations", "jobs"),
    "Hyperband": ("reports", "minutes"),
    "Bayesian": ("parallel", "jobs", "reports", "minutes", "numeric", "combinations"),
    "Random": ("parallel", "jobs", "reports", "minutes", "numeric"),
}


def edits(rng: random.Random) -> list[tuple[dict, str]]:
    """Thirty-two searches, each with a strategy that one change would make right; strategies and fields are mixed."""
    wanted = [(strategy, field) for strategy, fields in _WAYS.items() for field in fields]
    borders = _borders(rng)
    return rng.sample([*borders, *(edit(rng, *pair) for pair in rng.sample(wanted * 2, 32 - len(borders)))], 32)


def _borders(rng: random.Random) -> list[tuple[dict, str]]:
    """Searches that lie on the borders of the table and of the limits, each with a strategy that one field can make right."""
    jobs, minutes = rng.randint(20, 60), rng.randint(5, 19)
    told = {"numeric": 3, "combinations": 9, "jobs": jobs, "parallel": rng.randint(1, 9), "reports": 10, "minutes": minutes}
    paid = {"paid_minutes": MINUTES * jobs}  # for the shortest long jobs, and not a minute more
    grid = told | {"combinations": jobs, "reports": 1, "paid_minutes": jobs * minutes}
    crowded = told | {"jobs": rng.randint(50, 54), "reports": rng.randint(1, 9), "paid_minutes": 60 * minutes}
    tiny = {"numeric": 0, "combinations": rng.randint(3, 9), "jobs": 2, "parallel": 1, "reports": rng.randint(1, 90), "minutes": minutes}
    return [
        (told | paid, "Hyperband"),
        (told | paid | {"reports": rng.randint(11, 90)}, "Hyperband"),
        (grid | {"numeric": rng.randint(1, 9)}, "Grid"),
        (crowded, "Random"),
        (tiny | {"paid_minutes": 3 * minutes - 1}, "Grid"),
    ]


def edit(rng: random.Random, strategy: str, field: str) -> tuple[dict, str]:
    """A search that suits another strategy, and of which this field, and as few others as can be, makes it suit this one."""
    found: list[tuple[int, dict]] = []
    for _ in range(20_000):
        search = _search_job(rng)
        if suits(search) != strategy and field in (possible := ways(search, strategy)):
            found.append((len(possible), search))
            if len(possible) == 1 or len(found) == 20:
                break
    return min(found, key=lambda pair: pair[0])[1], strategy


def _search_job(rng: random.Random) -> dict:
    while True:
        jobs, minutes = rng.randint(6, 90), rng.choice([rng.randint(2, 19), rng.randint(20, 60)])
        search = {
            "numeric": rng.choice([0, 0, rng.randint(1, 8)]),
            "combinations": rng.choice([rng.randint(2, jobs), rng.randint(jobs + 1, 2 * jobs)]),
            "jobs": jobs,
            "parallel": rng.randint(1, 10),
            "reports": rng.choice([1, rng.randint(2, 9), rng.randint(10, 100)]),
            "minutes": minutes,
            "paid_minutes": math.ceil(jobs * minutes * rng.uniform(1.0, 2.2)),
        }
        if not illegal(search):
            return search


_SEARCH = {"numeric": 5, "combinations": 4, "jobs": 40, "parallel": 4, "reports": 1, "minutes": 9, "paid_minutes": 900}
PRACTICE_EDITS = (  # a search, the strategy to make right, and a question for those whose change does not
    (_SEARCH, "Random", "what makes a search that could learn one that cannot?"),
    (_SEARCH | {"parallel": 10}, "Bayesian", "how many jobs have ended when the last ones are chosen?"),
    (
        _SEARCH | {"reports": 100},
        "Hyperband",
        "what is missing until it pays to stop jobs on their way, and is the whole search still paid for?",
    ),
    (_SEARCH | {"numeric": 0, "combinations": 48}, "Grid", "how many jobs does it take to try everything, and what else could be changed?"),
    (_SEARCH | {"numeric": 0, "reports": 50}, "Bayesian", "which question is answered with yes before Bayesian's turn comes?"),
    (  # paid for to the minute
        _SEARCH | {"reports": 10, "paid_minutes": 800},
        "Hyperband",
        "how long is the shortest job that is long enough, and what is paid for?",
    ),
    (
        _SEARCH | {"numeric": 0, "combinations": 41, "paid_minutes": 369},
        "Grid",
        "how many combinations may there be at most for as many jobs, or how many jobs are paid for?",
    ),
)

# Warm starts

IDENTICAL, TRANSFER = "IdenticalDataAndAlgorithm", "TransferLearning"
MOST_PARENTS = 5
_ENDED, _RUNNING = ("Completed", "Completed", "Stopped", "Failed"), ("InProgress", "Stopping")
_MONTHS = tuple(f"s3://flights/month-{number}/" for number in range(100, 1000))
_NUMBERS = {"eta": "continuous", "max_depth": "integer", "subsample": "continuous", "alpha": "continuous", "min_child_weight": "continuous"}


def tuning_job(rng: random.Random, **changes: object) -> dict:
    """What is known of a tuning job, as a page of notes would have it."""
    names = rng.sample(list(_NUMBERS), 3)
    job = {
        "name": f"search-{rng.randint(100, 999)}-{rng.getrandbits(20):05x}",
        "status": rng.choice(_ENDED),
        "succeeded": rng.randint(5, 60),
        "image": "sagemaker-xgboost:3.0-5",
        "data": rng.choice(_MONTHS),
        "objective": "validation:auc",
        "ranges": {name: _NUMBERS[name] for name in names},
        "static": sorted({*_NUMBERS, "num_round", "objective"} - set(names)),
    }
    return job | changes


def warm_case(rng: random.Random, outcome: str) -> tuple[dict, list[dict]]:
    """A tuning job to come, and earlier ones: parents that suit the outcome, and such as cannot be parents for one reason each."""
    new = tuning_job(rng)
    identical = rng.choice([1, 2, 3, rng.randint(6, 8)]) if outcome == IDENTICAL else 0
    related = 0 if outcome == "none" else rng.choice([1, 2, 3, rng.randint(6, 7)]) - rng.choice([0, identical > 0])
    earlier = [_swapped(rng, tuning_job(rng, image=new["image"], data=new["data"]), new) for _ in range(identical)]
    earlier += [_swapped(rng, tuning_job(rng, **_related(rng, new)), new) for _ in range(related)]
    earlier += [_unfit(rng, new) for _ in range(rng.randint(1, 4))]
    for rank, job in zip(rng.sample(range(5, 90), len(earlier)), earlier, strict=True):
        job["succeeded"] = rank if job["succeeded"] else 0  # all differ, so that the most are the most
    return {name: value for name, value in new.items() if name not in ("status", "succeeded")}, rng.sample(earlier, len(earlier))


def _related(rng: random.Random, new: dict) -> dict:
    """Other data, another version of the algorithm, or both."""
    data = rng.choice([month for month in _MONTHS if month != new["data"]])
    image = f"sagemaker-xgboost:{rng.choice(['1.7-1', '3.2-0'])}"
    return rng.choice([{"data": data}, {"data": data, "image": image}, {"data": new["data"], "image": image}])


def _swapped(rng: random.Random, job: dict, new: dict) -> dict:
    """The job with the ranges of the new one, of which one may be static in it, and one more searched."""
    ranges = dict(new["ranges"])
    if rng.random() < 0.5:
        ranges.pop(rng.choice(list(ranges)))
    return job | {"ranges": ranges, "static": sorted({*new["ranges"], *new["static"]} - set(ranges))}


def _unfit(rng: random.Random, new: dict) -> dict:
    """A tuning job that is identical or related, but for one thing."""
    job = _swapped(rng, tuning_job(rng, image=new["image"], data=new["data"]), new)
    if rng.random() < 0.4:
        job["data"] = rng.choice(_MONTHS)
    fault = rng.choice(["running", "nothing", "metric", "algorithm", "names", "kind"])
    if fault == "running":
        job["status"] = rng.choice(_RUNNING)
    elif fault == "nothing":
        job |= {"status": "Failed", "succeeded": 0}
    elif fault == "metric":
        job["objective"] = rng.choice(["validation:logloss", "train:auc"])
    elif fault == "algorithm":
        job |= {"image": rng.choice(["sagemaker-lightgbm:4.5-1", "linear-learner:1"]), "data": new["data"]}
    elif fault == "names":
        job["static"] = job["static"][:-1] if rng.random() < 0.5 else sorted([*job["static"], "max_bin"])
    else:
        name = next(name for name, kind in new["ranges"].items() if kind == "continuous")
        job["ranges"] = job["ranges"] | {name: "categorical"}
        job["static"] = [other for other in job["static"] if other != name]
    return job


def warm_cases(rng: random.Random) -> list[tuple[dict, list[dict]]]:
    """Twenty-four tuning jobs to come with their earlier ones, eight of each outcome: no one answer suits."""
    return [warm_case(rng, outcome) for outcome in rng.sample(["none", IDENTICAL, TRANSFER] * 8, 24)]


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
    *PRACTICE_CURVES[:1],
    {"auc": _PEAKED, "seconds": 60.0},
    *PRACTICE_CURVES[2:3],
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


def finished_jobs(rng: random.Random, trials: list[dict]) -> tuple[list[dict], float]:
    """Jobs made of rows of the table of trials, with the seconds that their training takes, and the seconds that each is set up for."""
    chosen = rng.sample(trials, rng.randint(16, 26))
    pace = rng.uniform(20, 90)
    jobs = [{"auc": list(trial["auc"]), "seconds": round(pace * math.log2(trial["nodes"] / 100 + 1), 1)} for trial in chosen]
    return jobs, float(rng.randint(20, 90))


# Plans

PLANS = {"strategy": ("Random", "Bayesian"), "early": ("Off", "Auto")}
PLAN_LIMITS = {"jobs": (3, 100), "parallel": (1, 10)}
_KINDS = (  # whole jobs that the money pays for, and that fit the deadline one after the other, as ranges
    ((12, 18), (18, 23)),  # much time, little money
    ((22, 30), (9, 12)),
    ((52, 60), (5, 5.7)),  # much money, little time
)


def brief(rng: random.Random, kind: int) -> dict:
    """What a search must keep to: a deadline and a price, and how long a job takes."""
    (poor, rich), (short, long) = _KINDS[kind]
    times = {"wait": round(rng.uniform(1, 4), 1), "setup": round(rng.uniform(1, 3), 1), "training": round(rng.uniform(6, 40), 1)}
    usd_hour = rng.choice([0.115, 0.23, 0.461, 0.922])
    paid = times["setup"] + times["training"]
    return times | {
        "deadline_minutes": round(rng.uniform(short, long) * (paid + times["wait"])),
        "usd": round(rng.uniform(poor, rich) * paid / 60 * usd_hour, 2),
        "usd_hour": usd_hour,
    }


def briefs(rng: random.Random) -> list[dict]:
    """Six briefs, two of each kind: no one plan keeps to them all and makes use of them."""
    return [brief(rng, kind) for kind in rng.sample([0, 1, 2] * 2, 6)]


def broken(given: dict, came_to: dict) -> str:
    """What a search did with its brief that it should not: ``late``, ``dear``, ``hasty``, ``small``, or "" for none of these."""
    if came_to["minutes"] > given["deadline_minutes"]:
        return "late"
    if came_to["usd"] > given["usd"]:
        return "dear"
    if came_to["usd"] < given["usd"] / 2:
        return "small"
    return "hasty" if came_to["minutes"] < given["deadline_minutes"] / 3 else ""


PRACTICE_BRIEFS = (
    {"wait": 2.0, "setup": 1.0, "training": 14.0, "deadline_minutes": 340, "usd": 0.45, "usd_hour": 0.115},
    {"wait": 3.0, "setup": 2.0, "training": 12.0, "deadline_minutes": 105, "usd": 2.7, "usd_hour": 0.23},
)
