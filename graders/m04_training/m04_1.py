"""m04_1: the built-in XGBoost as a training job."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from botocore.exceptions import ClientError, ParamValidationError

from course.grading import Answer, Exercise, Function, Report
from course.grading.exercise.members import member_at
from course.grading.jobs import ended, started_or_requested, stop

from .m04_1_cases import (
    CONTENT_TYPES,
    MODES,
    PRACTICE_CHANNELS,
    PRACTICE_COSTS,
    PRACTICE_CURVES,
    VERDICTS,
    mistakes,
    practice_month,
)

PRACTICE_REGRET = 0.08  # of 60 learners' months: the best in steps of 0.05 has at most 0.067, the textbook's threshold at least 0.104

ex1 = Exercise(
    id="m04_1_ex1",
    title="Ask for a training job with two channels",
    section="A job with two channels",
    parts={"request": 1, "channels": 1, "job": 1},
    evidence={"training_request": Function("training_request(name: str, train: str, validation: str, rounds: int) -> dict | None")},
    skills={"C01": ["2.2.S1"], "C02": ["2.2.1"]},
    topics=["train.builtin", "train.channels"],
    seconds=90,
    hints=(
        "Both jobs above have one channel. What changes for two?",
        "With the SDK a channel is an `InputData`, with boto3 an entry of `InputDataConfig`. Each has a name, a content type and a URI. "
        "XGBoost knows two channel names.",
        'For AUC on validation data: `"eval_metric": "auc"` and a channel called `"validation"`. The SDK takes `base_job_name=name` and '
        '`"num_round": rounds`; in a request hyperparameters are text: `str(rounds)`.',
    ),
)

ex2 = Exercise(
    id="m04_1_ex2",
    title="Write the rule that chooses a channel's input",
    section="How data gets in",
    pattern=1,
    parts={"practice": 0.25, "unseen": 1.75},
    evidence={"choose_input": Function("choose_input(channel: dict) -> dict")},
    skills={"C01": ["1.1.K1", "1.3.S4"], "C02": ["1.1.1"]},
    topics=["train.channels"],
    seconds=5,
    hints=(
        "Ask the questions of the table from top to bottom; the first that is answered decides.",
        "Only data that is read in order, from files, and is not small needs `gigabytes` compared with `disk`, and `passes`.",
        "A dictionary from `format` to content type, and four ifs for the mode: pipe, random, small, then fit and passes.",
    ),
)

ex3 = Exercise(
    id="m04_1_ex3",
    title="Read training curves",
    section="What a job says while it learns",
    pattern=1,
    parts={"practice": 0.5, "verdict": 1.5, "rounds": 1},
    evidence={"read_curve": Function("read_curve(curve: dict) -> dict")},
    skills={"C01": ["2.3.K3", "2.3.K5"], "C02": ["2.3.5", "2.2.5"]},
    topics=["train.metrics"],
    seconds=10,
    hints=(
        "Look at the validation list first: how high it is, how much it jumps, where its best value lies, how it ends.",
        "Jumps: the mean absolute difference of neighbours. Overfitting: the best value against the mean of the last five. "
        "Learning: the mean of the last five against the mean of those a fifth of the rounds earlier.",
        "Ask in this order: too good (above 0.95), jumps (neighbours differ by more than 0.005 on average), "
        "overfits (ended more than 0.01 below its best), still learning (gained more than 0.005 in the last fifth), else settled.",
    ),
)

ex4 = Exercise(
    id="m04_1_ex4",
    title="Set the threshold that costs least",
    section="From a probability to a warning",
    pattern=6,
    parts={"practice": 0.25, "regret": 1.75},
    evidence={
        "warning_threshold": Function(
            "warning_threshold(probabilities: list, late: list, missed: float, false_alarm: float) -> float", digits=2
        )
    },
    skills={"C01": ["2.3.K1", "2.3.S1"], "C02": ["2.3.6"]},
    topics=["train.metrics"],
    seconds=60,
    hints=(
        "You have last month's probabilities and what became of those flights. What would each threshold have cost?",
        "Try thresholds from 0 to 1 in steps of 0.01; a warning is given when the probability is at least the threshold.",
        "cost(t) = missed x (late and below t) + false_alarm x (not late and at or above t), summed; return the t with the least.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    run_request(answer, report, {"train": 60, "validation": 40}, 12)


def run_request(answer: Answer, report: Report, rows: dict[str, int], rounds: int) -> None:
    """Run a job from the learner's request, or wait for the one that it started, on so many rows in each channel."""
    s3, sagemaker = answer.client("s3"), answer.client("sagemaker")
    bucket, name = s3.list_buckets()["Buckets"][0]["Name"], f"check-m04-1-{answer.token()}"
    keys = {channel: f"{name}/{channel}/data.csv" for channel in rows}
    for channel, key in keys.items():
        points = ((answer.rng.random(), answer.rng.random()) for _ in range(rows[channel]))
        s3.put_object(Bucket=bucket, Key=key, Body="\n".join(f"{int(x + y > 1)},{x:.3f},{y:.3f}" for x, y in points).encode())
    try:
        uris = {channel: f"s3://{bucket}/{key}" for channel, key in keys.items()}
        report.doing("runs a training job from your request")
        arguments = (name, uris["train"], uris["validation"], rounds)
        job, request = started_or_requested(answer, "training_request", arguments, lambda: started(sagemaker, name), "TrainingJobStatus")
        if job is None and request is None:
            said = (
                f"`training_request(...)` returned None, and no job has a name that begins with {name!r}. It starts such a job, or returns"
            )
            report.part("request", False, f"{said} a request. Without `base_job_name=name` the SDK chooses a name of its own.")
        elif check_request(report, job or request, job["TrainingJobName"] if job else name, uris, rounds):
            _check_job(report, sagemaker, job or request, runs=job is not None)
    finally:
        if job := started(sagemaker, name):
            stop(sagemaker, "training", job["TrainingJobName"])
        for key in keys.values():
            s3.delete_object(Bucket=bucket, Key=key)


