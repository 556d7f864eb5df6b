"""Executions that fail on purpose, and what a learner's function does to finish them (m10_2_ex2).

All steps that would be jobs are Model steps: they cost no time, and fail if their archive is missing.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError, Report
from course.grading.jobs import sagemaker_role

from .m10_1_live import IMAGE
from .m10_1_runs import Run, awaited, pipeline_deleted

WORDS = (
    "Collect", "Prepare", "Clean", "Split", "Encode", "Scale", "Fit", "Tune", "Merge", "Compare", "Score", "Explain", "Register",
    "Publish", "Archive", "Notify", "Sample", "Label", "Join", "Audit", "Rank", "Pack",
)  # fmt: skip
PARAMETERS = ("Month", "Rounds")
BRANCHES = ("IfSteps", "ElseSteps")
# What an answer must see in a case.
LEFT = "Which steps of the definition succeeded, and which are left?"
NEWEST = "Which steps does the newest definition have, and which of them are left?"
TAKEN = "Which branch did the Condition step take, and what of it is left?"
SELECTED = "Which steps had the failed execution selected, and which of them are left?"


@dataclass(frozen=True)
class Case:
    """A pipeline whose execution fails, and what has to run then.

    Attributes
    ----------
    idea : str
        A question that points to what an answer must see here.
    steps : list of dict
        Of the newest definition.
    faults : tuple of str
        The step that is broken in each of the older definitions. The second of two fails in an execution with selected steps.
    runs : set of str
        The steps that have to run.
    values : dict
        Name of a parameter -> (default of the older definitions, value of the failed execution, default of the newest definition).
    added : str
        A step that only the newest definition has.
    renamed : tuple of str
        The name of a step in the newest definition, and in the older ones.
    selected : tuple of str
        The steps that the execution of the second fault has selected.
    chooses : bool
        Whether a condition with a parameter decides what runs.
    """

    idea: str
    steps: list[dict]
    faults: tuple[str, ...]
    runs: set[str]
    values: dict[str, tuple[str, str, str]]
    added: str = ""
    renamed: tuple[str, str] = ("", "")
    selected: tuple[str, ...] = ()
    chooses: bool = False

    def definition(self, fault: str, role: str) -> str:
        """The newest definition, or the older one with this fault."""
        steps = [copy.deepcopy(step) for step in self.steps if not (fault and step["Name"] == self.added)]
        for step in every_step(steps):
            if step["Type"] == "Model":
                missing = {"ModelDataUrl": "s3://no-such-bucket-m10-2/model.tar.gz"} if step["Name"] == fault else {}
                step["Arguments"]["PrimaryContainer"] |= {"Image": IMAGE} | missing
                step["Arguments"]["ExecutionRoleArn"] = role
        parameters = [
            {"Name": name, "Type": "String", "DefaultValue": before if fault else newest}
            for name, (before, _, newest) in self.values.items()
        ]
        text = json.dumps({"Version": "2020-12-01", "Parameters": parameters, "PipelineExperimentConfig": None, "Steps": steps})
        return text.replace(*self.renamed) if fault and any(self.renamed) else text


@dataclass(frozen=True)
class Found:
    """What is wrong with one execution, by part: ``""`` for nothing, None if it could not be judged."""

    rest: str | None = None
    paid: str | None = None
    parameters: str | None = None
    starts: bool = True  # whether the function may start executions: false if it returned something else
    raised: bool = False


@dataclass
class There:
    """The pipeline of a case in the learner's AWS."""

    sagemaker: Any
    name: str
    role: str
    case: Case
    known: set[str] = field(default_factory=set)  # the executions that the check has started

    def start(self, values: dict[str, str], source: str = "") -> Run:
        """Start an execution, with the case's selected steps if there is a source, and wait until it has ended."""
        steps = [{"StepName": name} for name in self.case.selected]
        selective = {"SelectiveExecutionConfig": {"SourcePipelineExecutionArn": source, "SelectedSteps": steps}} if source else {}
        given = [{"Name": name, "Value": value} for name, value in values.items()]
        started = self.sagemaker.start_pipeline_execution(PipelineName=self.name, PipelineParameters=given, **selective)
        self.known.add(started["PipelineExecutionArn"])
        return awaited(self.sagemaker, started["PipelineExecutionArn"])

    def fail(self) -> Run:
        """Let an execution fail, and a newer one with other parameters; then the pipeline gets its newest definition."""
        first, *more = self.case.faults
        request = {"PipelineName": self.name, "RoleArn": self.role}
        self.sagemaker.create_pipeline(**request, PipelineDefinition=self.case.definition(first, self.role))
        # The value of the first parameter is given, the second has its default.
        given = {name: value for name, (before, value, _) in self.case.values.items() if value != before}
        failed = self.start(given)
        for fault in more:
            self.sagemaker.update_pipeline(**request, PipelineDefinition=self.case.definition(fault, self.role))
            failed = self.start(given, failed.arn)
        self.start({name: f"{value}0" for name, (_, value, _) in self.case.values.items()})
        self.sagemaker.update_pipeline(**request, PipelineDefinition=self.case.definition("", self.role))
        return failed

    def executions(self) -> set[str]:
        listed = self.sagemaker.list_pipeline_executions(PipelineName=self.name, MaxResults=100)
        return {each["PipelineExecutionArn"] for each in listed["PipelineExecutionSummaries"]}

    def parameters(self, arn: str) -> dict[str, str]:
        listed = self.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn, MaxResults=100)
        return {each["Name"]: each["Value"] for each in listed["PipelineParameters"]}


