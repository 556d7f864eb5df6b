"""m09_2: many models on one endpoint, a transform in front of a model, and the choice of how to serve."""

import math
from statistics import fmean

from course.grading import Answer, Exercise, Function, Report
from course.grading.exercise import seeds, stored

from .m09_2_cases import MOST_SHARED, encoder, fleet, hour_usd, raw_lines
from .m09_2_choices import OPTIONS, PRACTICE_CASES, differing, is_legal, nearer
from .m09_2_probe import (
    boosted,
    expected,
    judge_answers,
    judge_predict,
    judge_publish,
    judge_requests,
    pipeline,
    practice_shelf,
    split,
)

PRACTICE_FLEETS = ((0, 0.0003), (3, 0.0003), (0, 0.003))  # dear models, price of a late answer of the others: no one plan suits
PRACTICE_REGRET = 0.04  # of each fleet
LINES = ("4,17,1,0.31,1089,75.9,8.1,0.0,10.0", "0,6,0,0.2,719,41.0,8.1,0.0,10.0", "2,20,2,0.25,502,60.1,15.0,0.1,6.0")


def _more(border: float) -> float:
    """The next number above a border that belongs to another option."""
    return math.nextafter(border, math.inf)


def _less(border: float) -> float:
    return math.nextafter(border, -math.inf)


PRACTICE_EDITS = (  # an option, a case of `PRACTICE_CASES`, and what one of its fields may become so that the option is right
    ("batch", 5, {"answer_s": (3_600, 86_400)}),
    ("multi-model", 5, {"models": (2, 2_000)}),
    (
        "real time",
        5,
        {"requests_a_day": (690_000, 5e7), "cold_s": (_more(20), 120), "answer_s": (0.05, _less(6)), "payload_mb": (_more(4), 6)}
        | {"memory_gb": (_more(6), 16), "model_s": (_more(0.69), 60)},
    ),
    ("serverless", 6, {"requests_a_day": (1, _less(690_000)), "model_s": (0.001, _less(0.0345)), "memory_gb": (0.5, 0.69)}),
    (
        "real time",
        4,
        {"transform": ("none", "history"), "transform_s": (_more(0.4), 30), "answer_s": (0.05, _less(0.12)), "model_s": (0.48 + 1e-9, 60)},
    ),
    ("pipeline", 5, {"transform": ("request",)}),
)

ex1 = Exercise(
    id="m09_2_ex1",
    title="Put a model in, and ask the right one",
    section="One endpoint for all",
    pattern=9,
    parts={"new": 0.5, "replaced": 0.75, "answers": 0.75, "requests": 0.25},
    evidence={
        "publish": Function("publish(folder: str, airport: str, model_data: str) -> str"),
        "predict": Function("predict(endpoint: str, routes: dict, flights: list[dict]) -> list[float]"),
    },
    skills={"C01": ["3.1.K1", "3.2.S5"], "C02": ["3.2.5", "3.3.1"]},
    topics=["deploy.mme"],
    seconds=60,
    hints=(
        "`publish` is one request to S3. `predict` sorts the flights by the model that answers them, and puts the answers back.",
        "An instance fetches an archive once, by its name. What must differ between two archives of one airport? For the answers, keep "
        "each flight's place in the list beside its line.",
        "`s3.copy_object(Bucket=..., Key=..., CopySource={'Bucket': ..., 'Key': ...})` with a name from `aws.unique(airport)`; collect "
        "`places = {target: [0, 3], ...}` with `routes.get(flight['airport'], routes['default'])`.",
    ),
)

ex2 = Exercise(
    id="m09_2_ex2",
    title="Decide who shares",
    section="When sharing pays",
    pattern=3,
    parts={"practice": 0.25, "regret": 1.75},
    evidence={"plan": Function("plan(fleet: dict) -> dict")},
    skills={"C01": ["3.1.S4", "3.1.S1", "4.2.S8"], "C02": ["3.1.2", "4.2.4"]},
    topics=["deploy.mme"],
    seconds=60,
    hints=(
        "You have last hour's requests. What would each plan have cost in it?",
        "Whether a model should leave depends on who is still there. Begin with all of them sharing, and for each number of instances "
        "look which model's leaving saves most; then look again.",
        "for shared in 1 to 6: `own = []`, then again and again add `min(left, key=lambda name: hour_usd(fleet, [*own, name], shared))` as "
        "long as that is cheaper; keep the cheapest plan of all.",
    ),
)

