"""m08_2: what the learner gets and the checks agree, and the statements of the lesson hold."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import datasets
from course.exercises import broken_endpoints, pools
from course.grading import calls as play
from course.grading import catalogue
from course.grading.errors import AnswerError

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "solutions" / "m08_realtime"
GRADERS = ROOT / "graders" / "m08_realtime"


@pytest.fixture(scope="module", autouse=True)
def _given():
    """Puts the lesson's folder on the path while its modules are imported."""
    sys.path.insert(0, str(LESSON))
    yield
    sys.path.remove(str(LESSON))
    for name in [name for name in sys.modules if name.partition(".")[0] == "given"]:
        del sys.modules[name]


def _of_given(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"given.{name}", LESSON / "given" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


autoscale = _of_given("autoscale")
cases, released, calls, faults, hidden = (
    catalogue.load_module(GRADERS / f"m08_2_{name}.py") for name in ("cases", "release", "calls", "broken", "hidden")
)
made = catalogue.load_module(GRADERS / "m08_2_faults_hidden.py")
definitions = catalogue.load_module(GRADERS / "m08_2.py")


# ---- experiments ---------------------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.integers())
def test_an_experiment_is_far_from_the_border_between_ship_and_keep(seed: int) -> None:
    for kind, one in cases.experiments(random.Random(seed)):
        whole = [day for day in one["days"] if all(half["known"] == half["asked"] for half in day.values())]
        if kind in ("better", "trailing"):
            assert cases.by_day(whole) > 2.2
        elif kind in ("worse", "noise"):
            assert cases.by_day(whole) < 1.7
        elif kind in ("early", "pending"):
            assert len(whole) < one["planned_days"]


def test_experiments_ask_for_both_fields_that_say_who_saw_the_answers() -> None:
    both = {(one["new_is"], one["measured"]) for _, one in cases.experiments(random.Random(1))}
    assert both == {("variant", "outcomes"), ("variant", "users"), ("shadow", "outcomes"), ("shadow", "users")}


def test_practice_has_an_experiment_of_every_kind() -> None:
    assert {kind for kind, *_ in cases.PRACTICE_EXPERIMENTS} == set(cases.KINDS)


# ---- releases ------------------------------------------------------------------------------------------------------------------------


def _guard(one: dict, **alarm: object) -> dict:
    common = {"Namespace": "AWS/SageMaker", "MetricName": "InvocationModelErrors", "Statistic": "Average", "Period": 60}
    dimensions = {"EndpointName": one["endpoint"], "VariantName": one["variant"], "EndpointConfigName": one["config"]}
    common |= {"AlarmName": "a", "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()]}
    common |= {"EvaluationPeriods": 3, "Threshold": 0.15, "ComparisonOperator": "GreaterThanThreshold"}
    routing = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10}, "WaitIntervalInSeconds": 900}
    deployment = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}
    return {"alarms": [common | alarm], "deployment": deployment | {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}}


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_model_is_rolled_back_and_a_good_one_stays(seed: int) -> None:
    rng = random.Random(seed)
    one = released.release(rng)
    bad = released.outcome(one, _guard(one), released.fate(rng, "server"))
    good = released.outcome(one, _guard(one), released.fate(rng, "same"))
    assert bad["rolled_back"] is not None and bad["hurt"] > 0
    assert good == {"rolled_back": None, "alarm": "", "hurt": 0, "minutes": 15}


def test_an_alarm_that_no_deployment_watches_changes_nothing() -> None:
    rng = random.Random(1)
    one = released.release(rng)
    unheeded = _guard(one, AlarmName="another")
    assert released.outcome(one, unheeded, released.fate(rng, "server"))["rolled_back"] is None


def test_minutes_without_data_breach_where_the_alarm_says_so() -> None:
    rng = random.Random(2)
    one, pause = released.release(rng), released.fate(rng, "pause")
    assert released.outcome(one, _guard(one), pause)["rolled_back"] is None
    assert released.outcome(one, _guard(one, TreatMissingData="breaching"), pause)["rolled_back"] == 8