@contextlib.contextmanager
def there(answer: Answer, name: str, case: Case) -> Iterator[There]:
    """The pipeline of a case. It is deleted afterwards, with the models of all its executions."""
    sagemaker, executions = answer.client("sagemaker"), set()
    role = sagemaker_role(answer.client("iam"))
    place = There(sagemaker, name, role, case)
    try:
        with pipeline_deleted(answer, name):
            try:
                yield place
            finally:
                with contextlib.suppress(ClientError):  # an error while it was created
                    executions |= place.executions()
    finally:
        for arn in executions:
            for model in sagemaker.list_models(NameContains=f"pipelines-{arn.rpartition('/')[2]}", MaxResults=100)["Models"]:
                sagemaker.delete_model(ModelName=model["ModelName"])


def judge_finish(answer: Answer, report: Report, name: str, cases: Sequence[Case]) -> None:
    """Let the executions of the cases fail, ask the learner's function to finish them, and look at what ran.

    Whether a step was paid twice is judged only where the rest has run: an execution of nothing would cost nothing.
    """
    found = []
    for number, case in enumerate(cases):
        with there(answer, f"{name}-{number}", case) as place:
            found.append(_finished(answer, place, place.fail()))
        if not found[-1].starts:
            break
    rest, paid, parameters = (_first(getattr(each, part) for each in found) for part in ("rest", "paid", "parameters"))
    if raised := sum(each.raised for each in found):
        said = f"`finish` raised an error for {raised} of {len(found)} executions, so this cannot be judged for all."
        paid, parameters = (said if text == "" else text for text in (paid, parameters))
    if rest is not None:
        report.part("rest", not rest, rest or "All steps ran that had to run.")
    if paid is not None:
        report.part("paid", not paid, paid or "No step ran again.")
    if parameters is not None:
        report.part("parameters", not parameters, parameters or "The parameters are those of the failed execution.")


def _first(texts: Iterator[str | None]) -> str | None:
    """The first text that says that something is wrong, else ``""`` if anything was judged."""
    judged = [text for text in texts if text is not None]
    return next(filter(None, judged), "") if judged else None


def _finished(answer: Answer, place: There, failed: Run) -> Found:
    case, called = place.case, f"`finish(failed)`, where {_story(place.case, failed)},"
    try:
        got = answer.call("finish", failed.arn)
    except AnswerError as error:
        if error.unanswered:
            raise
        return Found(rest=f"Where {_story(case, failed)}: {error} {case.idea}", raised=True)
    new = place.executions() - place.known
    if got == failed.arn:
        said = f"{called} returned the ARN of the failed execution, not of a new one. A retry runs the old definition."
        return Found(rest=said, starts=False)
    if got not in new:
        return Found(rest=f"{called} returned {got!r}: expected the ARN of a new execution of the same pipeline.", starts=False)
    if len(new) > 1:
        return Found(rest=f"{called} started {len(new)} executions: expected one.")
    run = awaited(place.sagemaker, got)
    parameters = _parameters(place, failed, run)
    if parameters and case.chooses:  # other parameters, other steps
        return Found(parameters=f"{called} {parameters}")
    rest = _rest(place, failed, run)
    paid = None if rest else _paid(case, failed, run)
    return Found(*(said and f"{called} {said}" for said in (rest, paid, parameters)))


def _ran(run: Run) -> list[str]:
    """The steps that an execution ran itself."""
    return [name for name, step in run.steps.items() if "SelectiveExecutionResult" not in step]


def _parameters(place: There, failed: Run, run: Run) -> str:
    new, expected = place.parameters(run.arn), place.parameters(failed.arn)
    other = [name for name in expected if new.get(name) != expected[name]]
    if not other:
        return ""
    newest = all(new.get(name) == place.case.values[name][2] for name in other)
    why = "the default of the newest definition" if newest else "not the value of the failed execution"
    return f"started an execution whose parameter {' and '.join(f'{name} has {new.get(name)!r}' for name in other)}: {why}."


def _rest(place: There, failed: Run, run: Run) -> str:
    """What is wrong with an execution, but for steps that should not have run."""
    described, newest = place.sagemaker.describe_pipeline_execution(PipelineExecutionArn=run.arn), len(place.case.faults) + 1
    if (version := described["PipelineVersionId"]) != newest:
        return f"started version {version} of the definition: the newest is {newest}."
    results = [step["SelectiveExecutionResult"] for step in run.steps.values() if "SelectiveExecutionResult" in step]
    if other := {result["SourcePipelineExecutionArn"] for result in results} - {failed.arn}:
        return f"started an execution with results of {other.pop()}: expected those of the failed execution."
    if run.status != "Succeeded":
        return f"started an execution that ended {run.status}: {run.failures or 'no step failed'}."
    missing = [step["Name"] for step in every_step(place.case.steps) if step["Name"] in place.case.runs - set(_ran(run))]
    return f"started an execution in which {' and '.join(missing)} did not run. {place.case.idea}" if missing else ""


