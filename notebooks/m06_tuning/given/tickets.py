"""Five searches that found nothing, or the wrong thing: each a request of its own, sound but for one fault out of eight."""

import copy
import random

SPOILED = ("channel", "interval", "labels", "objective", "regex")  # no objective value arrives
MISLED = ("digits", "direction", "training")  # values arrive, and crown the wrong training job
METRIC = "validation:auc"
# Ways to write down what the program prints: "epoch 40; validation AUC 0.6883".
SOUND = (r"validation AUC ([0-9.]+)", r"; validation AUC (\S+)", r"validation AUC (0\.[0-9]+)")
UNSOUND = (r"validation_auc=([0-9.]+)", r"validation auc ([0-9.]+)", r"validation AUC: ([0-9.]+)", r"^validation AUC ([0-9.]+)")


def own_program(definition: dict, image: str, source: str) -> dict:
    """A sound request: a random search with the program of `logistic.py`, whose archive lies at ``source``.

    Parameters
    ----------
    definition : dict
        The ``TrainingJobDefinition`` of another search, for role, channels, resources and limits.
    image, source : str
    """
    metrics = {METRIC: SOUND[0], "train:auc": r"train AUC ([0-9.]+)", "test:auc": r"test AUC ([0-9.]+)"}
    specification = {
        "TrainingImage": image,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in metrics.items()],
    }
    script = {"sagemaker_program": "logistic.py", "sagemaker_submit_directory": source}
    rates = {"Name": "rate", "MinValue": "0.01", "MaxValue": "1", "ScalingType": "Logarithmic"}
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": METRIC},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 3},
            "ParameterRanges": {"ContinuousParameterRanges": [rates]},
        },
        "TrainingJobDefinition": definition
        | {"AlgorithmSpecification": specification, "StaticHyperParameters": script | {"epochs": "20", "report-every": "10"}},
    }


def planted(rng: random.Random) -> list[str]:
    """The fault of each ticket, in their order: three of `SPOILED` and two of `MISLED`."""
    return rng.sample([*rng.sample(SPOILED, 3), *rng.sample(MISLED, 2)], 5)


def ticket(request: dict, fault: str, folder: str, rng: random.Random) -> dict:
    """A copy of a sound request, changed in what does no harm, and in one thing that does.

    Parameters
    ----------
    request : dict
        Of a tuning job, with the channels ``train`` and ``validation``, in this order, and the metric `METRIC`.
    fault : str
        One of `SPOILED` or `MISLED`.
    folder : str
        URI under which the lesson's data lie, without a slash at its end.
    rng : random.Random
    """
    request = copy.deepcopy(request)
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    epochs, metrics = rng.randint(30, 60), definition["AlgorithmSpecification"]["MetricDefinitions"]
    fixed = definition["StaticHyperParameters"]
    fixed |= {"epochs": str(epochs), "report-every": str(rng.randint(5, epochs // 3)), "l2": f"0.00{rng.randint(1, 9)}"}
    [least] = config["ParameterRanges"]["ContinuousParameterRanges"]
    least |= {"MinValue": f"0.0{rng.randint(1, 9)}", "MaxValue": f"{rng.uniform(0.5, 2):.2f}"}
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
