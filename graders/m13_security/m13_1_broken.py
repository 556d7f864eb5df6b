"""The learner's refused calls, built and sent again with the learner's repairs (m13_1_ex3)."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError, ParamValidationError

from course.exercises.broken_access import CALLS, filled, setups
from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m13_1_fences import opened
from .m13_1_repairs import Trial, Wording, form_problem, mended, report_trials
from .m13_1_world import World, document

SAID = 330  # characters of AWS's text, or of a learner's path
WORDS = Wording("call", fixed="object", places="a policy", parts="four policies", longest=SAID)


def judge_form(answer: Answer, report: Report) -> bool:
    """Whether repairs are such; reports the part ``form``."""
    said = form_problem(answer.value("repairs"), CALLS, WORDS)
    return report.part("form", not said, said or "There is a repair for each call.")


def judge_repairs(answer: Answer, report: Report) -> None:
    """Build each repaired set-up and send its call; reports the parts ``works``, ``closed`` and ``smallest``."""
    broken, repairs, trials = setups(answer.variant()), answer.value("repairs"), {each: Trial() for each in CALLS}
    with World(answer) as world:
        for each, trial in trials.items():
            if (setup := mended(broken[each], repairs[each], trial, WORDS)) is not None:
                _try(answer, world, each, setup, trial)
    report_trials(report, trials, "All three calls are allowed.")


def _try(answer: Answer, world: World, each: str, setup: dict, trial: Trial) -> None:
    try:
        trial.opens = _sent(answer, world, each, setup)
    except ClientError as error:
        trial.problem = f"with your change AWS says {cut(error.response['Error']['Message'], SAID)}"
    except (ParamValidationError, TypeError, ValueError) as error:
        trial.problem = f"the changed set-up cannot be built: {cut(str(error), SAID)}"


def _sent(answer: Answer, world: World, each: str, template: dict) -> list[str]:
    """Build a set-up, and write and read its object as its role. Returns what it opens. Raises ClientError when AWS refuses anything."""
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
    return list(opened(answer.client("iam"), setup, words))