def started(sagemaker: Any, name: str) -> dict[str, Any] | None:
    """The description of the job whose name begins with ``name``: the SDK adds the time to it."""
    jobs = sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]
    return sagemaker.describe_training_job(TrainingJobName=jobs[0]["TrainingJobName"]) if jobs else None


def _check_job(report: Report, sagemaker: Any, request: dict, runs: bool) -> None:
    try:
        if not runs:
            sagemaker.create_training_job(**request)
    except (ClientError, ParamValidationError) as error:
        report.part("job", False, f"The request was not accepted: {error}")
        return
    job = ended(sagemaker, "training", request["TrainingJobName"])
    status, reason = job["TrainingJobStatus"], job.get("FailureReason", "no reason given")
    if not report.part("job", status == "Completed", f"A job from your request ended {status}: {reason}"):
        return
    metrics = [metric["MetricName"] for metric in job.get("FinalMetricDataList", [])]
    report.part("job", "validation:auc" in metrics, f"The job reports {metrics}; expected the AUC on the validation channel among them.")


def check_request(report: Report, request: dict, name: str, uris: dict[str, str], rounds: int) -> bool:
    """Whether the request is sound, found part by part."""
    wanted = {"TrainingJobName", "RoleArn", "AlgorithmSpecification", "HyperParameters", "InputDataConfig", "OutputDataConfig"}
    wanted |= {"ResourceConfig", "StoppingCondition"}
    if missing := sorted(wanted - request.keys()):
        said = f"`training_request(...)` returned a request without {', '.join(missing)}; a training job needs them."
        return report.part("request", False, said)
    for member, kind in {"HyperParameters": dict, "InputDataConfig": list}.items():
        said = f"`{member}` is of type {type(request[member]).__name__}; expected a {kind.__name__}."
        if not report.part("request", isinstance(request[member], kind), said):
            return False
    said = f"The job's name is {request['TrainingJobName']!r}; expected the `name` given."
    if not report.part("request", request["TrainingJobName"] == name, said):
        return False
    return _check_parameters(report, request["HyperParameters"], rounds) and _check_channels(report, request["InputDataConfig"], uris)


