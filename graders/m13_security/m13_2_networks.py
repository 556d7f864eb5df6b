"""The learner's closed networks, built and run again with the learner's repairs (m13_2_ex2)."""

from __future__ import annotations

from botocore.exceptions import ClientError, ParamValidationError

from course.exercises.closed_networks import JOBS, setups
from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m13_1_repairs import Trial, Wording, form_problem, mended, report_trials
from .m13_1_world import World, document
from .m13_2_network import Network
from .m13_2_openings import opened

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
SAID = 420  # characters of AWS's text, or of a learner's path
WORDS = Wording("job", fixed="folder", places="the network or a policy", parts="parts", longest=SAID)
UNRUN = "user namespaces"  # in the words in which the local AWS refuses a closed network on macOS
WORK = ["s3:*", "secretsmanager:GetSecretValue", "logs:*", "ec2:*"]


def judge_form(answer: Answer, report: Report) -> bool:
    """Whether repairs are such; reports the part ``form``."""
    said = form_problem(answer.value("repairs"), JOBS, WORDS)
    return report.part("form", not said, said or "There is a repair for each job.")


def judge_repairs(answer: Answer, report: Report) -> None:
    """Build each repaired set-up and run its job; reports the parts ``works``, ``closed`` and ``smallest``."""
    broken, repairs = setups(answer.variant()), answer.value("repairs")
    trials, built = {each: Trial() for each in JOBS}, {}
    with World(answer) as world:
        role = world.role("m13-masker", document({"Effect": "Allow", "Action": WORK, "Resource": "*"}))
        for each, trial in trials.items():
            setup = mended(broken[each], repairs[each], trial, WORDS)
            if setup is not None and (network := _started(answer, world, each, setup, role, trial)):
                built[each] = network
        report.doing("waits for the jobs in the three networks")
        for each, network in built.items():
            ended = network.ended(world.named(each))
            trials[each].problem = "" if ended == "Completed" else f"with your change its job ends so: {cut(ended, SAID)}"
    report_trials(report, trials, "All three jobs complete.")


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