# ---- scaling -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", cases.STYLES)
@pytest.mark.parametrize("metric", cases.METRICS)
def test_learner_and_grader_replay_the_same(style: str, metric: str) -> None:
    one = cases.brief(random.Random(style), style, dear=True)
    policy = {"metric": metric, "target": 60.0, "out_cooldown": 200, "in_cooldown": 300, "min": 2, "max": 9}
    assert autoscale.replay(cases.shown(one), policy)["cost"] == pytest.approx(cases.replay(one, policy))


def test_the_days_traffic_oscillates_when_scaled_by_latency_and_not_by_requests() -> None:
    day = json.loads((LESSON / "given" / "yesterday.json").read_text())
    common = {"out_cooldown": 240, "in_cooldown": 300, "min": 2, "max": 12}
    replays = {
        name: autoscale.replay(day, {"metric": name, "target": target} | common)
        for name, target in (("InvocationsPerInstance", 100.0), ("ModelLatency", 800.0))
    }
    assert replays["ModelLatency"]["cost"] > 2 * replays["InvocationsPerInstance"]["cost"]
    assert max(replays["ModelLatency"]["instances"]) == 12 > max(replays["InvocationsPerInstance"]["instances"]) + 3


# ---- broken endpoints ----------------------------------------------------------------------------------------------------------------


def test_every_fault_is_a_cause_that_the_lesson_lists_and_the_grader_knows() -> None:
    lesson = (LESSON / "m08_2_rollout.py").read_text()
    assert broken_endpoints.FAULTS == tuple(faults.MEMBERS) == tuple(hidden.SIGNS)
    assert [cause for cause in faults.MEMBERS if f"# | `{cause}` |" not in lesson] == []


@pytest.mark.parametrize("fault", faults.MEMBERS)
def test_a_fault_is_in_the_one_member_that_its_cause_is_about(fault: str) -> None:
    members = {"name": "ModelDataUrl", "file": "ModelDataUrl", "image": "Image", "environment": "Environment"}
    sound, faulty = made.made(""), made.made(fault)
    assert [members[part] for part in sound if sound[part] != faulty[part]] == [faults.MEMBERS[fault]]


@given(st.integers())
def test_containers_have_the_faults_that_are_planted(seed: int) -> None:
    drawn = pools.drawn(random.Random(seed), broken_endpoints.POOL, broken_endpoints.TAKES)
    assert drawn == [made.made(fault) for fault in made.planted(random.Random(seed)).values()]


def test_a_repair_is_judged_by_what_the_endpoint_answers() -> None:
    one, two = {"Image": "a"}, {"Image": "a", "ModelDataUrl": "b"}
    shares = [faults._judged("case-1", *found, [0.25, 0.5])[0] for found in ((one, [0.25, 0.5]), (two, [0.25, 0.5]), (one, [0.25, 0.4]))]
    assert shares == [1.0, 0.5, 0.0]
    assert "ModelError" in faults._judged("case-1", one, "ModelError", [0.25, 0.5])[1]


def test_the_lesson_does_not_give_its_faults_away() -> None:
    shown = [LESSON / "m08_2_rollout.py", *(LESSON / "given").glob("*.py")]
    assert [path.name for path in shown if re.search(r"FAULTS|planted|with_fault|inference\.py", _public(path.read_text()))] == []


def _public(text: str) -> str:
    """A source without its solutions."""
    return re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", text, flags=re.S)


# ---- the function around the endpoint ------------------------------------------------------------------------------------------------


def test_the_stand_in_s_model_is_the_check_s() -> None:
    rehearsal = _of_given("rehearsal")
    flight = {"weekday": 0, "hour": 7, "origin": 1, "distance": 1089, "temp": None, "wind_speed": 8.1, "precip": 0.0, "visib": 10.0}
    line = ",".join("" if flight[name] is None else str(flight[name]) for name in calls.COLUMNS)
    assert rehearsal.probability(line) == pytest.approx(calls.probability(flight))


def test_kept_values_survive_from_scene_to_scene_and_time_passes_only_in_calls_and_waits() -> None:
    rehearsal = _of_given("rehearsal")

    @rehearsal.rehearsed
    def handler(event: dict, context) -> dict:
        context.kept["events"] = context.kept.get("events", 0) + 1
        context.wait(30)
        with pytest.raises(rehearsal.TimedOut):
            context.invoke("", 100)
        return {"events": context.kept["events"], "left": context.remaining_ms()}

    scene = {"event": {}, "budget_ms": 500, "calls": [{"outcome": "answered", "ms": 60_000}]}
    handled = handler([scene, scene])
    assert [one["response"] for one in handled] == [{"events": 1, "left": 370}, {"events": 2, "left": 370}]
    assert [one["ms"] for one in handled] == [130, 130]