def _check_parameters(report: Report, parameters: dict, rounds: int) -> bool:
    if numbers := [key for key, value in parameters.items() if not isinstance(value, str)]:
        kind = type(parameters[numbers[0]]).__name__
        return report.part("request", False, f"Hyperparameter {numbers[0]!r} is of type {kind}; the API takes text alone.")
    said = f"With `rounds={rounds}`, `num_round` is {parameters.get('num_round')!r}; expected the number of rounds asked for."
    if not report.part("request", parameters.get("num_round") == str(rounds), said):
        return False
    if early := parameters.get("early_stopping_rounds"):
        said = f"`early_stopping_rounds` is {early!r}: the job may end before `num_round`; expected a job of all the rounds asked for."
        return report.part("request", False, said)
    metric = parameters.get("eval_metric")
    return report.part("request", "auc" in (metric or ""), f"`eval_metric` is {metric!r}; expected the metric that the exercise asks for.")


def _check_channels(report: Report, given: list[dict], uris: dict[str, str]) -> bool:
    if not report.part(
        "channels", all(isinstance(one, dict) for one in given), "`InputDataConfig` is a list of dictionaries, one a channel."
    ):
        return False
    names = [channel.get("ChannelName") for channel in given]
    if not report.part(
        "channels",
        sorted(map(str, names)) == sorted(uris),
        f"The channels are called {names}; expected the two names that XGBoost looks for.",
    ):
        return False
    for channel in given:
        uri = member_at(channel, "DataSource", "S3DataSource", "S3Uri")
        if uri != uris[channel["ChannelName"]]:
            said = f"Channel {channel['ChannelName']!r} reads {uri!r} by its S3DataSource: that is not the data given for it."
            report.part("channels", False, said)
            return False
        if not channel.get("ContentType"):
            report.part(
                "channels", False, f"Channel {channel['ChannelName']!r} has no ContentType: XGBoost would take the file for LIBSVM."
            )
            return False
        if str(channel["ContentType"]).split(";")[0] not in ("text/csv", "csv"):
            report.part(
                "channels",
                False,
                f"Channel {channel['ChannelName']!r} says {channel['ContentType']!r}; expected the type of comma-separated values.",
            )
            return False
    return report.part("channels", True, "Both channels are there.")


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for channel, mode, content_type, question in PRACTICE_CHANNELS:
        got = check_input(answer, report, channel, "practice")
        if got is None:
            return
        faults = [question] if got["mode"] != mode else []
        if got["content_type"] != content_type:
            faults.append("what does `format` say, and what is its row in the table?")
        if faults:
            said = f"`choose_input({channel})` returned {got}, which does not suit it: {' And: '.join(faults)}"
            report.part("practice", False, said)
            return
    report.part("practice", True, "Eight channels.")


def check_input(answer: Answer, report: Report, channel: dict, part: str) -> dict | None:
    """The learner's choice for a channel; reports the part and returns None when it is not one."""
    got = answer.call("choose_input", channel)
    if set(got) != {"mode", "content_type"}:
        fault = "expected the keys 'mode' and 'content_type'"
    elif got["mode"] not in MODES:
        fault = "expected one of the three input modes"
    elif got["content_type"] not in CONTENT_TYPES:
        fault = "expected a content type of the table"
    else:
        return got
    report.part(part, False, f"`choose_input(...)` returned {got!r}; {fault}.")
    return None


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    for validation, verdict, rounds, question in PRACTICE_CURVES:
        got = read(answer, report, {"train": rising(validation), "validation": validation}, "practice")
        if got is None:
            return
        said = (
            f"For a run of {len(validation)} rounds whose validation AUC begins at {validation[0]:.2f}, is {max(validation):.2f} at best "
        )
        said += f"and {validation[-1]:.2f} at the end, `read_curve(...)` returned {got}."
        if got["verdict"] == "too good" and verdict != "too good":
            report.part("practice", False, f"{said} Only the validation curve tells whether a run is too good: how high is it at best?")
            return
        wrong = [name for name, right in (("verdict", verdict), ("rounds", rounds)) if got[name] != right]
        if wrong:
            report.part("practice", False, f"{said} Look again at its {' and '.join(wrong)}: {question}")
            return
    report.part("practice", True, "Seven runs.")


