"""Endpoints with skewed features for m03_2_ex3, and the comparison of what a learner's `skewed` finds."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from course.cleanup import delete_bucket
from course.exercises import skewed_features
from course.grading import Answer, AnswerError, Report
from course.grading.jobs import sagemaker_role
from course.grading.model_archives import packed
from course.grading.scoring import find_all_share, near

ROWS = 3_000
OWN_ROWS = 2_000
GAPS = 0.05  # share of values that are missing
EACH = 20  # of so many flights of the notebook, one gets a gap
TRAINED_ON = 5_000
NEAR = 0.001  # both sides compute the AUC of the same rows, so that only the text of the numbers differs
WAIT = {"Delay": 0.2, "MaxAttempts": 600}
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
POOL = {  # feature -> low, high, what a mistaken service does to it: a factor and a number that is added
    "humid": (20, 100, (0.01, 0)),
    "gust": (5, 60, (0.447, 0)),
    "ceiling": (500, 9_000, (0.3048, 0)),
    "queue": (0, 40, (60, 0)),
    "dewpoint": (10, 75, (5 / 9, -160 / 9)),
    "taxi": (5, 45, (1 / 60, 0)),
    "runway": (5_000, 14_000, (0.3048, 0)),
    "seats": (30, 380, (1 / 6, 0)),
    "fuel": (2_000, 40_000, (0.4536, 0)),
    "age": (0, 28, (-1, 2013)),
    "hour": (5, 23, (1, 4)),
    "load": (40, 100, (0.01, 0)),
    "weight": (30_000, 200_000, (0.4536, 0)),
    "altitude": (1_000, 12_000, (0.3048, 0)),
    "thrust": (20_000, 90_000, (4.448, 0)),
    "mail": (600, 9_000, (0.4536, 0)),
}
FEATURES, WEIGHTY = 10, 4  # features of a model, and those that decide the label
COSTLY, CHEAP = 2, 2  # skewed features of each kind
LARGE = ("altitude", "ceiling", "fuel", "mail", "runway", "thrust", "weight")
SLIGHT = 0.004  # more than the text allows, and less than a hundred-thousandth of the values of these


@dataclass(frozen=True)
class Service:
    """What a service was asked about, as captured and as of the asked time; its skewed features; what repair of one of them gains."""

    captured: pd.DataFrame
    offline: pd.DataFrame
    skewed: set[str]
    cost: Callable[[str], float]

    @property
    def features(self) -> list[str]:
        return list(self.captured.columns[1:])


def own_service(answer: Answer) -> Service:
    """Flights of the learner's notebook, about which the learner's endpoint is asked with mistakes that are drawn anew."""
    rng, runtime = answer.rng, answer.client("sagemaker-runtime")
    right = answer.value("own_flights")
    needed = ("late", *skewed_features.COSTLY, *skewed_features.HARMLESS)
    if lacking := [name for name in needed if name not in right.columns]:
        raise AnswerError(f"`own_flights` has no column {', '.join(lacking)}. Run the cell again that asks your service about flights.")
    right = right.sample(min(OWN_ROWS, len(right)), random_state=rng.getrandbits(32)).reset_index(drop=True)
    names = [name for name in right.columns if name not in ("flight", "late")]
    mistakes = skewed_features.planted(rng)
    captured = skewed_features.as_served(right[names], mistakes)
    gaps = [name for name in names if right[name].isna().any() and name not in mistakes][:1]
    captured[gaps] = captured[gaps].fillna(0)  # wrong only where a value is missing
    sound = next(name for name in names if name not in (*mistakes, *gaps))
    for table in (captured, right):  # a gap on both sides is right
        table[sound] = table[sound].mask(table.index % EACH == 0)

    def auc(table: pd.DataFrame) -> float:
        said = runtime.invoke_endpoint(
            EndpointName=answer.value("own_endpoint"), ContentType="text/csv", Body=table.to_csv(header=False, index=False)
        )
        return roc(right.late.to_numpy(), [float(number) for number in said["Body"].read().decode().replace(",", " ").split()])

    return _service(rng, captured, right, {*mistakes, *gaps}, auc)


def drawn_service(rng: random.Random) -> tuple[Service, bytes]:
    """A service with `COSTLY` skewed features of some weight and `CHEAP` ones of little, gaps in all; and its model.

    Of the cheap ones, the first has each flight's value at the flight before, so that its mean is right; the last is wrong only in gaps.
    One more feature, of large values, is wrong by `SLIGHT`.
    """
    import xgboost

    draw = np.random.default_rng(rng.getrandbits(32))
    large = rng.choice(LARGE)
    names = rng.sample(sorted(set(POOL) - {large}), FEATURES - 1)
    names.insert(WEIGHTY, large)
    weighty, skewed = names[:WEIGHTY], [*names[:COSTLY], large, *names[-CHEAP:]]
    columns = rng.sample(names, len(names))
    rows = pd.DataFrame({name: draw.uniform(*POOL[name][:2], TRAINED_ON + ROWS) for name in columns})
    scaled = pd.DataFrame({name: (rows[name] - POOL[name][0]) / (POOL[name][1] - POOL[name][0]) for name in columns})
    score = scaled[weighty].sum(axis=1) - WEIGHTY / 2 + 0.15 * scaled[names[-CHEAP:]].sum(axis=1)
    late = (draw.random(len(rows)) < 1 / (1 + np.exp(-3 * score.to_numpy()))).astype(int)
    rows = rows.mask(draw.random(rows.shape) < GAPS)
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(rows[:TRAINED_ON].to_numpy(), label=late[:TRAINED_ON]), num_boost_round=20)

    asked, label = rows[TRAINED_ON:].reset_index(drop=True), late[TRAINED_ON:]
    captured = asked.copy()
    for name in skewed[:COSTLY]:
        factor, more = POOL[name][2]
        captured[name] = captured[name] * factor + more
    captured[large] += SLIGHT
    captured[skewed[-2]] = np.roll(captured[skewed[-2]], 1)
    captured[skewed[-1]] = captured[skewed[-1]].fillna(0)
    captured = captured.round(3)

    def auc(table: pd.DataFrame) -> float:
        return roc(label, booster.predict(xgboost.DMatrix(table[columns].to_numpy())))

    flight = [f"{rng.choice('ABDU')}{number}" for number in rng.sample(range(10_000, 99_999), ROWS)]
    return _service(rng, captured, asked.assign(flight=flight, late=label), set(skewed), auc), bytes(booster.save_raw("ubj"))


def _service(
    rng: random.Random, captured: pd.DataFrame, offline: pd.DataFrame, skewed: set[str], auc: Callable[[pd.DataFrame], float]
) -> Service:
    """The service with both tables in an order of their own: rows of the captured one, columns of the offline one."""

    def cost(name: str) -> float:
        return auc(captured.assign(**{name: offline[name]})) - auc(captured)

    shuffled = captured.assign(flight=offline.flight)[["flight", *captured.columns]]
    shuffled = shuffled.sample(frac=1, random_state=rng.getrandbits(32)).reset_index(drop=True)
    return Service(shuffled, offline[rng.sample(list(offline.columns), len(offline.columns))], skewed, cost)


def roc(label: np.ndarray, scores: Sequence[float]) -> float:
    """The area under the ROC curve, ties counted by half."""
    ranks = pd.Series(scores).rank().to_numpy()
    late = label.astype(bool)
    return float((ranks[late].sum() - late.sum() * (late.sum() + 1) / 2) / (late.sum() * (~late).sum()))


@contextlib.contextmanager
def deployed(answer: Answer, model: bytes) -> Iterator[str]:
    """The name of an endpoint with this model, which is deleted afterwards."""
    sagemaker, s3 = answer.client("sagemaker"), answer.client("s3")
    name = f"checks-m03-2-{answer.token()}"
    role = sagemaker_role(answer.client("iam"))
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="model.tar.gz", Body=packed(model))
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/model.tar.gz"}
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    try:
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
        yield name
    finally:
        _remove(sagemaker, name)
        delete_bucket(s3, name)


def _remove(sagemaker: Any, name: str) -> None:
    with contextlib.suppress(sagemaker.exceptions.ClientError):
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=WAIT)
    with contextlib.suppress(sagemaker.exceptions.ClientError):
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
    with contextlib.suppress(sagemaker.exceptions.ClientError):
        sagemaker.delete_model(ModelName=name)


def judge_skewed(answer: Answer, report: Report, service: Service, endpoint: str) -> None:
    """Ask the learner's function about a service, whose model ``endpoint`` has, and report the parts ``found`` and ``costs``."""
    got = answer.call("skewed", service.captured, service.offline, endpoint)
    called = f"`skewed(...)`, for a service with {len(service.features)} features, named {len(got)}"
    if strange := [name for name in got if name not in service.features]:
        report.part("found", False, f"{called}, among them {strange[0]!r}, which is no feature of this service.")
        return
    if others := [cost for cost in got.values() if isinstance(cost, bool) or not isinstance(cost, (int, float))]:
        report.part("costs", False, f"{called}; one of the costs is {others[0]!r}, expected a number.")
        return
    named = set(got)
    report.part("found", find_all_share(named, service.skewed), f"{called}. {_why_found(named, service)}")
    costs = {name: service.cost(name) for name in sorted(named & service.skewed)}
    right = [name for name, cost in costs.items() if near(got[name], cost, NEAR)]
    said = f"The costs of {len(right)} of {len(service.skewed)} skewed features are right to within {NEAR}."
    report.part("costs", len(right) / len(service.skewed), f"{said} {_why_costs(got, costs)}")


def _why_found(named: set[str], service: Service) -> str:
    if not named:
        return "Compare the two values of each flight, feature by feature."
    if named == set(service.features):
        return "It names all: which rows belong together, when are two numbers the same, and what of two gaps?"
    if named - service.skewed:
        return "Some that it names are right: when are two numbers the same, and what of two gaps?"
    if service.skewed - named:
        also = "when its repair gains nothing, or when it is wrong only where a value is missing."
        return f"Some are missing: compare each flight, and large values as closely as small ones. A feature counts also {also}"
    return ""


def _why_costs(got: dict, costs: dict[str, float]) -> str:
    wrong = {name: cost for name, cost in costs.items() if not near(got[name], cost, NEAR)}
    if not wrong:
        return ""
    if all(near(-got[name], cost, NEAR) for name, cost in wrong.items()):
        return "The others have the wrong sign: expected is what repair gains."
    said = "Restore one feature, leave all others as captured, and ask the endpoint: what is gained over the rows as captured?"
    return f"{said} Do scores and labels belong to the same flights?"
