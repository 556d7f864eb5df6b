"""Which steps start when: runs of random graphs, in which each step ends as the test decides."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.readiness import ENDED, Readiness
from tests.localaws.sagemaker.pipelines.definitions import condition, read, training

TRIGGERED_BY = {"Completed": ("Succeeded",), "Failed": ("Failed",), "Stopped": ("Stopped",), "Any": ENDED}


def waiting(step: dict, *names: str, trigger: str = "Completed") -> dict:
    return step | {"DependsOn": [{"Step": name, "Trigger": trigger} for name in names]}


def loop(name: str, items: int, *body: dict, most: int = 50) -> dict:
    arguments = {"IterableItems": ["x"] * items, "MaxConcurrency": most, "ForEachBody": list(body)}
    return {"Name": name, "Type": "ForEach", "Arguments": arguments}


class Run:
    """A run of a definition, in which `outcomes` says how steps end; by default they succeed, and conditions hold."""

    def __init__(self, definition: Definition, outcomes: dict[str, str] | None = None) -> None:
        self.definition, self.outcomes = definition, outcomes or {}
        self.states: dict[str, dict] = {}
        self.order: list[str] = []

    @property
    def readiness(self) -> Readiness:
        return Readiness(self.definition, self.states)

    @property
    def running(self) -> list[str]:
        return [name for name, state in self.states.items() if state["StepStatus"] not in ENDED]

    def start(self) -> list[str]:
        """Start what is ready."""
        names = [step.name for step in self.readiness.ready()]
        for name in names:
            step = self.definition.step(name)
            items = step.arguments["IterableItems"] if step.body else ()
            self.states[name] = {"StepStatus": "Executing", "_memory": {"items": items}}
        self.order += names
        return names

    def end(self, name: str) -> None:
        step = self.definition.step(name)
        outcome = self.outcomes.get(name, "True" if step.type == "Condition" else "Succeeded")
        if step.type == "Condition" and outcome in ("True", "False"):
            self.states[name] = {"StepStatus": "Succeeded", "Metadata": {"Condition": {"Outcome": outcome}}}
        else:
            self.states[name]["StepStatus"] = outcome

    def endable(self) -> list[str]:
        """The running steps that can end: a ForEach step only after its child steps."""
        steps = [self.definition.step(name) for name in self.running]
        return [step.name for step in steps if not step.body or self.readiness.loop_is_over(step)]

    def end_loop(self, name: str) -> None:
        children = [child.name for child in self.readiness.children(self.definition.step(name))]
        failed = any(self.status(child) in ("Failed", "Stopped") for child in children)
        self.outcomes.setdefault(name, "Failed" if failed else "Succeeded")

    def to_the_end(self) -> Run:
        while self.start() or self.running:
            for name in self.endable()[:1]:
                if self.definition.step(name).body:
                    self.end_loop(name)
                self.end(name)
        return self

    def status(self, name: str) -> str:
        return self.states.get(name, {}).get("StepStatus", "")


def run(*steps: dict, **outcomes: str) -> Run:
    return Run(read(*steps), outcomes).to_the_end()


def test_steps_start_together_when_nothing_holds_them() -> None:
    first = Run(read(training("a"), training("b"), waiting(training("c"), "a", "b")))
    assert first.start() == ["a", "b"]
    first.end("a")
    assert first.start() == []
    first.end("b")
    assert first.start() == ["c"]


def test_a_step_after_a_condition_waits_for_the_branch() -> None:
    steps = [condition("c", IfSteps=[training("i")], ElseSteps=[training("e")]), waiting(training("after"), "c")]
    assert run(*steps).order == ["c", "i", "after"]
    assert run(*steps, c="False").order == ["c", "e", "after"]


def test_a_step_after_a_step_of_the_other_branch_never_runs() -> None:
    steps = [condition("c", ElseSteps=[training("e")]), waiting(training("x"), "e"), waiting(training("y"), "x"), training("z")]
    ended = run(*steps)
    assert ended.order == ["c", "z"]
    assert not ended.readiness.unhandled_failure()


def test_nothing_starts_after_a_failure() -> None:
    steps = [training("a"), training("b"), waiting(training("c"), "b")]
    ended = run(*steps, a="Failed")
    assert ended.order == ["a", "b"]
    assert ended.readiness.unhandled_failure()


def test_triggers() -> None:
    steps = [
        training("a"),
        waiting(training("completed"), "a"),
        waiting(training("failed"), "a", trigger="Failed"),
        waiting(training("stopped"), "a", trigger="Stopped"),
        waiting(training("any"), "a", trigger="Any"),
        waiting(training("later"), "completed"),
    ]
    for outcome, expected in {
        "Succeeded": ["a", "completed", "any", "later"],
        "Failed": ["a", "failed", "any"],
        "Stopped": ["a", "stopped", "any"],
    }.items():
        ended = run(*steps, a=outcome)
        assert ended.order == expected
        assert not ended.readiness.unhandled_failure()


def test_iterations_run_side_by_side_up_to_the_limit() -> None:
    run_ = Run(read(loop("each", 3, waiting(training("b"), "a"), training("a"), most=2)))
    assert (run_.start(), run_.start()) == (["each"], ["a-0", "a-1"])
    assert run_.start() == []
    run_.end("a-1")
    assert run_.start() == ["b-1"]
    run_.end("a-0")
    assert run_.start() == ["b-0"]
    run_.end("b-0")
    assert run_.start() == ["a-2"]
    assert not run_.readiness.loop_is_over(run_.definition.steps["each"])


def test_a_failed_iteration_holds_back_the_others_but_not_those_of_another_loop() -> None:
    steps = [loop("one", 3, training("a"), most=1), loop("two", 3, training("b"), most=1), waiting(training("x"), "two")]
    ended = run(*steps, **{"a-0": "Failed"})
    assert ended.order == ["one", "two", "a-0", "b-0", "b-1", "b-2"]
    assert ended.status("one") == "Failed"
    assert ended.readiness.unhandled_failure()


def test_a_body_may_handle_its_failures() -> None:
    body = [training("a"), waiting(training("b"), "a", trigger="Failed"), waiting(training("c"), "a")]
    ended = run(loop("each", 2, *body), **{"a-0": "Failed"})
    assert sorted(ended.order) == ["a-0", "a-1", "b-0", "c-1", "each"]


def test_a_loop_that_is_being_stopped_starts_nothing() -> None:
    run_ = Run(read(loop("each", 2, training("a"), most=1)))
    run_.start(), run_.start()
    run_.states["each"]["StepStatus"] = "Stopping"
    run_.states["a-0"]["StepStatus"] = "Stopped"
    assert run_.start() == []
    assert run_.readiness.loop_is_over(run_.definition.steps["each"])


@st.composite
def graphs(draw: st.DrawFn) -> list[dict]:
    """Steps that depend on earlier ones, in conditions and loops too."""
    steps: list[dict] = []
    for number in range(draw(st.integers(1, 7))):
        step = draw(st.sampled_from([training, condition]))(f"s{number}")
        if step["Type"] == "Condition":
            inner = {member: [training(f"s{number}{member[0]}")] for member in draw(st.sets(st.sampled_from(["IfSteps", "ElseSteps"])))}
            step["Arguments"] |= inner
        elif draw(st.booleans()):
            step = loop(step["Name"], draw(st.integers(1, 3)), training(f"{step['Name']}b"), most=draw(st.integers(1, 2)))
        names = draw(st.sets(st.sampled_from([each["Name"] for each in steps]))) if steps else set()
        triggers = {name: draw(st.sampled_from(sorted(TRIGGERED_BY))) for name in sorted(names)}
        steps.append(step | {"DependsOn": [{"Step": name, "Trigger": trigger} for name, trigger in triggers.items()]})
    return steps


@given(graphs(), st.data())
def test_random_runs_keep_the_rules(steps: list[dict], data: st.DataObject) -> None:
    run_ = Run(read(*steps))
    while run_.start() or run_.running:
        while run_.start():  # a ForEach step that has started has child steps
            pass
        running = [run_.definition.step(name) for name in run_.running]
        for step in running:
            if step.iteration:
                same = [each for each in running if each.iteration and each.iteration.loop == step.iteration.loop]
                assert len(same) <= run_.definition.steps[step.iteration.loop].arguments["MaxConcurrency"]
        name = data.draw(st.sampled_from(run_.endable()), "ends")  # something can always end: nothing is stuck
        step = run_.definition.step(name)
        if step.body:
            run_.end_loop(name)
        else:
            kinds = ["True", "False", "Failed"] if step.type == "Condition" else list(ENDED)
            run_.outcomes[name] = data.draw(st.sampled_from(kinds), "outcome")
        run_.end(name)
    assert len(run_.order) == len(set(run_.order))  # nothing runs twice
    for name in run_.order:
        step = run_.definition.step(name)
        assert all(run_.status(other) in TRIGGERED_BY[trigger] for other, trigger in step.triggers.items())
        assert all(run_.outcomes[other] == outcome for other, outcome in step.branch)
    if not run_.readiness.unhandled_failure():
        missing = [step for step in run_.definition.steps.values() if step.name not in run_.states]
        assert all(run_.readiness.excluded(step) for step in missing)
