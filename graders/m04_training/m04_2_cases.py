"""Faults, failed jobs and requests to judge answers by. The generators are no secret; the seed of the graded cases is."""

import copy
import random

ACTIONS = ("mend the request", "mend the data", "more memory", "more time", "send again", "leave")
ACTION_QUESTIONS = {  # for those who chose another action
    "mend the request": "what is the last exception of its log about?",
    "mend the data": "what is the last exception of its log about?",
    "more memory": "what does its reason end in?",
    "more time": "which of the two statuses says why it was stopped?",
    "send again": "what does its reason begin with?",
    "leave": "which of the two statuses says why it was stopped?",
}
REASON = 1024  # longest FailureReason, in characters: botocore's model of DescribeTrainingJob


REQUEST_ERRORS = (
    "UserError: Hyperparameter eta: {number} is not in [0, 1]",
    "UserError: Hyperparameter max_depth: could not parse value (caused by ValueError)",
    "UserError: Extraneous channel found: valid{number}",
    "UserError: application/x-table{number} is not an accepted ContentType: csv, libsvm, parquet.",
    "UserError: Missing required hyperparameter: num_round",
    "UserError: Extraneous hyperparameter found: depth{number}",
    "sagemaker_algorithm_toolkit.exceptions.UserError: Metric 'auc' can only be applied for classification and ranking problems.",
    "sagemaker_algorithm_toolkit.exceptions.UserError: First line '0,2,{number},2,11...' of file 'part-0.csv' is not 'LIBSVM' format.",
)
DATA_ERRORS = (
    "UserError: part-{number}.csv, line 1: 'late,weekday,hour,origin...' is not all numbers.",
    "UserError: part-{number}.csv, line {number} has 11 columns, line 1 has 12",
    "XGBoostError: label must be in [0,1] for logistic regression, found {number}",
    "xgboost.core.XGBoostError: Number of columns does not match number of features in booster ({number} vs. 11)",
    "ValueError: could not convert string to float: 'gate {number}'",
)
FRAME = '  File "/miniconda3/lib/python3.10/site-packages/sagemaker_xgboost_container/step_{number}.py", line {number}, in step'


def failed(rng: random.Random, action: str, text: str = "") -> tuple[dict, list[str], str]:
    """A job that needs ``action``: description, log lines, and the line that names the cause (``""`` when none does).

    ``text`` is the exception that the job failed of, one of `REQUEST_ERRORS` or `DATA_ERRORS`; drawn when it is not given.
    """
    description = {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "BillableTimeInSeconds": rng.randint(20, 3_000)}
    log = _noise(rng)
    if action in ("mend the request", "mend the data"):
        other, own = (REQUEST_ERRORS, DATA_ERRORS) if action == "mend the data" else (DATA_ERRORS, REQUEST_ERRORS)
        exceptions = [one.format(number=rng.randint(13, 999)) for one in (rng.choice(other), text or rng.choice(own))]
        return _algorithm_error(rng, description, log, exceptions, rng.choice([1, 9]))
    if action == "more memory":
        return description | {"FailureReason": "AlgorithmError: , exit code: 137"}, log, ""
    if action == "send again":
        reasons = (
            "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.",
            "InternalServerError: We encountered an internal error. Please try again.",
        )
        return (
            description | {"FailureReason": rng.choice(reasons), "BillableTimeInSeconds": rng.randint(0, 9)},
            log[: rng.choice([0, 2])],
            "",
        )
    ended = "MaxRuntimeExceeded" if action == "more time" else "Stopped"
    return description | {"TrainingJobStatus": "Stopped", "SecondaryStatus": ended}, log, ""


def _noise(rng: random.Random) -> list[str]:
    lines = [
        "[2026-11-24:06:00:00:INFO] Running XGBoost Sagemaker in algorithm mode",
        f"[2026-11-24:06:00:{rng.randint(10, 59)}:INFO] Train matrix has {rng.randint(1_000, 90_000)} rows and 11 columns",
        "[2026-11-24:06:01:00:WARNING] Hyperparameter nthread is ignored by this container",
        f"[2026-11-24:06:01:01:WARNING] part-{rng.randint(0, 99)}.csv: rows of another number of columns would be refused",
    ]
    return lines[:2] + rng.sample(lines[2:], rng.randint(0, 2))


def _algorithm_error(
    rng: random.Random, description: dict, log: list[str], exceptions: list[str], count: int
) -> tuple[dict, list[str], str]:
    """Exceptions of which each was raised while the one before was handled. ``count`` frames: many push the message out of the reason."""
    frames = [FRAME.format(number=rng.randint(10, 400)) for _ in range(count)]
    trace = []
    for number, exception in enumerate(exceptions):
        trace += ["During handling of the above exception, another exception occurred:"] * (number > 0)
        trace += ["Traceback (most recent call last):", *frames, exception]
    reason = ("AlgorithmError: framework error: \n" + "\n".join(trace))[: REASON - 14] + ", exit code: 1"
    lines = [*log, "Reporting training FAILURE", "framework error: ", *trace, "Encountered exit_code 1"]
    return description | {"FailureReason": reason}, lines, exceptions[-1]


