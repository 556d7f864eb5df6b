"""m06_1: five requests of searches that find nothing, or the wrong thing. Each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import copy
import random

SPOILED = ("channel", "interval", "labels", "objective", "regex")  # no objective value arrives
MISLED = ("digits", "direction", "training")  # values arrive, and crown the wrong training job
TICKETS = tuple(f"ticket-{number}" for number in range(1, 6))
METRIC = "validation:auc"
# Ways to write down what the program prints: "epoch 40; validation AUC 0.6883".
SOUND = (r"validation AUC ([0-9.]+)", r"; validation AUC (\S+)", r"validation AUC (0\.[0-9]+)")
UNSOUND = (r"validation_auc=([0-9.]+)", r"validation auc ([0-9.]+)", r"validation AUC: ([0-9.]+)", r"^validation AUC ([0-9.]+)")


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each ticket: three of `SPOILED` and two of `MISLED`."""
    return dict(zip(TICKETS, rng.sample([*rng.sample(SPOILED, 3), *rng.sample(MISLED, 2)], 5), strict=True))


def requests(rng: random.Random, definition: dict, image: str, source: str, folder: str) -> dict[str, dict]:
    """The request of each ticket, ready for ``create_hyper_parameter_tuning_job`` but for the name.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    definition : dict
        The ``TrainingJobDefinition`` of another search, for role, output, resources, limits, and the channels ``train`` and
        ``validation``, in this order.
    image : str
        URI of the image that runs ``logistic.py``.
    source : str
        URI of the archive with ``logistic.py``.
    folder : str
        URI under which the lesson's data lie, without a slash at its end.
    """
    sound = _sound(definition, image, source)
    return {ticket: with_fault(sound, fault, folder, rng) for ticket, fault in planted(rng).items()}


def _sound(definition: dict, image: str, source: str) -> dict:
    """A random search that ends well."""
    metrics = {METRIC: SOUND[0], "train:auc": r"train AUC ([0-9.]+)", "test:auc": r"test AUC ([0-9.]+)"}
    specification = {
        "TrainingImage": image,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in metrics.items()],
    }
    script = {"sagemaker_program": "logistic.py", "sagemaker_submit_directory": source}
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": METRIC},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 3},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "rate", "ScalingType": "Logarithmic"}]},
        },
        "TrainingJobDefinition": definition | {"AlgorithmSpecification": specification, "StaticHyperParameters": script},
    }


def with_fault(request: dict, fault: str, folder: str, rng: random.Random) -> dict:
    """A copy of a request with settings that are drawn and do no harm, and with one fault."""
    request = copy.deepcopy(request)
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    epochs, metrics = rng.randint(30, 60), definition["AlgorithmSpecification"]["MetricDefinitions"]
    fixed = definition["StaticHyperParameters"]
    fixed |= {"epochs": str(epochs), "report-every": str(rng.randint(5, epochs // 3)), "l2": f"0.00{rng.randint(1, 9)}"}
    [rates] = config["ParameterRanges"]["ContinuousParameterRanges"]
    rates |= {"MinValue": f"0.0{rng.randint(1, 9)}", "MaxValue": f"{rng.uniform(0.5, 2):.2f}"}
    config["RandomSeed"] = rng.randint(1, 10_000)
    validation = next(metric for metric in metrics if metric["Name"] == METRIC)
    validation["Regex"] = rng.choice(SOUND)
    _spoil(config, definition, validation, fault, folder, rng)
    return request


def _spoil(config: dict, definition: dict, validation: dict, fault: str, folder: str, rng: random.Random) -> None:
    channel, fixed = definition["InputDataConfig"][1], definition["StaticHyperParameters"]
    if fault == "channel":
        channel["ChannelName"] = rng.choice(["valid", "val", "eval", "test"])
    elif fault == "interval":
        fixed["report-every"] = str(int(fixed["epochs"]) + rng.randint(1, 40))
    elif fault == "labels":
        channel["DataSource"]["S3DataSource"]["S3Uri"] = f"{folder}/validation-{rng.choice(['late', 'punctual'])}/"
    elif fault == "objective":
        config["HyperParameterTuningJobObjective"]["MetricName"] = "test:auc"
    elif fault == "regex":
        validation["Regex"] = rng.choice(UNSOUND)
    elif fault == "digits":
        validation["Regex"] = rng.choice([r"validation AUC ([0-9]+)", r"epoch ([0-9]+); validation AUC"])
    elif fault == "direction":
        config["HyperParameterTuningJobObjective"]["Type"] = "Minimize"
    elif fault == "training":
        validation["Regex"] = rng.choice([r"AUC ([0-9.]+)", r"epoch [0-9]+; [a-z]+ AUC ([0-9.]+)"])