ex3 = Exercise(
    id="m09_2_ex3",
    title="Put the transform in front of the model",
    section="The transform and the model as one",
    pattern=9,
    parts={"built": 0.75, "answers": 1.25, "edges": 0.5},
    evidence={"pipeline": Function("pipeline(name: str, encoder: dict, model_data: str) -> str")},
    skills={"C01": ["3.1.K6", "3.2.S5"], "C02": ["3.2.3", "3.2.5"]},
    topics=["feat.where", "deploy.mme"],
    seconds=90,
    hints=(
        "It is the pipeline above with another archive in front: other functions, and the encoder beside them.",
        "`features` of `given/raw.py` is what training used. A module that lies in `code/` can be imported by the script. "
        "What does `pd.read_csv` take for the first line unless you tell it?",
        "`store(key, {'encoder.json': ..., 'code/transform.py': ..., 'code/raw.py': Path('given/raw.py').read_bytes()})`; in the script "
        "`pd.read_csv(io.StringIO(data), header=None, names=RAW)` and `.to_csv(header=False, index=False), 'text/csv'`.",
    ),
)

ex4 = Exercise(
    id="m09_2_ex4",
    title="Choose how to serve",
    section="Which option, when",
    pattern=1,
    parts={"practice": 0.25, "unseen": 1.75},
    evidence={"choose": Function("choose(case: dict) -> str")},
    skills={"C01": ["3.1.S1", "3.1.S4", "3.1.S6", "3.1.K5"], "C02": ["3.1.1", "3.1.2", "3.1.3"]},
    topics=["deploy.choose", "feat.where"],
    seconds=5,
    hints=(
        "Write the questions of the table from top to bottom, each with a `return`.",
        "What a day costs: an instance stands 24 hours; serverless takes the seconds of each request times gigabytes times its price.",
        "`case['requests_a_day'] * case['model_s'] * case['memory_gb'] * case['gb_second_usd'] < 24 * case['instance_usd']`, "
        "and three more conditions that all must hold.",
    ),
)