def rising(validation: list[float]) -> list[float]:
    """AUC on the training data of a run, which rises in any case; close to 1 where the other sinks."""
    rise = 0.37 if validation[-1] < max(validation) - 0.01 else 0.3
    return [round(max(value + 0.004, 0.62 + rise * number / len(validation)), 4) for number, value in enumerate(validation)]


def read(answer: Answer, report: Report, run: dict, part: str) -> dict | None:
    """The learner's reading of a curve; reports the part and returns None when it is not one."""
    got, most = answer.call("read_curve", run), len(run["validation"])
    if set(got) != {"verdict", "rounds"}:
        fault = "expected the keys 'verdict' and 'rounds'"
    elif got["verdict"] not in VERDICTS:
        fault = "expected one of the five verdicts"
    elif not isinstance(got["rounds"], int) or not 0 <= got["rounds"] <= most:
        fault = f"expected a whole number of rounds, up to the {most} there were"
    else:
        return got
    report.part(part, False, f"`read_curve(...)` returned {got!r}; {fault}.")
    return None


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    month, cuts = practice_month(answer.rng), []
    for prices in PRACTICE_COSTS:
        cut = threshold(answer, report, *month, *prices, "practice")
        if cut is None:
            return
        cuts.append(cut)
    for cut, prices in zip(cuts, PRACTICE_COSTS, strict=True):
        costs = [np.dot(prices, mistakes(*month, other)) / len(month[0]) for other in (cut, 0, 1.01, *np.linspace(0, 1, 101))]
        said = (
            f"For a practice month, `missed={prices[0]}` and `false_alarm={prices[1]}`, your threshold is {cut:.3g}. On these very flights "
        )
        said += f"it costs {costs[0]:.2f} a flight; to warn always costs {costs[1]:.2f}, never {costs[2]:.2f}, and another threshold less."
        if costs[0] > (1 + PRACTICE_REGRET) * min(costs):
            report.part("practice", False, f"{said} {threshold_hint(PRACTICE_COSTS, cuts)}")
            return
    report.part("practice", True, "Two pairs of costs.")


def threshold(
    answer: Answer, report: Report, probabilities: list, late: list, missed: float, false_alarm: float, part: str
) -> float | None:
    """The learner's threshold; reports the part and returns None when it is not one."""
    got = answer.call("warning_threshold", probabilities, late, missed, false_alarm)
    if 0 <= got <= 1:
        return got
    called = f"`warning_threshold(..., missed={missed}, false_alarm={false_alarm})` returned {got!r}"
    report.part(part, False, f"{called}; expected a probability, from 0 to 1.")
    return None


def threshold_hint(prices: Sequence[tuple[float, float]], cuts: list[float]) -> str:
    """What the thresholds have in common, said as a question to the rule. ``prices`` are pairs of missed, false alarm."""
    textbook = [false_alarm / (missed + false_alarm) for missed, false_alarm in prices]
    if max(cuts) == 0:
        return "Yours warn before every flight: a warning that is always given tells nothing."
    if all(one == other for one, other in pairwise(cuts)):
        return "Yours are the same for all costs: when a miss costs more, when would you warn sooner?"
    if np.corrcoef(textbook, cuts)[0, 1] < 0:
        return "Yours rise as a miss gets dearer: would you warn later, the more it costs not to have warned?"
    if np.allclose(textbook, cuts, atol=0.01):
        return "Yours are those of theory, for probabilities that are true. Are these? What would each threshold have cost last month?"
    return "Yours move with the costs; look at what each threshold would have cost last month, not at how sure the model sounds."
