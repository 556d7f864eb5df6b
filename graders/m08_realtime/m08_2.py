"""m08_2: two models on one endpoint, releases that roll back by themselves, auto scaling, broken endpoints, and the application around."""

import random
from functools import cache
from statistics import fmean
from typing import Any

from course.grading import Answer, Exercise, Function, Report, Value
from course.grading.exercise import seeds, stored

from .m08_2_broken import check_agreement, check_evidence, check_form, check_repairs
from .m08_2_calls import PRACTICE_SCRIPT, played, report_scenes
from .m08_2_cases import ACTIONS, KINDS, METRICS, MOST, POLICY, PRACTICE_EXPERIMENTS, brief, experiment, replay, shown
from .m08_2_probe import lessons_model, probe
from .m08_2_release import NotReplayed, fate, outcome, refusal, release

ex1 = Exercise(
    id="m08_2_ex1",
    title="Ship, keep, or wait",
    section="What each test answers",
    pattern=1,
    parts={"practice": 0.25, "decision": 1.75},
    evidence={"decide": Function("decide(experiment: dict) -> str")},
    skills={"C01": ["4.1.S4", "2.3.S4"], "C02": ["4.1.4", "2.3.3"]},
    topics=["deploy.variants"],
    seconds=30,
    hints=(
        "Three questions in this order: did users see the new model's answers at all, if it is they who are measured; "
        "how many whole days are "
        "there; and is the difference large?",
        "A day is whole when nothing of it is still to come, for both models. Leave the other days out. Then there is "
        "one number a day: what does "
        "its spread over the days say?",
        'One difference a whole day, `day["old"]["error"] - day["new"]["error"]`; their mean, divided by their standard deviation over '
        "the square root of how many they are.",
    ),
)

ex2 = Exercise(
    id="m08_2_ex2",
    title="Write the guard of a release",
    section="A release that takes itself back",
    pattern=9,
    parts={"form": 0.25, "probe": 0.5, "guard": 1, "hurt": 0.5},
    evidence={"guard": Function("guard(release: dict) -> dict")},
    skills={"C01": ["3.3.K5", "3.1.K1", "4.2.S1"], "C02": ["3.3.1", "4.2.2"]},
    topics=["deploy.variants"],
    seconds=30,
    hints=(
        "Which three things can be wrong with a model's answers, and which metric shows each? An alarm for each, on the new fleet alone.",
        "The average of an error metric is the share of requests that failed, whatever the traffic. One bad minute is "
        "no reason; the canary lasts "
        "as long as faults may take to show, and the alarm to see them.",
        'Three dimensions, the third `{"Name": "EndpointConfigName", "Value": release["config"]}`; several `EvaluationPeriods` of 60 s; '
        "`CanarySize` so small that the minutes until the alarm, times requests a minute, times the share, stay below `most_hurt`.",
    ),
)

ex3 = Exercise(
    id="m08_2_ex3",
    title="Choose the scaling policy",
    section="Which metric, which target",
    pattern=3,
    parts={"practice": 0.25, "regret": 1.75},
    evidence={"policy": Function("policy(brief: dict) -> dict")},
    skills={"C01": ["3.2.S6", "3.2.K5", "4.2.S6"], "C02": ["3.2.6", "4.2.4"]},
    topics=["deploy.scaling"],
    seconds=120,
    hints=(
        "You have yesterday. What would a policy have cost then?",
        "Try policies of two metrics with `replay`, with targets from mostly idle to nearly always busy and several "
        "minima. A target is in the unit "
        "of its metric: a minute, a percent.",
        "An instance is busy `requests * (request_ms + flight_ms * flights) / 60_000` of a minute: from that follow the targets to try. "
        "Take the policy with the least `cost`; let the scale-out cooldown be as long as an instance takes to start.",
    ),
)

