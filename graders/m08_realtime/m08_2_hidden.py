# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m08_2."""

import contextlib
import copy
import io
import tarfile
from collections.abc import Iterator
from statistics import fmean
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError, WaiterError

from course.grading import Answer, Report
from course.grading.citing import shows
from course.grading.scoring import guard_share, rule_share

from .m08_2 import decision, ex1, ex2, ex3, ex4, ex5, false_alarm, guarded, not_caught, scaling, scaling_hint
from .m08_2_broken import check_form, endpoint_named, log_of, planted
from .m08_2_calls import played, report_scenes, script
from .m08_2_cases import KINDS, best, briefs, day, experiments, replay
from .m08_2_release import BAD, GOOD, fate, outcome, release
from .m08_2_wait import until

WAIT = {"Delay": 0.2, "MaxAttempts": 600}
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
RELEASES, BRIEFS, DAYS = 9, 6, 2
HURT_SHARE = 0.85  # of the bad releases; over 10 seeds sound guards have 1, a canary of half the traffic 0.14
# Over 10 seeds the reference, which knows yesterday alone, costs 0.5 % more than the best (at most 1.3); the best policy of one metric
# alone 4 to 12; a rule of thumb without prices 15 and more.
REGRET_STEPS = ((0.025, 1.0), (0.06, 0.6), (0.12, 0.25))
PROBE = "4,17,1,1089,75.9,8.1,0.0,10.0"
# By cause: the member that is at fault, words of the lines that show it, and what the member of the sound container ends in.
FAULTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "archive": ("ModelDataUrl", ("There is no model file",), "/a.tar.gz"),
    "columns": ("ModelDataUrl", ("Feature size of csv",), "/a.tar.gz"),
    "corrupt": ("ModelDataUrl", ("cannot be loaded by XGBoost",), "/a.tar.gz"),
    "image": ("Image", ("serves a script",), "sagemaker-xgboost:3.0-5"),
    "program": ("Environment.SAGEMAKER_PROGRAM", ("There is no inference.py",), ""),
    "setting": ("Environment.SAGEMAKER_MODEL_SERVER_WORKERS", ("invalid literal for int()",), ""),
}


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    cases = experiments(answer.rng)
    given = []
    for _, case in cases:
        got = decision(answer, report, case, "decision")
        if got is None:
            return
        given.append(got)
    wanted = [KINDS[kind][0] for kind, _ in cases]
    share = rule_share(given, [{want} for want in wanted])
    missed = [kind for (kind, _), got, want in zip(cases, given, wanted, strict=True) if got != want]
    said = f"`decide(...)` chose what suits for {len(cases) - len(missed)} of {len(cases)} unseen experiments. "
    report.part("decision", share, said + _why_decided(missed))


def _why_decided(missed: list[str]) -> str:
    """What the misses have in common, said as a question to the rule."""
    if not missed:
        return ""
    if {"better", "worse"} <= set(missed):
        return (
            "Large differences go both ways among the misses: which of two models has the smaller error, when old less new is above zero?"
        )
    if {"early", "pending"} <= set(missed):
        return "Among the misses are experiments with fewer whole days than were planned: what does looking every day do to a test?"
    most = max(set(missed), key=missed.count)
    about = {
        "noise": "Most misses differ much from day to day: did the new model win on days, or only on flights?",
        "better": "Most misses are large differences in favour of the new model: what do you measure them by?",
        "worse": "Most misses have larger errors with the new model: which sign has a difference?",
        "early": "Most misses have fewer days than were planned: what does looking every day do to a test?",
        "pending": "Most misses have days that are not whole: does your rule count them?",
        "unseen": "Most misses measure users who never saw the new model's answers: which fields say so?",
        "trailing": "Most misses have a last day that is not whole, after all that were planned: what do its first outcomes say?",
    }
    return about[most]


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    caught, alarms, unhurt, said = [], [], [], ""
    for number in range(RELEASES):
        one = release(answer.rng)
        given = guarded(answer, report, one)
        if given is None:
            return
        bad, good = fate(answer.rng, BAD[number % len(BAD)]), fate(answer.rng, GOOD[number % len(GOOD)])
        fallen, passed = outcome(one, given, bad), outcome(one, given, good)
        caught.append(fallen["rolled_back"] is not None)
        alarms.append(passed["rolled_back"] is not None or passed["minutes"] > one["minutes"])
        unhurt.append(caught[-1] and fallen["hurt"] <= one["most_hurt"])
        if not caught[-1]:
            said = said or not_caught(bad["kind"], given, fallen)
        elif passed["rolled_back"] is not None:
            said = said or f"The alarm {passed['alarm']!r} took back a good model: {false_alarm(good['kind'], given, one, passed['alarm'])}"
        elif alarms[-1]:
            said = said or f"A release took {passed['minutes']} minutes of the {one['minutes']} that it may."
    counts = (
        f"{sum(caught)} of {len(caught)} bad models were taken back, and {sum(alarms)} of {len(alarms)} good ones were not let through. "
    )
    report.part("guard", guard_share(caught, alarms), counts + said)
    kept = sum(unhurt)
    said = f"In {kept} of {len(unhurt)} bad releases no more requests than allowed were answered badly: "
    report.part(
        "hurt", min(1.0, kept / len(unhurt) / HURT_SHARE), f"{said}what share of the traffic does the canary get, and for how long?"
    )
    if guard_share(caught, alarms):
        _probe(answer, report)
    else:
        report.part("probe", False, "Not tried on a real endpoint, since it does not tell good models from bad ones.")