def test_the_usual_share_of_late_flights_is_what_the_lesson_falls_back_on() -> None:
    delays = pd.read_parquet(datasets.path("flights"), columns=["arr_delay"]).arr_delay.dropna()
    [share] = set(re.findall(r"fallback is (0\.\d+), the year's share", (LESSON / "m08_2_rollout.py").read_text()))
    assert (delays > 15).mean() == pytest.approx(float(share), abs=5e-4)


def test_the_fallback_is_the_one_that_the_check_expects() -> None:
    [share] = set(re.findall(r"fallback is (0\.\d+), the year's share", (LESSON / "m08_2_rollout.py").read_text()))
    assert float(share) == calls.FALLBACK


def test_practice_plays_every_kind_of_scene_and_every_event_that_is_at_fault() -> None:
    assert {one["_kind"] for one in calls.PRACTICE_SCRIPT} == {*calls.USUAL, "down", "hanging"}
    bodies = [one["event"]["body"] for one in calls.PRACTICE_SCRIPT if one["_kind"] == "bad"]
    assert set(calls.BAD_BODIES) < set(bodies) and len(set(bodies)) == len(bodies)


def test_the_lesson_says_how_near_to_the_best_policy_is_near_enough() -> None:
    [percent] = re.findall(r"within (\d\.\d) % of the best earns all points", (LESSON / "m08_2_rollout.py").read_text())
    assert hidden.REGRET_STEPS[0] == (float(percent) / 100, 1.0)


def test_an_error_of_a_handler_is_shown_with_its_line(tmp_path: Path) -> None:
    rehearsal = _of_given("rehearsal")
    cell = tmp_path / "cell.py"
    cell.write_text("@rehearsed\ndef handler(event, context):\n    return event['flights'][0]\n")
    namespace: dict = {"rehearsed": rehearsal.rehearsed}
    exec(compile(cell.read_text(), str(cell), "exec"), namespace)
    play.acceptable("handler", namespace["handler"], 1)
    with pytest.raises(AnswerError, match=r"raised KeyError: 'flights', in line 3 of your cell: `return event\['flights'\]\[0\]`"):
        play.call("handler", namespace["handler"], ([{"event": {}, "budget_ms": 500, "calls": []}],), 5)


# ---- questions for those whose guard does not tell good models from bad ones ------------------------------------------------------------


def _alarm(metric: str, **more: object) -> dict:
    return {"MetricName": metric, "Dimensions": [{"Name": "EndpointConfigName", "Value": "new"}], "EvaluationPeriods": 2} | more


def test_a_fault_without_an_alarm_is_asked_for_before_the_minutes() -> None:
    errors = {"alarms": [_alarm("Invocation4XXErrors"), _alarm("Invocation5XXErrors")]}
    assert "answers late" in definitions.not_caught("slow", errors, {"minutes": 11})
    assert "11 minutes" in definitions.not_caught("client", errors, {"minutes": 11})


def test_an_alarm_that_waits_for_two_minutes_is_not_asked_how_many_it_waits_for() -> None:
    one = {"usual": {"p50_ms": 40.0}}
    messages = [
        definitions.false_alarm("hiccup", {"alarms": [_alarm("Invocation5XXErrors", AlarmName="a", Threshold=0.1, **more)]}, one, "a")
        for more in ({}, {"DatapointsToAlarm": 1}, {"EvaluationPeriods": 1})
    ]
    assert ["How many does your alarm wait for?" in words for words in messages] == [False, True, True]


def test_a_percentile_is_refused_as_a_statistic() -> None:
    plain = {"AlarmName": "a", "Namespace": "AWS/SageMaker", "Period": 60, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    alarm = plain | _alarm("ModelLatency")
    assert "ExtendedStatistic" in definitions.refusal(alarm | {"Statistic": "p50"})
    assert definitions.refusal(alarm | {"ExtendedStatistic": "p50"}) == definitions.refusal(alarm | {"Statistic": "Average"}) == ""
