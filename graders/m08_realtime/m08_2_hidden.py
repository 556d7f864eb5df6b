# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m08_2."""

import contextlib
import io
import tarfile
from collections.abc import Iterator
from statistics import fmean

from course.grading import Answer, Report
from course.grading.citing import shows
from course.grading.jobs import sagemaker_role
from course.grading.scoring import guard_share, rule_share

from .m08_2 import decision, ex1, ex2, ex3, ex4, ex5, false_alarm, guarded, not_caught, scaling, scaling_hint, too_late
from .m08_2_broken import check_form, endpoint_named, log_of
from .m08_2_calls import played, report_scenes, script
from .m08_2_cases import KINDS, experiments
from .m08_2_faults_hidden import planted
from .m08_2_policies_hidden import cases, costs
from .m08_2_probe import probe
from .m08_2_release import BAD, GOOD, fate, outcome, release

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
RELEASES, BRIEFS, DAYS = 9, 6, 2
HURT_SHARE = 0.85  # of the bad releases; over 10 seeds sound guards have 1, a canary of half the traffic 0.14
# Over 15 seeds the reference, which knows yesterday alone, costs 0.1 % more than the best (at most 0.7), a search at random 0.5 % (2.1);
# the best policy of requests alone 4.5 % (3.0 to 6.1), of processors alone 7.9 % (3.0 to 11.5).
REGRET_STEPS = ((0.025, 1.0), (0.06, 0.6), (0.12, 0.25))
SIGNS: dict[str, tuple[str, ...]] = {  # words of the lines that show a cause
    "archive": ("There is no model file",),
    "columns": ("Feature size of csv",),
    "corrupt": ("cannot be loaded by XGBoost", "Invalid cast, from"),
    "image": ("serves a script",),
    "program": ("There is no inference.py",),
    "setting": ("invalid literal for int()",),
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
    missed = [(kind, got) for (kind, _), got, want in zip(cases, given, wanted, strict=True) if got != want]
    said = f"`decide(...)` chose what suits for {len(cases) - len(missed)} of {len(cases)} unseen experiments. "
    report.part("decision", share, said + _why_decided(missed))


def _why_decided(misses: list[tuple[str, str]]) -> str:
    """What the misses, kinds and decisions, have in common, said as a question to the rule."""
    if not misses:
        return ""
    if {got for _, got in misses} == {"expose"}:
        return "All misses were taken for users who never saw the new model's answers: is it one field that says so, or two together?"
    missed = [kind for kind, _ in misses]
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
    report.part("hurt", min(1.0, kept / len(unhurt) / HURT_SHARE), said + too_late(given))
    report.finished("guard", "hurt")
    if guard_share(caught, alarms):
        report.doing("releases a model on an endpoint of its own, under your guard")
        with _own_container(answer) as (role, container):
            probe(answer, report, lambda one: guarded(answer, report, one), release(answer.rng), role, container)
    else:
        report.part("probe", False, "Not tried on a real endpoint, since it does not tell good models from bad ones.")


@contextlib.contextmanager
def _own_container(answer: Answer) -> Iterator[tuple[str, dict]]:
    """A role, and a container with a small model in a bucket of its own, which goes when it is left."""
    s3, name = answer.client("s3"), f"graded-m08-2-{answer.token()}"
    role = sagemaker_role(answer.client("iam"))
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="model.tar.gz", Body=_artifact())
    try:
        yield role, {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/model.tar.gz"}
    finally:
        s3.delete_object(Bucket=name, Key="model.tar.gz")
        s3.delete_bucket(Bucket=name)


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
    report.doing("replays unseen days under the policies that you choose")
    given, chosen, regrets = cases(answer.rng, BRIEFS, DAYS), [], []
    for case in given:
        policy = scaling(answer, report, case.brief, "regret")
        if policy is None:
            return
        chosen.append(policy)
        regrets.append(max(0.0, costs(case.days, [policy])[0] / case.least - 1))
    regret = fmean(regrets)
    share = next((share for limit, share in REGRET_STEPS if regret <= limit), 0.0)
    said = f"On unseen days your policies cost {regret:.0%} more than the best of those that the grader knows."
    report.part("regret", share, said if share == 1 else f"{said} {scaling_hint([case.brief for case in given], chosen)}")


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    if not check_form(answer, report):
        return
    causes, diagnoses = planted(answer.variant()), answer.value("diagnoses")
    named = [diagnoses[ticket]["cause"] == cause for ticket, cause in causes.items()]
    report.part("cause", sum(named) / 4, f"{sum(named)} of 4 causes are right. Which line of the log is of this endpoint alone?")
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    lines = {ticket: log_of(logs, endpoint_named(sagemaker, ticket)) for ticket in causes}
    shown = [shows(diagnoses[ticket]["line"], lines[ticket], SIGNS[cause]) for ticket, cause in causes.items()]
    others = ", ".join(ticket for ticket, good in zip(causes, shown, strict=True) if not good)
    said = f"{sum(shown)} of 4 cited lines show the cause. {others}: the line says that something failed, not what, or is in no log."
    report.part("evidence", sum(shown) / 4, said)


@ex5.graded
def graded_ex5(answer: Answer, report: Report) -> None:
    scenes = script(answer.rng)
    told = played(answer, report, scenes)
    if told is not None:
        report_scenes(report, scenes, told)
