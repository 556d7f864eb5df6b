"""The learner's closed networks, built and run again with the learner's repairs (m13_2_ex2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from botocore.exceptions import ClientError, ParamValidationError

from course.exercises.closed_networks import JOBS, repaired, setups
from course.exercises.repairs import changed
from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m13_1_world import World, document
from .m13_2_network import Network
from .m13_2_openings import opened

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
SAID = 420  # characters of AWS's text, or of a learner's path
UNRUN = "user namespaces"  # in the words in which the local AWS refuses a closed network on macOS
WORK = ["s3:*", "secretsmanager:GetSecretValue", "logs:*", "ec2:*"]


@dataclass
class Trial:
    """A job with its repair: why it does not work, what its network opens, and how many values differ."""

    problem: str = ""
    opens: list[str] = field(default_factory=list)
    count: int = 0


def judge_form(answer: Answer, report: Report) -> bool:
    """Whether repairs are such; reports the part ``form``."""
    repairs, said = answer.value("repairs"), ""
    if set(repairs) != set(JOBS):
        said = f"`repairs` has the keys {sorted(map(str, repairs))}; expected the names of the three jobs."
    for each, repair in repairs.items():
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            said = said or f"The repair of {each} is {cut(repr(repair), SAID)}; expected a dict from a path of the set-up to its new value."
    return report.part("form", not said, said or "There is a repair for each job.")


def judge_repairs(answer: Answer, report: Report) -> None:
    """Build each repaired set-up and run its job; reports the parts ``works``, ``closed`` and ``smallest``."""
    broken, repairs = setups(answer.variant()), answer.value("repairs")
    trials, built = {each: Trial() for each in JOBS}, {}
    changes = {each: _changed(broken[each], repairs[each], trials[each]) for each in JOBS}
    with World(answer) as world:
        role = world.role("m13-masker", document({"Effect": "Allow", "Action": WORK, "Resource": "*"}))
        for each, setup in changes.items():
            if setup is not None and (network := _started(answer, world, each, setup, role, trials[each])):
                built[each] = network
        report.doing("waits for the jobs in the three networks")
        for each, network in built.items():
            ended = network.ended(world.named(each))
            trials[each].problem = "" if ended == "Completed" else f"with your change its job ends so: {cut(ended, SAID)}"
    _report(report, trials)


def _changed(broken: dict, repair: dict, trial: Trial) -> dict | None:
    """The changed set-up; None if there is a problem, which the trial then has."""
    try:
        setup = repaired(broken, repair)
        differing = changed(broken, setup)
    except KeyError as error:
        trial.problem = f"its set-up has no such path: {cut(', '.join(repair), SAID)}. Nothing is called {error} there."
        return None
    except (TypeError, AttributeError):
        trial.problem = f"its set-up has no such path: {cut(', '.join(repair), SAID)}."
        return None
    if not differing:
        trial.problem = "your change leaves the set-up as it is: it has these values."
    elif setup.get("folder") != broken["folder"]:
        trial.problem = "your change is about another folder; change the network or a policy."
    elif {name: type(value) for name, value in setup.items()} != {name: type(value) for name, value in broken.items()}:
        trial.problem = "the changed set-up lacks one of its parts."
    trial.count = len(differing)
    return None if trial.problem else setup


def _started(answer: Answer, world: World, each: str, setup: dict, role: str, trial: Trial) -> Network | None:
    """A network in which the job has been started; None if it cannot be."""
    try:
        network = world.enter_context(Network(answer.client, lambda name: world.named(f"{name}-{each}"), setup))
        trial.opens = opened(answer, network.setup, network.words)
        network.start(world.named(each), role, IMAGE)
    except ClientError as error:
        said = error.response["Error"]["Message"]
        trial.problem = "" if UNRUN in said else f"with your change AWS says {cut(said, SAID)}"
        return None
    except (ParamValidationError, AttributeError, TypeError, ValueError, KeyError) as error:
        trial.problem = f"the changed set-up cannot be built: {cut(str(error), SAID)}"
        return None
    return network


def _report(report: Report, trials: dict[str, Trial]) -> None:
    failed = [f"{each}: {trial.problem}" for each, trial in trials.items() if trial.problem]
    report.part("works", 1 - len(failed) / len(JOBS), " ".join(failed) or "All three jobs complete.")
    working = {each: trial for each, trial in trials.items() if not trial.problem}
    open_ = [f"{each}: {', '.join(trial.opens[:2])}." for each, trial in working.items() if trial.opens]
    large = [
        f"The repair of {each} changes {trial.count} values: more than the fault." for each, trial in working.items() if trial.count > 1
    ]
    unfound = [f"{each} does not work yet." for each, trial in trials.items() if trial.problem]
    report.part("closed", (len(working) - len(open_)) / len(JOBS), " ".join([*open_, *unfound]) or "Nothing else is open.")
    report.part("smallest", (len(working) - len(large)) / len(JOBS), " ".join([*large, *unfound]) or "Each repair is one value.")