def _probe(answer: Answer, report: Report) -> None:
    """Give a real endpoint a new model with the learner's guard, let one of the alarms go off, and see whether the old one is back."""
    name, sagemaker, cloudwatch = f"graded-m08-2-{answer.token()}", answer.client("sagemaker"), answer.client("cloudwatch")
    new = f"{name}-new"
    with _endpoint(answer, name, new):
        one = release(answer.rng) | {"endpoint": name, "variant": "Live", "config": new}
        given = guarded(answer, report, one)
        if given is None:
            return
        made = [alarm["AlarmName"] for alarm in given["alarms"]]
        try:
            for alarm in given["alarms"]:
                cloudwatch.put_metric_alarm(**alarm)
            sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=given["deployment"])
            stage = until(lambda: _stage(sagemaker, name), ("Baking", "InService"))
            chosen = answer.rng.choice(made)
            cloudwatch.set_alarm_state(AlarmName=chosen, StateValue="ALARM", StateReason="The check makes it go off.")
            until(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"], ("InService", "Failed", "UpdateRollbackFailed"))
            present = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
            said = f"On a real endpoint the alarm {chosen!r} went off while the new model was {stage}, and the endpoint now has the "
            said += "configuration of the new one: was there a time in which the deployment watched?"
            report.part("probe", stage == "Baking" and present == name, said)
        finally:
            cloudwatch.delete_alarms(AlarmNames=made)


def _stage(sagemaker: Any, name: str) -> str:
    described = sagemaker.describe_endpoint(EndpointName=name)
    stages = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])[0].get("VariantStatus", [{}])
    return described["EndpointStatus"] if described["EndpointStatus"] != "Updating" else stages[0].get("Status", "")


@contextlib.contextmanager
def _endpoint(answer: Answer, name: str, new: str) -> Iterator[None]:
    """An endpoint, and a second configuration for it. Everything goes when it is left."""
    s3, sagemaker = answer.client("s3"), answer.client("sagemaker")
    role = next(role["Arn"] for role in answer.client("iam").list_roles()["Roles"] if "SageMaker" in role["RoleName"])
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="model.tar.gz", Body=_artifact())
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/model.tar.gz"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    for config in (name, new):
        sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    try:
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
        yield
    finally:
        _remove(sagemaker, name)
        for config in (name, new):
            sagemaker.delete_endpoint_config(EndpointConfigName=config)
        sagemaker.delete_model(ModelName=name)
        s3.delete_object(Bucket=name, Key="model.tar.gz")
        s3.delete_bucket(Bucket=name)


def _remove(sagemaker: Any, name: str) -> None:
    with contextlib.suppress(ClientError, WaiterError):
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=WAIT)