ex5 = Exercise(
    id="m09_2_ex5",
    title="Stretch: change one field",
    section="Which option, when",
    pattern=2,
    parts={"practice": 0.25, "flipped": 0.5, "near": 0.5},
    evidence={"make_right_for": Function("make_right_for(option: str, case: dict) -> dict")},
    skills={"C01": ["3.1.S1", "3.1.S6", "3.1.K5"], "C02": ["3.1.1", "3.1.3"]},
    topics=["deploy.choose", "feat.where"],
    seconds=10,
    hints=(
        "Each question of the table has a border. Which one stands between the case and the option?",
        "For each field there are one or two values worth trying: those at the borders. The border of `requests_a_day` is the number "
        "at which both prices are the same.",
        "Make a dictionary of fields and border values, try each as `case | {field: value}`, and return the first whose option is the one "
        "asked for, by the table or by your `choose`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("puts models into the folder of your endpoint by your function, and asks them")
    with practice_shelf(answer) as shelf:
        judge_publish(answer, report, shelf, "XYZ")
        routes = dict(zip("AB", shelf.targets, strict=True))
        flights = [{"airport": airport, "line": line} for line in LINES for airport in "ABC"]
        asked = answer.rng.sample(flights, len(flights)), routes | {"default": routes["A"]}
        if judge_predict(answer, report, shelf, *asked):
            judge_requests(answer, report, shelf, *asked)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    given = practice_fleets()
    plans = [plan(answer, report, one, "practice") for one in given]
    if None in plans:
        return
    regrets = [hour_usd(one, *chosen) / least - 1 for one, chosen, least in zip(given, plans, stored.outcomes(__file__), strict=True)]
    shown = "; ".join(f"{len(own)} of their own, {shared} shared" for own, shared in plans)
    said = (
        f"`plan(...)` chose for the practice fleets: {shown}. Their own hour, replayed, costs "
        f"{', '.join(f'{regret:.0%}' for regret in regrets)} more than with the best plans."
    )
    good = max(regrets) <= PRACTICE_REGRET
    report.part("practice", good, said if good else f"{said} {fleet_hint(given, plans)}")


def practice_fleets() -> list[dict]:
    rng = seeds.shared_practice(ex2.id)
    return [fleet(rng, dear, cheap) for dear, cheap in PRACTICE_FLEETS]


Plan = tuple[list[str], int]


def plan(answer: Answer, report: Report, given: dict, part: str) -> Plan | None:
    """The learner's plan; reports the part and returns None when it is none."""
    got = answer.call("plan", given)
    called = f"`plan(...)` for a fleet of {len(given['models'])} models returned {got!r:.200}"
    if not report.part(part, set(got) == {"own", "shared"}, f"{called}; expected the keys 'own' and 'shared'."):
        return None
    own, shared = got["own"], got["shared"]
    names = isinstance(own, list) and set(map(str, own)) <= set(given["models"])
    if not report.part(part, names, f"{called}; expected a list of names of the fleet's models for 'own'."):
        return None
    number = isinstance(shared, int) and not isinstance(shared, bool) and 0 <= shared <= MOST_SHARED
    if not report.part(part, number, f"{called}; expected a whole number from 0 to {MOST_SHARED} for 'shared'."):
        return None
    own = sorted(set(own))
    placed = shared > 0 or len(own) == len(given["models"])
    return (own, shared) if report.part(part, placed, f"{called}: some models have no place at all.") else None


def fleet_hint(given: list[dict], plans: list[Plan]) -> str:
    """What the plans have in common, said as a question."""
    if all(not own for own, _ in plans):
        return "All models share in every fleet: what does it cost when a seldom asked one, whose late answers are dear, is cold each time?"
    if len({(len(own), shared) for own, shared in plans}) == 1:
        return "They are the same for all fleets: what in a fleet moves them?"
    if _busiest(given, plans):
        return "Those with an endpoint of their own are the ones asked most: how often are they cold when they share?"
    if len({shared for _, shared in plans}) == 1:
        return "The number of shared instances is the same for all: how many late answers would another one save, and at what price?"
    return "Does your plan replay last hour's requests, and look again once a model has left or an instance has come?"


def _busiest(given: list[dict], plans: list[Plan]) -> bool:
    """Whether in most fleets with models of their own, these are the ones asked most often."""
    chosen = [(one, own) for one, (own, _) in zip(given, plans, strict=True) if own and len(own) < len(one["models"])]
    top = [set(own) == set(sorted(one["models"], key=one["requests"].count)[-len(own) :]) for one, own in chosen]
    return bool(top) and fmean(top) > 0.5


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("makes a pipeline by your function, and asks it")
    shelf = practice_shelf(answer)
    bucket, prefix = split(shelf.folder)
    token = answer.token()
    judge_pipeline(answer, report, f"raw-flights-check-{token}", bucket, prefix.replace("serving/", f"check/{token}/"), flights=9)


def judge_pipeline(answer: Answer, report: Report, name: str, bucket: str, prefix: str, flights: int) -> None:
    """Let the learner's function put a new encoder in front of a new model, and ask the two about raw flights."""
    archive, booster = boosted(answer.rng)
    given = encoder(answer.rng)
    s3, key = answer.client("s3"), f"{prefix}model.tar.gz"
    s3.put_object(Bucket=bucket, Key=key, Body=archive)
    try:
        with pipeline(answer, report, name, given, f"s3://{bucket}/{key}") as built:
            if not built:
                return
            lines = raw_lines(answer.rng, given, flights)
            known = [line for number, line in enumerate(lines) if number % 5 != 3 and number % 4 != 1]
            for part, asked in (("answers", known), ("edges", lines), ("edges", known[:1])):
                if not judge_answers(answer, report, name, part, asked, expected(booster, given, asked), given["carriers"]):
                    return
    finally:
        s3.delete_object(Bucket=bucket, Key=key)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    for case, suits, question in PRACTICE_CASES:
        got = option(answer, report, case, "practice")
        if got is None or not report.part("practice", got == suits, f"`choose({case})` returned {got!r}, which does not suit: {question}"):
            return


def option(answer: Answer, report: Report, case: dict, part: str) -> str | None:
    """The learner's choice; reports the part and returns None when it is no option."""
    got = answer.call("choose", case)
    return got if report.part(part, got in OPTIONS, f"`choose({case})` returned {got!r}; expected one of the six options.") else None


@ex5.practice
def practice_ex5(answer: Answer, report: Report) -> None:
    for wanted, number, fields in PRACTICE_EDITS:
        case = PRACTICE_CASES[number][0]
        edit = answer.call("make_right_for", wanted, case)
        if not (field := legal_edit(report, wanted, case, edit, "practice")):
            return
        there = fields.get(field, ())
        good = edit[field] in there if field == "transform" else bool(there) and there[0] <= edit[field] <= there[1]
        said = f"`make_right_for({wanted!r}, {case})` set `{field}` to {edit[field]!r}, a legal change"
        if not report.part("practice", good, f"{said} after which {wanted!r} is not right: which question of the table comes first?"):
            return
        near = field == "transform" or not there[0] <= nearer(field, case[field], edit[field]) <= there[1]
        said += f" that makes {wanted!r} right, but so would a value a tenth nearer to the old one: it was changed too far."
        if not report.part("practice", near, said):
            return


def legal_edit(report: Report, wanted: str, case: dict, edit: dict, part: str) -> str | None:
    """The one field that was changed, to a value that it may have; reports the part and returns None otherwise."""
    called = f"`make_right_for({wanted!r}, {case})`"
    fields = differing(case, edit)
    if not report.part(part, bool(fields), f"{called} returned the case as it was; expected a change of one field."):
        return None
    shown = ", ".join(f"`{field}`" for field in fields)
    if not report.part(part, len(fields) == 1, f"{called} differs from the case in {shown}; expected one field."):
        return None
    field = fields[0]
    value = edit.get(field)
    good = field in case and is_legal(field, value)
    return field if report.part(part, good, f"{called} set {shown} to {value!r}, which that field may not be.") else None