ex4 = Exercise(
    id="m08_2_ex4",
    title="Diagnose and repair four endpoints",
    section="Four endpoints that do not serve",
    pattern=4,
    parts={"form": 0.25, "cause": 0.5, "evidence": 0.75, "repair": 0.75},
    evidence={"diagnoses": Value(dict), "repairs": Value(dict)},
    skills={"C01": ["4.2.S1"], "C02": ["4.2.2"]},
    topics=["deploy.realtime"],
    seconds=60,
    hints=(
        "A server that does not come up says why before it ends; one that comes up says it when it is asked.",
        "Read each log from below up to the first line with the name of an exception, or with ERROR. Which member of the "
        "container does it speak of, and what did you write there when you deployed `weather` yourself?",
        'One entry: `diagnoses["case-9"] = {"cause": "memory", "line": "Killed"}`, '
        'and `repairs["case-9"] = {"Environment.MAX_CONTENT_LENGTH": "1000"}`; `None` takes a member away.',
    ),
)

ex5 = Exercise(
    id="m08_2_ex5",
    title="Stretch: the function around the endpoint",
    section="The application around it",
    pattern=3,
    parts={"shape": 0.5, "time": 0.25, "answers": 0.5, "load": 0.25},
    evidence={"handler": Function("handler(script: list[dict]) -> Any")},
    skills={"C01": ["3.2.S1", "4.2.S6"], "C02": ["4.2.4"]},
    topics=["deploy.integrate"],
    seconds=20,
    hints=(
        "Write it for the good day first: take the event apart, check it, call once, answer. Then one `except` after the other.",
        "A time-out for each try, well below the time that remains; before each retry ask whether there is time for a "
        "wait and an answer, and "
        "whether the kept budget allows it.",
        "A loop: `context.invoke(body, min(300, context.remaining_ms() - 20))`; `except Refused` ends it; after other "
        "errors take a token from "
        '`context.kept.setdefault("tokens", 10)`, wait, and double the wait. What leaves the loop without numbers falls back.',
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    for kind, shadow, users, distance, question in PRACTICE_EXPERIMENTS:
        given = experiment(answer.rng, kind, shadow, distance)
        if users:
            given["measured"] = "users"
        if kind == "pending":  # all that is still to come is the new model's
            given["days"][-1]["old"]["known"] = given["days"][-1]["old"]["asked"]
        got = decision(answer, report, given, "practice")
        if got is None:
            return
        said = f"`decide(...)` returned {got!r} for {_in_words(given)}: {question or KINDS[kind][1]}"
        if not report.part("practice", got == KINDS[kind][0], said):
            return


def _in_words(given: dict) -> str:
    days, waits = given["days"], sum(any(one["known"] < one["asked"] for one in day.values()) for day in given["days"])
    return (
        f"a new model as {given['new_is']}, measured by {given['measured']}, {len(days)} days of {given['planned_days']} planned, "
        f"{waits} of them with outcomes still to come"
    )


def decision(answer: Answer, report: Report, given: dict, part: str) -> str | None:
    """The learner's decision; reports the part and returns None when it is none."""
    got = answer.call("decide", given)
    return (
        got if report.part(part, got in ACTIONS, f"`decide(...)` returned {got!r}; expected one of the four words of the table.") else None
    )


PRACTICE_RELEASES = (  # a bad model, from which minute on, and a good one
    ("client", 0, "hiccup"),
    ("slow", 8, "pause"),
    ("server", 5, "same"),
)
LEAST = {"share": 0.35, "factor": 4}  # of what a bad model does
GOOD_MODELS = {"hiccup": "with one bad minute", "pause": "with minutes in which nobody asks", "same": "like the old one"}


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for bad, begins, good in PRACTICE_RELEASES:
        one = release(answer.rng)
        given = guarded(answer, report, one)
        if given is None:
            return
        falls = fate(answer.rng, bad) | LEAST | {"begins": begins}
        fallen, passed = outcome(one, given, falls), outcome(one, given, fate(answer.rng, good))
        if not report.part("guard", fallen["rolled_back"] is not None, not_caught(bad, given, fallen)):
            return
        if passed["rolled_back"] is not None:
            said = f"A good model ({GOOD_MODELS[good]}) was taken back in minute {passed['rolled_back']} by {passed['alarm']!r}: "
            report.part("guard", False, said + false_alarm(good, given, one, passed["alarm"]))
            return
        said = f"A good model was there after {passed['minutes']} minutes of the {one['minutes']} that a release may take."
        if not report.part("guard", passed["minutes"] <= one["minutes"], said):
            return
        said = f"{fallen['hurt']} requests were answered badly before a bad model was taken back, of {one['most_hurt']} at most: "
        if not report.part("hurt", fallen["hurt"] <= one["most_hurt"], said + too_late(given)):
            return
    report.finished("guard", "hurt")
    report.doing("releases a model on an endpoint for practice, under your guard")
    probe(answer, report, lambda one: guarded(answer, report, one), release(answer.rng), *lessons_model(answer, "schedule"))


def false_alarm(kind: str, given: dict, one: dict, name: str) -> str:
    """A question for those whose alarm ``name`` went off without need."""
    alarm = next(alarm for alarm in given["alarms"] if alarm["AlarmName"] == name)
    if alarm["MetricName"] == "ModelLatency" and alarm["Threshold"] < 500 * one["usual"]["p50_ms"]:
        return "nothing was wrong with it. Have threshold and metric the same unit?"
    if kind == "pause" or alarm.get("TreatMissingData") == "breaching":
        return "for some minutes nobody asked it. What does your alarm make of minutes without data?"
    if kind == "hiccup" and min(alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm", 60)) < 2:
        return "it had one bad minute. How many does your alarm wait for?"
    return "nothing was wrong with it. Is your threshold above what is usual, for few requests and for many?"


def sees_both_fleets(given: dict) -> bool:
    """Whether no alarm of a guard looks at the new fleet alone."""
    return not any(one["Name"] == "EndpointConfigName" for alarm in given["alarms"] for one in alarm["Dimensions"])


def too_late(given: dict) -> str:
    """A question for those whose guard takes a bad model back too late."""
    if sees_both_fleets(given):
        return "which of your alarms looks at the new fleet alone?"
    return "what share of the traffic does the canary get, and for how long?"


def not_caught(kind: str, given: dict, fallen: dict) -> str:
    """A question for those whose guard let a bad model through."""
    if sees_both_fleets(given):
        return "Your alarms see old and new fleet together: which dimension tells them apart?"
    about = {"client": "answers with client errors", "server": "answers with server errors", "slow": "answers late"}
    seen = {"client": ("4XX", "ModelErrors"), "server": ("5XX", "ModelErrors"), "slow": ("Latency",)}[kind]
    if fallen["minutes"] < 12 and any(word in alarm["MetricName"] for alarm in given["alarms"] for word in seen):
        return f"Your deployment was over after {fallen['minutes']} minutes: for how long may a fault hide, and an alarm wait?"
    return f"A model that {about[kind]} went through: which of your alarms sees that?"


@cache
def _shape(service: str, name: str) -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model(service).shape_for(name)


def guarded(answer: Answer, report: Report, one: dict) -> dict | None:
    """The learner's guard of a release; reports the part ``form`` and returns None when AWS or the replay would not take it."""
    from botocore.validate import ParamValidator

    got = answer.call("guard", one)
    if not report.part(
        "form", set(got) == {"alarms", "deployment"}, f"`guard(...)` has the keys {sorted(map(str, got))}; expected the two."
    ):
        return None
    alarms, deployment = got["alarms"], got["deployment"]
    if not report.part("form", isinstance(alarms, list) and bool(alarms), f"'alarms' is {alarms!r}; expected a list of requests."):
        return None
    problems = [refusal(alarm) for alarm in alarms]
    for alarm in alarms if not any(problems) else ():
        problems.append(ParamValidator().validate(alarm, _shape("cloudwatch", "PutMetricAlarmInput")).generate_report())
    problems.append(ParamValidator().validate(deployment, _shape("sagemaker", "DeploymentConfig")).generate_report())
    if wrong := next((problem for problem in problems if problem), ""):
        report.part("form", False, f"AWS would not take it: {wrong}.")
        return None
    try:
        outcome(one, got, fate(random.Random(0), "same"))
    except (NotReplayed, KeyError) as error:
        report.part("form", False, f"The replay stopped at {error}; expected plain alarms and a blue/green canary or linear deployment.")
        return None
    heeded = {alarm["AlarmName"] for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])}
    made = {alarm["AlarmName"] for alarm in alarms}
    if not report.part("form", len(made) == len(alarms), "Two of your alarms have the same name: the second takes the place of the first."):
        return None
    strangers = ", ".join(sorted(heeded - made))
    if not report.part("form", not strangers, f"The deployment heeds alarms that you did not make: {strangers}."):
        return None
    said = f"The deployment heeds {len(heeded & made)} of your {len(made)} alarms: a name for each stands in its AutoRollbackConfiguration?"
    report.part("form", heeded == made, said)
    return got


PRACTICE_BRIEFS = (("smooth", True), ("batches", True), ("surges", False))
PRACTICE_REGRET = 0.04


def practice_briefs() -> list[dict]:
    rng = seeds.shared_practice(ex3.id)
    return [brief(rng, style, dear) for style, dear in PRACTICE_BRIEFS]


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("replays days under the policies that you choose")
    given, least = practice_briefs(), stored.outcomes(__file__)
    chosen = [scaling(answer, report, one, "practice") for one in given]
    if None in chosen:
        return
    regret = fmean(replay(one, policy) / usd - 1 for one, policy, usd in zip(given, chosen, least, strict=True))
    said = f"Replayed on the briefs' own days your policies cost {regret:.0%} more than the best of those that the grader knows."
    report.part("practice", regret <= PRACTICE_REGRET, said if regret <= PRACTICE_REGRET else f"{said} {scaling_hint(given, chosen)}")


def scaling(answer: Answer, report: Report, one: dict, part: str) -> dict | None:
    """The learner's policy; reports the part and returns None when it is none."""
    got = answer.call("policy", shown(one))
    said = f"`policy(...)` returned {got!r}"
    if not report.part(part, set(got) == set(POLICY), f"{said}; expected the six keys of the example."):
        return None
    kinds = all(isinstance(got[name], (int, float) if kind is float else kind) for name, kind in POLICY.items())
    if not report.part(part, kinds, f"{said}; expected text, a number, and whole numbers."):
        return None
    within = got["metric"] in METRICS and got["target"] > 0 and 1 <= got["min"] <= got["max"] <= MOST
    within = within and min(got["out_cooldown"], got["in_cooldown"]) >= 0
    return (
        got
        if report.part(part, within, f"{said}; expected a metric of the three, a target above 0, and 1 <= min <= max <= {MOST}.")
        else None
    )


def scaling_hint(briefs: list[dict], chosen: list[dict]) -> str:
    """What the policies have in common, said as a question to the rule."""
    metrics = {policy["metric"] for policy in chosen}
    if "ModelLatency" in metrics:
        return "Some track ModelLatency: does it halve when the instances double, and where is it when nobody waits?"
    if len({tuple(sorted(policy.items())) for policy in chosen}) == 1:
        return "They are the same for all briefs: what in a brief moves them?"
    costs = [
        replay(one, policy) / replay(one, policy | {"target": 60 * policy["target"]}) for one, policy in zip(briefs, chosen, strict=True)
    ]
    if "InvocationsPerInstance" in metrics and fmean(costs) > 1.5:
        return "With targets sixty times as high they would cost less: over how long is InvocationsPerInstance counted?"
    if len(metrics) == 1:
        metric = "CPUUtilization" if "CPUUtilization" in metrics else "InvocationsPerInstance"
        weak = (
            "it hardly moves where the model waits for others"
            if metric == "CPUUtilization"
            else "it counts a request of forty flights as one"
        )
        return f"All track {metric}, and {weak}: which field of the brief says where another one is right?"
    return "Do the target and the minimum follow from what late answers cost, and from how long an instance takes to start?"


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    if not check_form(answer, report):
        return
    check_evidence(answer, report)
    check_agreement(answer, report)
    report.doing("deploys your four repaired containers")
    check_repairs(answer, report)


@ex5.practice
def practice_ex5(answer: Answer, report: Report) -> None:
    told = played(answer, report, PRACTICE_SCRIPT)
    if told is not None:
        report_scenes(report, PRACTICE_SCRIPT, told)