def _artifact() -> bytes:
    """``model.tar.gz`` of a small model of two columns."""
    import numpy as np
    import xgboost

    data = xgboost.DMatrix(np.array([[0.0, 0.0], [1.0, 1.0]]), label=np.array([0.0, 1.0]))
    body = bytes(xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, num_boost_round=1).save_raw("json"))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("xgboost-model")
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))
    return packed.getvalue()


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    given, chosen, regrets = briefs(answer.rng, BRIEFS), [], []
    for one in given:
        days = [day(answer.rng, one) for _ in range(DAYS)]
        policy = scaling(answer, report, one, "regret")
        if policy is None:
            return
        chosen.append(policy)
        regrets.append(max(0.0, fmean(replay(unseen, policy) for unseen in days) / best(days) - 1))
    regret = fmean(regrets)
    share = next((share for limit, share in REGRET_STEPS if regret <= limit), 0.0)
    said = f"On unseen days your policies cost {regret:.0%} more than the best of those that the grader knows."
    report.part("regret", share, said if share == 1 else f"{said} {scaling_hint(given, chosen)}")


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    causes, diagnoses, repairs = planted(answer.variant()), answer.value("diagnoses"), answer.value("repairs")
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    if not check_form(answer, report):
        return
    endpoints = {ticket: endpoint_named(sagemaker, ticket) for ticket in causes}
    named = [diagnoses[ticket]["cause"] == cause for ticket, cause in causes.items()]
    report.part("cause", sum(named) / 4, f"{sum(named)} of 4 causes are right. Which line of the log is of this endpoint alone?")
    shown = [shows(diagnoses[ticket]["line"], log_of(logs, endpoints[ticket]), FAULTS[cause][1]) for ticket, cause in causes.items()]
    said = f"{sum(shown)} of 4 cited lines show the cause: the others say that something failed, not what, or are in no log."
    report.part("evidence", sum(shown) / 4, said)
    found = _rerun(answer, endpoints, repairs, causes)
    wrong = next((message for share, message in found.values() if share < 1), "")
    report.part("repair", sum(share for share, _ in found.values()) / 4, wrong or "All four endpoints answer.")


def _rerun(answer: Answer, endpoints: dict[str, str], repairs: dict[str, dict], causes: dict[str, str]) -> dict[str, tuple[float, str]]:
    """Share and message of each repair; the repaired endpoints come up side by side, and go again."""
    sagemaker, found, started = answer.client("sagemaker"), {}, {}
    for ticket, endpoint in endpoints.items():
        name = f"graded-m08-2-{answer.token()}"
        model = sagemaker.describe_model(ModelName=endpoint)
        try:
            container = _repaired(model["PrimaryContainer"], repairs[ticket])
            _create(sagemaker, model["ExecutionRoleArn"], name, container)
            started[ticket] = name
        except (KeyError, TypeError, ClientError, ParamValidationError) as error:
            found[ticket] = (0.0, f"{ticket}: the repaired container was not accepted: {str(error)[:200]}")
            _delete(sagemaker, name)
    for ticket, name in started.items():
        found[ticket] = _judged(answer, ticket, name, repairs[ticket], causes[ticket])
        _delete(sagemaker, name)
    return found


def _create(sagemaker: Any, role: str, name: str, container: dict) -> None:
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def _delete(sagemaker: Any, name: str) -> None:
    _remove(sagemaker, name)
    for act in (lambda: sagemaker.delete_endpoint_config(EndpointConfigName=name), lambda: sagemaker.delete_model(ModelName=name)):
        with contextlib.suppress(ClientError):
            act()


def _repaired(container: dict, repair: dict) -> dict:
    """The container with the changes. Raises KeyError when it has no such member."""
    container = {name: copy.deepcopy(container[name]) for name in ("Image", "ModelDataUrl", "Environment")}
    for path, value in repair.items():
        *way, last = path.split(".")
        place = container
        for step in way:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return container


def _judged(answer: Answer, ticket: str, name: str, repair: dict, cause: str) -> tuple[float, str]:
    path, _, ending = FAULTS[cause]
    status = until(lambda: answer.client("sagemaker").describe_endpoint(EndpointName=name)["EndpointStatus"], ("InService", "Failed"), 120)
    if status != "InService":
        return (
            0.0,
            f"{ticket}: with your change of {', '.join(repair)} the endpoint came up again, and ended {status}, for "
            f"the same reason or another.",
        )
    try:
        said = answer.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=PROBE)["Body"].read()
    except ClientError as error:
        return (
            0.0,
            f"{ticket}: the endpoint is in service and does not answer: {error.response['Error']['Code']}. Is that all that it should do?",
        )
    if not 0 < float(said) < 1 or path not in repair or not str(repair[path] or "").endswith(ending):
        return 0.0, f"{ticket}: the endpoint answers, but it is another one: another model, or a fault that is only covered up."
    if len(repair) > 1:
        return 0.5, f"{ticket}: the endpoint answers, but the repair changes {len(repair)} members: more than the fault."
    return 1.0, "answers"


@ex5.graded
def graded_ex5(answer: Answer, report: Report) -> None:
    scenes = script(answer.rng)
    told = played(answer, report, scenes)
    if told is not None:
        report_scenes(report, scenes, told)
