# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each search of m06_1_ex4 has, and the pool of their requests."""

from __future__ import annotations

import random

from course.exercises import broken_searches, pools

METRIC = "validation:auc"
# Ways to write down what the program prints: "epoch 40; validation AUC 0.6883".
SOUND = (r"validation AUC ([0-9.]+)", r"; validation AUC (\S+)", r"validation AUC (0\.[0-9]+)")
UNSOUND = (r"validation_auc=([0-9.]+)", r"validation auc ([0-9.]+)", r"validation AUC: ([0-9.]+)", r"^validation AUC ([0-9.]+)")
# In the order of the pool: faults by which no objective value arrives, and faults by which the wrong training job wins.
GROUPS = (("objective", "labels", "interval", "regex", "channel"), ("training", "direction", "digits"))
EACH = 4  # requests of each fault


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each ticket."""
    picked = pools.picked(rng, broken_searches.POOL, broken_searches.TAKES)
    return {ticket: GROUPS[number][group] for ticket, (number, group) in zip(broken_searches.TICKETS, picked, strict=True)}


def parts(fault: str, rng: random.Random) -> dict[str, dict]:
    """What `broken_searches.requests` makes a request of: settings that are drawn and do no harm, and one fault."""
    epochs, validation = rng.randint(30, 60), {"Name": METRIC, "Regex": rng.choice(SOUND)}
    fixed = {"sagemaker_program": "logistic.py", "sagemaker_submit_directory": "{source}", "epochs": str(epochs)}
    fixed |= {"report-every": str(rng.randint(5, epochs // 3)), "l2": f"0.00{rng.randint(1, 9)}"}
    rates = {"Name": "rate", "ScalingType": "Logarithmic", "MinValue": f"0.0{rng.randint(1, 9)}", "MaxValue": f"{rng.uniform(0.5, 2):.2f}"}
    config = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": METRIC},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 3},
        "ParameterRanges": {"ContinuousParameterRanges": [rates]},
        "RandomSeed": rng.randint(1, 10_000),
    }
    channel = _spoil(config, fixed, validation, fault, rng)
    others = [{"Name": "train:auc", "Regex": r"train AUC ([0-9.]+)"}, {"Name": "test:auc", "Regex": r"test AUC ([0-9.]+)"}]
    specification = {"TrainingImage": "{image}", "TrainingInputMode": "File", "MetricDefinitions": [validation, *others]}
    return {"config": config, "shared": {"AlgorithmSpecification": specification, "StaticHyperParameters": fixed}, "validation": channel}


def _spoil(config: dict, fixed: dict, validation: dict, fault: str, rng: random.Random) -> dict[str, str]:
    """Make the fault; what is wrong with the channel, if it is the channel."""
    if fault == "channel":
        return {"ChannelName": rng.choice(["valid", "val", "eval", "test"])}
    if fault == "labels":
        return {"S3Uri": f"{{folder}}/validation-{rng.choice(['late', 'punctual'])}/"}
    if fault == "interval":
        fixed["report-every"] = str(int(fixed["epochs"]) + rng.randint(1, 40))
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
    return {}


def stored() -> dict[str, list]:
    rng = random.Random("m06_1 broken searches")
    sets = [[[parts(fault, rng) for _ in range(EACH)] for fault in faults] for faults in GROUPS]
    return {"course/exercises/broken_searches.json": sets}
