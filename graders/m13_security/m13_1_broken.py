"""The learner's refused calls, built and sent again with the learner's repairs (m13_1_ex3)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from botocore.exceptions import ClientError, ParamValidationError

from course.exercises.broken_access import CALLS, POLICIES, filled, repaired, setups
from course.exercises.repairs import changed
from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m13_1_fences import opened
from .m13_1_world import World, document

SAID = 330  # characters of AWS's text, or of a learner's path


@dataclass
class Trial:
    """A call with its repair: why it does not work, what its policies open, and how many values differ."""

    problem: str = ""
    opens: list[str] = field(default_factory=list)
    count: int = 0


def judge_form(answer: Answer, report: Report) -> bool:
    """Whether repairs are such; reports the part ``form``."""
    repairs, said = answer.value("repairs"), ""
    if set(repairs) != set(CALLS):
        said = f"`repairs` has the keys {sorted(map(str, repairs))}; expected the names of the three calls."
    for each, repair in repairs.items():
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            said = said or f"The repair of {each} is {cut(repr(repair), SAID)}; expected a dict from a path of the set-up to its new value."
    return report.part("form", not said, said or "There is a repair for each call.")


def judge_repairs(answer: Answer, report: Report) -> None:
    """Build each repaired set-up and send its call; reports the parts ``works``, ``closed`` and ``smallest``."""
    broken, repairs = setups(answer.variant()), answer.value("repairs")
    with World(answer) as world:
        trials = {each: _tried(answer, world, each, broken[each], repairs[each]) for each in CALLS}
    failed = [f"{each}: {trial.problem}" for each, trial in trials.items() if trial.problem]
    report.part("works", 1 - len(failed) / len(CALLS), " ".join(failed) or "All three calls are allowed.")
    working = {each: trial for each, trial in trials.items() if not trial.problem}
    open_ = [f"{each}: {', '.join(trial.opens[:2])}." for each, trial in working.items() if trial.opens]
    counts = {each: trial.count for each, trial in working.items() if trial.count > 1}
    large = [f"The repair of {each} changes {count} values: more than the fault." for each, count in counts.items()]
    unfound = [f"{each} does not work yet." for each, trial in trials.items() if trial.problem]
    report.part("closed", (len(working) - len(open_)) / len(CALLS), " ".join([*open_, *unfound]) or "Nothing else is open.")
    report.part("smallest", (len(working) - len(large)) / len(CALLS), " ".join([*large, *unfound]) or "Each repair is one value.")


def _tried(answer: Answer, world: World, each: str, broken: dict, repair: dict) -> Trial:
    try:
        setup = repaired(broken, repair)
        differing = changed(broken, setup)
        if not all(isinstance(setup.get(name), dict) for name in POLICIES):
            return Trial("the changed set-up lacks one of its four policies.")
    except KeyError as error:
        return Trial(f"its set-up has no such path: {cut(', '.join(repair), SAID)}. Nothing is called {error} there.")
    except (TypeError, AttributeError):
        return Trial(f"its set-up has no such path: {cut(', '.join(repair), SAID)}.")
    if not differing:
        return Trial("your change leaves the set-up as it is: it has these values.")
    if setup.get("object") != broken["object"]:
        return Trial("your change is about another object; change a policy.")
    try:
        return _sent(answer, world, each, setup, len(differing))
    except ClientError as error:
        return Trial(f"with your change AWS says {cut(error.response['Error']['Message'], SAID)}")
    except (ParamValidationError, TypeError, ValueError) as error:
        return Trial(f"the changed set-up cannot be built: {cut(str(error), SAID)}")


def _sent(answer: Answer, world: World, each: str, template: dict, count: int) -> Trial:
    """Build a set-up, and write and read its object as its role. Raises ClientError when AWS refuses anything."""
    role, colleague = (world.role(f"m13-{name}-{each}", document(*template["identity"]["Statement"])) for name in ("nightly", "colleague"))
    words = {"account": world.account, "region": world.region, "role": role, "colleague": colleague, "bucket": world.bucket(f"m13-{each}")}
    words["key"] = world.key()
    setup = filled(template, words)
    world.limit(role, json.dumps(setup["boundary"]))
    answer.client("kms").put_key_policy(KeyId=words["key"], PolicyName="default", Policy=json.dumps(setup["key"]))
    answer.client("s3").put_bucket_policy(Bucket=words["bucket"], Policy=json.dumps(setup["bucket"]))
    s3, place = world.session(role)("s3"), {"Bucket": words["bucket"], "Key": setup["object"]}
    s3.put_object(**place, Body=b"late\n", ServerSideEncryption="aws:kms", SSEKMSKeyId=words["key"])
    s3.get_object(**place)["Body"].read()
    return Trial(opens=opened(answer.client("iam"), setup, words), count=count)