def _paid(case: Case, failed: Run, run: Run) -> str:
    """Which steps should not have run."""
    again = [name for name in _ran(run) if name not in case.runs]
    if not again:
        return ""
    had = "had succeeded" if again[0] in failed.steps else "was not selected in the failed execution"
    return f"started an execution in which {' and '.join(again)} ran: {again[0]} {had}. {case.idea}"


def _story(case: Case, failed: Run) -> str:
    """What the learner has to know of a case: the steps, and how each ended in the failed execution."""
    return _states(case, failed, case.steps)


def _states(case: Case, failed: Run, steps: Sequence[dict]) -> str:
    states = []
    for step in steps:
        branches = [f"{branch}: {_states(case, failed, step['Arguments'][branch])}" for branch in BRANCHES if step["Arguments"].get(branch)]
        states.append(_state(case, failed, step["Name"]) + (f" ({'; '.join(branches)})" if branches else ""))
    return ", ".join(states)


def _state(case: Case, failed: Run, name: str) -> str:
    old = case.renamed[1] if name == case.renamed[0] else name
    step = failed.steps.get(old)
    if name == case.added:
        return f"{name} is new"
    if step is None:
        return f"{name} never started" if not case.selected or name in case.selected else f"{name} was not selected"
    if "SelectiveExecutionResult" in step:
        return f"{name} was taken from an earlier execution"
    outcome = step.get("Metadata", {}).get("Condition", {}).get("Outcome")
    ended = f"{step['StepStatus'].lower()}{f' with {outcome}' if outcome else ''}"
    return f"{old} {ended}{f' and is now {name}' if old != name else ''}"


# ---- cases ---------------------------------------------------------------------------------------------------------------------------


def every_step(steps: Sequence[dict]) -> Iterator[dict]:
    """The steps, and those in the branches of Condition steps."""
    for step in steps:
        yield step
        for branch in BRANCHES:
            yield from every_step(step["Arguments"].get(branch, []))


def step(name: str, *needs: str) -> dict:
    """A Model step. It refers to the model of the first step that it needs, and depends on the others without any reference."""
    environment = {parameter: {"Get": f"Parameters.{parameter}"} for parameter in PARAMETERS}
    if needs:
        environment["Before"] = {"Get": f"Steps.{needs[0]}.ModelName"}
    more = {"DependsOn": list(needs[1:])} if needs[1:] else {}
    return {"Name": name, "Type": "Model", "Arguments": {"PrimaryContainer": {"Environment": environment}}} | more


def chain(*names: str, after: Sequence[str] = ()) -> list[dict]:
    """Steps one after the other."""
    return [step(name, *before) for name, before in zip(names, [after, *([name] for name in names)], strict=False)]


def condition(name: str, need: str, value: str, **branches: list[dict]) -> dict:
    """A Condition step that takes the branch ``IfSteps`` if the first parameter has this value."""
    equal = {"Type": "Equals", "LeftValue": {"Get": f"Parameters.{PARAMETERS[0]}"}, "RightValue": value}
    return {"Name": name, "Type": "Condition", "DependsOn": [need], "Arguments": {"Conditions": [equal], **branches}}


def drawn_values(rng: random.Random) -> dict[str, tuple[str, str, str]]:
    """Values of the parameters: the first is given to the failed execution, the second has the default of its definition."""
    (one, two, three), (rounds, newest) = rng.sample(range(1, 13), 3), rng.sample(range(10, 100), 2)
    return {"Month": (str(one), str(two), str(three)), "Rounds": (str(rounds), str(rounds), str(newest))}


def practice_cases(rng: random.Random) -> list[Case]:
    """A chain, a diamond with a new step, a branch that broke, and an execution that had selected steps itself."""
    a, b, c, d, e, f = rng.sample(WORDS, 6)
    first = Case(LEFT, chain(a, b, c, d), (b,), {b, c, d}, drawn_values(rng))
    # The last step is first in the definition. `b` has started before `d` fails, for `c` comes between.
    steps = [step(f, e), step(e, b, d), step(d, c), step(c, a), step(b, a), step(a)]
    second = Case(NEWEST, steps, (d,), {d, e, f}, drawn_values(rng), added=f)
    values, (g, h, i) = drawn_values(rng), rng.sample([word for word in WORDS if word not in (a, b, c, d, e, f)], 3)
    branches = {"IfSteps": chain(g, h), "ElseSteps": chain(c, d, e, after=[a])}
    third = Case(
        TAKEN,
        [step(a), condition(i, a, values["Month"][2], **branches)],
        (d,),
        {d, e},
        values,
        chooses=True,
    )
    fourth = Case(
        SELECTED,
        chain(a, b, c, d, e),
        (c, d),
        {d, e},
        drawn_values(rng),
        selected=(c, d, e),
    )
    return [first, second, third, fourth]