def practice_jobs(rng: random.Random) -> list[tuple[str, dict, list[str], str]]:
    """An action, a job that needs it, its log, and the line of its exception: one for each way that the text draws."""
    jobs = [(action, *failed(rng, action)) for action in ACTIONS if not action.startswith("mend")]
    warned = [
        "[2026-11-24:06:01:00:WARNING] Hyperparameter nthread is ignored by this container",
        "[2026-11-24:06:01:01:WARNING] part-7.csv: rows of another number of columns would be refused",
    ]
    number = "ValueError: part-7.csv, line 7: '7,seven...' is not all numbers."
    for action, frames, *exceptions in (
        ("mend the data", 1, "ValueError: no numbers in part-7.csv"),
        ("mend the request", 9, number, REQUEST_ERRORS[0].format(number=7)),
        ("mend the data", 1, REQUEST_ERRORS[5].format(number=7), number),
        ("mend the request", 1, number, REQUEST_ERRORS[-2]),
        ("mend the request", 1, number, REQUEST_ERRORS[-1].format(number=7)),
    ):
        description = {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "BillableTimeInSeconds": 77}
        jobs.append((action, *_algorithm_error(rng, description, warned, exceptions, frames)))
    return jobs


def failures(rng: random.Random) -> list[tuple[str, dict, list[str], str]]:
    """Forty jobs: five for each action, and ten more that only the last exception of their logs tells apart; each text occurs."""
    cases = [(action, *failed(rng, action)) for action in ACTIONS if not action.startswith("mend") for _ in range(5)]
    for action, texts in (("mend the request", REQUEST_ERRORS), ("mend the data", DATA_ERRORS)):
        cases += [(action, *failed(rng, action, text)) for text in [*texts, *rng.choices(texts, k=10 - len(texts))]]
    return rng.sample(cases, 40)


# What a pre-flight check can be asked about: sound requests, and one fault each.
SOUND = ("plain", "one channel", "gaps", "parameter of the type", "minutes", "libsvm", "eta of one")
MUTANTS = ("header", "columns", "ragged", "labels", "wrong type", "no type", "eta", "no rounds", "channel name", "metric")
PRACTICE_REQUESTS = {  # kind: in words
    "plain": "without any fault",
    "one channel": "with one channel",
    "gaps": "with empty cells",
    "parameter of the type": "whose content type goes on after a semicolon",
    "libsvm": "with LIBSVM rows and their type",
    "minutes": "for a regression, with the minutes as label",
    "header": "whose first row is a header",
    "columns": "whose channels differ in columns",
    "labels": "with a label of another kind than 0 and 1",
    "eta": "with an eta that is no number from 0 to 1",
    "no rounds": "without `num_round`",
    "metric": "for the AUC of a regression",
}


def asked(rng: random.Random, kind: str) -> tuple[dict, dict]:
    """A request and the first lines of each channel, ``{"train": [...], "validation": [...]}``, sound or with the fault ``kind``."""
    width = rng.randint(4, 12)
    heads = {name: [_row(rng, width, number % 2) for number in range(5)] for name in ("train", "validation")}
    request = {
        "HyperParameters": {"objective": "binary:logistic", "eval_metric": "auc", "num_round": str(rng.randint(5, 200)), "eta": "0.2"},
        "InputDataConfig": [{"ChannelName": name, "ContentType": rng.choice(["text/csv", "csv"])} for name in heads],
    }
    return _edited(rng, copy.deepcopy(request), heads, kind, width)


def _row(rng: random.Random, width: int, label: int) -> str:
    return ",".join([str(label), *(f"{rng.uniform(-5, 900):.2f}" for _ in range(width))])


def _edited(rng: random.Random, request: dict, heads: dict, kind: str, width: int) -> tuple[dict, dict]:
    parameters, channels = request["HyperParameters"], request["InputDataConfig"]
    which = rng.choice(["train", "validation"])
    place = ["train", "validation"].index(which)
    if kind == "one channel":
        return request | {"InputDataConfig": channels[:1]}, {"train": heads["train"]}
    if kind == "gaps":
        heads[which][rng.randint(0, 4)] = ",".join(["1", *("" for _ in range(width))])
    elif kind == "parameter of the type":
        channels[place]["ContentType"] = "text/csv; label_size=1"
    elif kind == "minutes":
        parameters |= {"objective": "reg:squarederror", "eval_metric": "rmse"}
        heads = {name: [_row(rng, width, rng.randint(-30, 90)) for _ in range(5)] for name in heads}
    elif kind == "libsvm":
        heads = {name: [f"{n % 2} 0:{rng.uniform(0, 9):.2f} 3:{rng.uniform(0, 9):.2f}" for n in range(5)] for name in heads}
        for channel in channels:
            channel["ContentType"] = "text/libsvm"
    elif kind == "eta of one":
        parameters["eta"] = rng.choice(["1", "0", "1.0"])
    elif kind == "header":
        heads[which][0] = ",".join(["late", *(f"f{n}" for n in range(width))])
    elif kind == "columns":
        other = width + rng.choice([-1, 1])
        heads["validation"] = [_row(rng, other, n % 2) for n in range(5)]
    elif kind == "ragged":
        heads[which][rng.randint(1, 4)] = _row(rng, width + rng.choice([-1, 1]), 1)
    elif kind == "labels":
        heads[which][rng.randint(1, 4)] = _row(rng, width, rng.choice([-1, 2, rng.randint(15, 300)]))
    elif kind == "wrong type":
        channels[0]["ContentType"] = "text/libsvm"
    elif kind == "no type":
        del channels[0]["ContentType"]
    elif kind == "eta":
        parameters["eta"] = rng.choice(["20", "1.5", "-0.1", "fast"])
    elif kind == "no rounds":
        del parameters["num_round"]
    elif kind == "channel name":
        channels[0]["ChannelName"] = "training"
        return request, {"training" if name == "train" else name: rows for name, rows in heads.items()}
    elif kind == "metric":
        parameters["objective"] = "reg:squarederror"
    return request, heads
