"""m04_1: the built-in XGBoost as a training job."""

from course.grading import Answer, Exercise, Function, Report

from .m04_1_cases import CONTENT_TYPES, EXAMPLE_CHANNEL, MODES, VERDICTS, curve

ex1 = Exercise(
    id="m04_1_ex1",
    title="Write the request of a training job",
    parts={"request": 1, "channels": 1, "job": 1},
    evidence={"training_request": Function("training_request(name: str, train: str, validation: str, rounds: int) -> dict")},
    skills={"C01": ["2.2.S1", "2.1.K4"], "C02": ["2.2.1"]},
    topics=["train.builtin", "train.channels"],
    seconds=90,
    hints=(
        "The request of the first job has one channel. What changes for two?",
        "Each entry of `InputDataConfig` has a `ChannelName`, a `ContentType` and a `DataSource`. XGBoost knows two channel names.",
        'Hyperparameters are text: `str(rounds)`. For AUC on validation data: `"eval_metric": "auc"` and a channel called `"validation"`.',
    ),
)

ex2 = Exercise(
    id="m04_1_ex2",
    title="Write the rule that chooses a channel's input",
    pattern=1,
    parts={"shape": 0.25, "unseen": 1.75},
    evidence={"choose_input": Function("choose_input(channel: dict) -> dict")},
    skills={"C01": ["1.1.S1", "1.1.S2"], "C02": ["1.1.2", "1.1.5"]},
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
    pattern=1,
    parts={"shape": 0.5, "verdict": 1.5, "rounds": 1},
    evidence={"read_curve": Function("read_curve(curve: dict) -> dict")},
    skills={"C01": ["2.3.K3", "2.3.K5", "2.3.S6"], "C02": ["2.3.5", "2.2.5"]},
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
    pattern=6,
    parts={"shape": 0.25, "regret": 1.75},
    evidence={
        "warning_threshold": Function("warning_threshold(probabilities: list, late: list, missed: float, false_alarm: float) -> float")
    },
    skills={"C01": ["2.3.S1", "2.3.K2"], "C02": ["2.3.6", "2.3.2"]},
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
    request = answer.call("training_request", "a-name", "s3://bucket/train.csv", "s3://bucket/validation.csv", 12)
    check_request(report, request, "a-name", {"train": "s3://bucket/train.csv", "validation": "s3://bucket/validation.csv"}, 12)


def check_request(report: Report, request: dict, name: str, uris: dict[str, str], rounds: int) -> bool:
    """Whether the request is sound, found part by part."""
    wanted = {"TrainingJobName", "RoleArn", "AlgorithmSpecification", "HyperParameters", "InputDataConfig", "OutputDataConfig"}
    wanted |= {"ResourceConfig", "StoppingCondition"}
    if missing := sorted(wanted - request.keys()):
        report.part(
            "request", False, f"`training_request(...)` returned a request without {', '.join(missing)}; a training job needs them."
        )
        return False
    if not report.part(
        "request", request["TrainingJobName"] == name, f"The job's name is {request['TrainingJobName']!r}; expected the `name` given."
    ):
        return False
    parameters = request["HyperParameters"]
    if numbers := [key for key, value in parameters.items() if not isinstance(value, str)]:
        report.part(
            "request", False, f"Hyperparameter {numbers[0]!r} is a {type(parameters[numbers[0]]).__name__}; the API takes text alone."
        )
        return False
    sound = parameters.get("num_round") == str(rounds)
    if not report.part(
        "request",
        sound,
        f"`num_round` is {parameters.get('num_round')!r} when 12 or other rounds are asked for; expected the `rounds` given.",
    ):
        return False
    return _check_channels(report, request["InputDataConfig"], uris)


def _check_channels(report: Report, given: list[dict], uris: dict[str, str]) -> bool:
    names = [channel.get("ChannelName") for channel in given]
    if not report.part(
        "channels",
        sorted(map(str, names)) == sorted(uris),
        f"The channels are called {names}; expected the two names that XGBoost looks for.",
    ):
        return False
    for channel in given:
        source = channel.get("DataSource", {}).get("S3DataSource", {})
        if source.get("S3Uri") != uris[channel["ChannelName"]]:
            report.part(
                "channels", False, f"Channel {channel['ChannelName']!r} reads {source.get('S3Uri')!r}: that is not the data given for it."
            )
            return False
        if not channel.get("ContentType"):
            report.part(
                "channels", False, f"Channel {channel['ChannelName']!r} has no ContentType: XGBoost would take the file for LIBSVM."
            )
            return False
        if channel["ContentType"].split(";")[0] not in ("text/csv", "csv"):
            report.part(
                "channels",
                False,
                f"Channel {channel['ChannelName']!r} says {channel['ContentType']!r}; expected the type of comma-separated values.",
            )
            return False
    return report.part("channels", True, "Both channels are there.")


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    check_input(answer, report, EXAMPLE_CHANNEL)


def check_input(answer: Answer, report: Report, channel: dict) -> dict | None:
    """The learner's choice for a channel; reports the part ``shape`` and returns None when it is not one."""
    got = answer.call("choose_input", channel)
    if set(got) != {"mode", "content_type"}:
        report.part("shape", False, f"`choose_input(...)` returned the keys {sorted(got)}; expected 'mode' and 'content_type'.")
        return None
    if not report.part(
        "shape", got["mode"] in MODES, f"`choose_input(...)` returned the mode {got['mode']!r}; expected one of the three input modes."
    ):
        return None
    known = got["content_type"] in CONTENT_TYPES.values()
    if not report.part(
        "shape", known, f"`choose_input(...)` returned the type {got['content_type']!r}; expected a content type of the table."
    ):
        return None
    return got


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    for verdict in VERDICTS:
        if read(answer, report, curve(answer.rng, verdict)) is None:
            return


def read(answer: Answer, report: Report, run: dict) -> dict | None:
    """The learner's reading of a curve; reports the part ``shape`` and returns None when it is not one."""
    got = answer.call("read_curve", run)
    if set(got) != {"verdict", "rounds"}:
        report.part("shape", False, f"`read_curve(...)` returned the keys {sorted(got)}; expected 'verdict' and 'rounds'.")
        return None
    if not report.part(
        "shape", got["verdict"] in VERDICTS, f"`read_curve(...)` returned the verdict {got['verdict']!r}; expected one of the five."
    ):
        return None
    whole = isinstance(got["rounds"], int) and 0 <= got["rounds"] <= len(run["validation"])
    if not report.part(
        "shape",
        whole,
        f"`read_curve(...)` returned {got['rounds']!r} rounds; expected a whole number up to the {len(run['validation'])} there were.",
    ):
        return None
    return got


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    probabilities, late = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8], [0, 0, 1, 0, 1, 1]
    for missed, false_alarm in ((120, 25), (25, 120)):
        threshold(answer, report, probabilities, late, missed, false_alarm)


def threshold(answer: Answer, report: Report, probabilities: list, late: list, missed: float, false_alarm: float) -> float | None:
    """The learner's threshold; reports the part ``shape`` and returns None when it is not one."""
    got = answer.call("warning_threshold", probabilities, late, missed, false_alarm)
    good = 0 <= got <= 1
    called = f"`warning_threshold(..., missed={missed}, false_alarm={false_alarm})` returned {got!r}"
    return got if report.part("shape", good, f"{called}; expected a probability, from 0 to 1.") else None
