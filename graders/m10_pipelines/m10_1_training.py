"""What a learner's training pipeline does when it runs (m10_1_ex1)."""

from __future__ import annotations

from collections.abc import Sequence

from course.grading import Answer, Report

from .m10_1_runs import Run, arguments, job_of, outputs, pipeline, shown, start

SETTINGS = {"objective": "binary:logistic", "eta": "0.15", "max_depth": "5"}
INSTANCES = ("ml.m5.large", 1)


def judge_training(answer: Answer, report: Report, name: str, asked: Sequence[dict[str, object]]) -> None:
    """Make the pipeline, start it with each set of parameters, and report all parts."""
    with pipeline(answer, report, "steps", "training_pipeline", name) as made:
        if not made:
            return
        runs = start(answer, report, "parameters", name, asked)
        for parameters, run in zip(asked, runs, strict=bool(runs)):
            if not _judge_run(answer, report, parameters, run):
                return
        folders = {uri for run in runs for uri in outputs(job_of(answer.client("sagemaker"), run, "Prepare", "processing")).values()}
        apart = len(folders) == 2 * len(runs)
        report.part("own_data", apart, "Two executions wrote to one folder: which of them does the other's `Train` read?")


def _judge_run(answer: Answer, report: Report, parameters: dict[str, object], run: Run) -> bool:
    sagemaker, called = answer.client("sagemaker"), f"Started with {shown(parameters)}, the pipeline"
    names = set(run.steps)
    if run.status != "Succeeded":
        why = run.failures or f"its status is {run.status}"
        started = "Train" in names and "Prepare" not in names
        more = " `Train` did not wait for `Prepare`: which of its arguments comes from that step?" if started or _too_early(run) else ""
        return report.part("steps", False, f"{called} failed: {why}.{more}")
    if not report.part("steps", names == {"Prepare", "Train"}, f"{called} ran the steps {sorted(names)}; expected Prepare and Train."):
        return False
    prepared, trained = job_of(sagemaker, run, "Prepare", "processing"), job_of(sagemaker, run, "Train", "training")
    given = arguments(prepared)
    for flag in ("Month", "Window"):
        passed = str(parameters[flag]) in given
        if not report.part("parameters", passed, f"{called} ran `Prepare` with {given}: where is the value of {flag}?"):
            return False
    settings = trained["HyperParameters"]
    rounds = str(parameters.get("Rounds", 40))
    why = "is `num_round` the parameter, or its default?" if "Rounds" in parameters else "which default has `Rounds`?"
    said = f"{called} trained {settings.get('num_round')!r} rounds: {why}"
    if not report.part("parameters", settings.get("num_round") == rounds, said):
        return False
    machines = trained["ResourceConfig"]
    kind, count = machines.get("InstanceType"), machines.get("InstanceCount")
    said = f"{called} ran `Train` on {count} of {kind}; the table says on what."
    if not report.part("steps", (kind, count) == INSTANCES, said):
        return False
    others = {key: settings.get(key) for key in SETTINGS}
    if not report.part("steps", others == SETTINGS, f"{called} trained with {others}; the table says otherwise."):
        return False
    channels = {each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in trained["InputDataConfig"]}
    if not report.part("steps", "train" in channels, f"{called} trained on the channels {sorted(channels)}; expected train."):
        return False
    folders = {name: uri.rstrip("/") for name, uri in outputs(prepared).items()}
    said = f"{called} trained on {channels['train']}, which is not where `Prepare` of this execution wrote its `train`."
    read = channels["train"].rstrip("/")
    if read == folders.get("test"):
        said = f"{called} trained on {channels['train']}: these are the flights on which the model is measured."
    return report.part("own_data", read == folders.get("train"), said)


def _too_early(run: Run) -> bool:
    """Whether training began before the data was there."""
    train, prepare = run.steps.get("Train"), run.steps.get("Prepare")
    return bool(train and prepare) and train["StartTime"] < prepare.get("EndTime", train["StartTime"])
