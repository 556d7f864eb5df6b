# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Where a search looks decides what it finds
#
# Two colleagues tune the model of late flights, with the same budget and the same eight settings. One comes back with a better model. The other comes back
# with twelve models that are no better than a coin toss (AUC 0.5). Both had the same ranges; they differed in one word. Today you find that word, decide what
# is worth searching at all, run a search, and find out why five others brought nothing home.
#
# **By the end you can**
#
# - decide what to tune (exercise 6.1.1)
# - design ranges and scales for a search (exercise 6.1.2)
# - run a tuning job and find its winner (exercise 6.1.3)
# - find out why a search has no objective, or the wrong one (exercise 6.1.4)
# - choose the range of a network's learning rate (exercise 6.1.5)
#
# **Prerequisites**: [training with the built-in XGBoost](../m04_training/m04_1_builtin_xgboost.ipynb) and
# [failed jobs](../m04_training/m04_2_failed_jobs.ipynb).
#
# **Time**: two hours; a good place for a break is before the tuning job.
#
# **Services**: SageMaker Automatic Model Tuning, training jobs, S3, CloudWatch Logs.
#
# **Cost**: \$0 here. On AWS about 20 cents: some thirty training jobs of about three minutes on one instance each, at
# {fact:price-ml-m5-large-training} dollars an hour (November 2026). Automatic Model Tuning itself is free and open to new accounts.
#
# ## Set up

# %%
import json
import re
from importlib.util import find_spec
from statistics import fmean, variance

import numpy as np
import pandas as pd
from given.networks import expected_best, networks, train_network
from given.schedule import COLUMNS, parts, table
from given.trees import auc_in_july
from given.trials import RANGES, WIDE, example, replays, trials
from given.tuning_jobs import children, packed, printed, repaired, run, shown, wait_for_tuning
from matplotlib import pyplot as plt

from course import ProgressLine, check, connect, hint, judge, show, variant
from course.exercises import broken_searches

aws = connect("m06_1")
aws

# %% [markdown]
# Fewer rounds and jobs are quicker, more replayed searches steadier.

# %% tags=["parameters"]
SEED = 6
ROUNDS = 30
JOBS = 12
SEARCHES = 400

# %% [markdown]
# ## What there is to tune
#
# Whatever a training finds by itself is a **parameter**: the split points and leaf values of a tree, the weights of a network. What you write down
# before is a **hyperparameter**: how deep, how many, how fast. A search tries values of hyperparameters, trains with each, and keeps what did best on rows that the
# training did not see. Here these are ten thousand flights of July; the training has as many of January to June.
#
# Each hyperparameter makes the search wider. So look first whether it does anything. The cell changes one at a time, and that three times, with other random
# numbers: *repeats*. How far apart are the averages, and how far apart are repeats of one and the same value?

# %%
flights = parts(table(aws.data("flights"), aws.data("weather")), SEED)
values = {"max_depth": [2, 4, 8], "lambda": [0.1, 10, 1000], "gamma": [0.001, 0.03, 1]}
measured = {"seed": {seed: [auc_in_july(flights, ROUNDS, seed)] for seed in range(3)}}
with ProgressLine("Trains 30 small models"):
    for name, tried in values.items():
        for value in tried:
            repeats = [auc_in_july(flights, ROUNDS, SEED + n, **{name: value}) for n in range(3)]
            measured.setdefault(name, {})[value] = repeats

figure, panels = plt.subplots(1, 4, figsize=(10, 2.8), sharey=True)
for panel, name in zip(panels, (*values, "seed"), strict=True):
    found = measured[name]
    for place, repeats in enumerate(found.values()):
        panel.plot([place] * len(repeats), repeats, "o", color="#4a6fa5", alpha=0.6)
    panel.plot([fmean(repeats) for repeats in found.values()], "k_", markersize=22)
    panel.set_xticks(range(3), [f"{value:g}" for value in found])
    panel.set(title=name, xlim=(-0.5, 2.5))
panels[0].set_ylabel("AUC in July")
show(figure, "Four panels of dots: AUC in July by values of each hyperparameter, and by seed.")

for name in values:
    averages = [fmean(repeats) for repeats in measured[name].values()]
    noise = fmean(variance(repeats) for repeats in measured[name].values()) ** 0.5
    apart = max(averages) - min(averages)
    print(f"{name}: averages differ by {apart:.4f}, the noise of repeats is {noise:.4f}")

# %% [markdown]
# Bars are averages, points repeats. `max_depth` and `lambda` move the model. What `gamma` does, a thousandfold, drowns in the noise of its repeats. And
# `seed` looks as if it did something, but none of its values will help next month: whoever searches for a lucky seed fits the validation rows.
#
# Three questions, in this order:
#
# 1. Who sets it? What the training sets is a `"parameter"`.
# 2. What changes with it? Only what changes `the model`, and neither `the validation rows` (then two scores are measured with two yardsticks) nor `the
#    random numbers` (luck), may be searched. All else: `"fix"` it.
# 3. Does it do anything? Average the AUC of each value. The *noise* is the root of the average variance of the repeats. If the best average lies
#    more than two noises above the worst, `"tune"` it. Else `"fix"` it.

# %% [markdown] exercise="m06_1_ex1"
# Write `decide(setting)` that returns one of the three words. A setting is a dictionary such as
# `{"name": "step 7", "set_by": "you", "changes": ["the model", "the time it takes"], "auc": {"0.1": [0.72, 0.71, 0.72], "1": [0.58, 0.6, 0.59]}}`, whose
# `set_by` may also be `"training"`, whose `changes` may also hold `"what is printed"`, `"the validation rows"` and `"the random numbers"`, and whose `auc` has
# three repeats of each value that was tried. This one gives `"tune"`. Forty unseen settings are graded. Their names tell nothing.


# %% answer="m06_1_ex1"
def decide(setting: dict) -> str:
    ### BEGIN SOLUTION
    if setting["set_by"] == "training":
        return "parameter"
    changes = setting["changes"]
    if "the model" not in changes or "the validation rows" in changes or "the random numbers" in changes:
        return "fix"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    noise = fmean(variance(repeats) for repeats in setting["auc"].values()) ** 0.5
    return "tune" if max(averages) - min(averages) > 2 * noise else "fix"
    ### END SOLUTION


# %% check="m06_1_ex1"
check("m06_1_ex1", decide=decide)

# %% [markdown]
# ## Ranges
#
# A search draws each hyperparameter from a *range*, on a *scale*. From 0.001 to 1000 on a **linear** scale, any part of the range is as likely as any other of
# the same width: 999 of 1000 values are above 1. On a **logarithmic** scale each factor of ten is as likely as any other: half of the values
# are below 1. With `Auto` SageMaker chooses; we say what we want.
#
# What that does takes more trainings than a lesson has time for. So they were run once: the table `tuning_trials` holds trainings of XGBoost, 100
# rounds each, on these flights, with eight hyperparameters drawn from ranges as wide as somebody would make them who knows nothing.

# %%
rows = trials(aws.data("tuning_trials"))
figure, axes = plt.subplots(figsize=(7, 2.6))
for (scale, part), style in zip(rows.groupby("scaling"), ("k-", "b-"), strict=True):
    label = f"{scale.lower()}, {len(part)} trainings"
    axes.plot(np.linspace(0, 1, len(part)), np.sort(part.auc)[::-1], style, label=label)
    useless = (part.auc <= 0.5).mean()
    print(f"{scale}: {useless:.0%} are no better than a coin, the best has {part.auc.max():.4f}")
axes.set(xlabel="share of the trainings, best first", ylabel="AUC in July", ylim=(0.4, 0.75))
axes.set_title("The same eight ranges, drawn on two scales")
axes.legend()
show(figure, "Two falling lines: AUC of the trainings, best first, by scale.")
pd.DataFrame(RANGES, index=["least", "most"]).T

# %% [markdown]
# The word was *linear*. On that scale nearly all values are large, and for some of these hyperparameters large means: no split pays, each tree is
# one leaf, every flight gets the same answer. For which? The trainings on the logarithmic scale tell. Points are trainings; the line, on the right axis,
# is the share of useless models (AUC 0.5) among them.

# %%
drawn = rows[rows.scaling == "Logarithmic"]
figure, panels = plt.subplots(2, 4, figsize=(11, 4.8), sharey=True)
for panel, (name, (least, most)) in zip(panels.flat, RANGES.items(), strict=True):
    panel.semilogx(drawn[name], drawn.auc, ".", color="#4a6fa5", alpha=0.12, markersize=4)
    panel.set(title=name, ylim=(0.45, 0.75))
    eighths = pd.cut(drawn[name], np.geomspace(least * 0.999, most * 1.001, 9))
    useless = (drawn.auc <= 0.5).groupby(eighths, observed=True).mean()
    share = panel.twinx()
    share.plot([eighth.mid for eighth in useless.index], useless, "k-")
    share.set(ylim=(0, 1), yticks=[])
    if panel in panels[:, -1]:
        share.set(yticks=[0, 0.5, 1], ylabel="share of useless models")
for panel in panels[:, 0]:
    panel.set_ylabel("AUC in July")
plt.tight_layout()
show(figure, "Eight panels: AUC by hyperparameter, with the share of useless models.")

# %% [markdown]
# `min_child_weight` falls off a cliff, `gamma`, `alpha` and `lambda` over an edge at their ends: there a linear search lands nearly always. `subsample`
# should not be small, `eta` may be what it likes. What does a better scale win, what do narrower ranges? `replays` plays random searches on the table: it takes from it what such a search
# would have drawn.

# %%
least, most = RANGES["min_child_weight"]
narrower = {
    "min_child_weight": (least, 100.0, "Logarithmic"),
    "gamma": (0.001, 10.0, "Logarithmic"),
}
designs = {
    "all logarithmic": WIDE,
    "min_child_weight linear": WIDE | {"min_child_weight": (least, most, "Linear")},
    "lambda linear": WIDE | {"lambda": (*RANGES["lambda"], "Linear")},
    "narrower": WIDE | narrower,
}
figure, axes = plt.subplots(figsize=(7, 3))
for (name, design), style in zip(designs.items(), ("b-", "k-", "b:", "r-"), strict=True):
    best = replays(rows, design, JOBS, SEARCHES)
    axes.plot(range(1, JOBS + 1), best.mean(axis=0), style, label=name)
    last = best[:, -1]
    print(f"{name}: best of {JOBS} jobs {last.mean():.4f} on average;", end=" ")
    print(f"{(last <= 0.5).mean():.1%} of the searches found nothing")
axes.set(xlabel="training jobs", ylabel="best AUC so far, average", ylim=(0.5, 0.73))
axes.set_title(f"{SEARCHES} random searches each")
axes.legend(fontsize=8)
show(figure, "Four lines: the best AUC so far by number of training jobs, by design.")

# %% [markdown]
# One wrong scale on a range with a cliff costs many times what narrower ranges win; on a flat range it costs next to nothing. What narrower ranges win
# comes early: where jobs are few, it counts.
#
# That took a table of two thousand trainings. Usually there is one small search, and the question where to look next. Here is such a search: the first two
# of its ranges as AWS takes them, and its first two trials as AWS reports them.

# %%
first, some = example(rows)
print(*first[:2], "...", *(some[place] for place in (0, 1)), "...", sep="\n")
useless = sum(trial["auc"] <= 0.5 for trial in some)
print(f"{len(some)} trials, {useless} of them no better than a coin")

# %% [markdown] exercise="m06_1_ex2"
# Write `next_ranges(first, trials)`: the ranges of the next search, from those of the first one and its 60 trials, both in the form of the example, but of a
# program whose hyperparameters you do not know: they have names such as `h17`. Return a list like `first`: the same names, bounds not beyond the first
# ones, each scale `"Linear"` or `"Logarithmic"`. Narrowed to the values from 0.2 to 8, the range
# `{"Name": "h17", "MinValue": "0.05", "MaxValue": "90", "ScalingType": "Linear"}` may become
# `{"Name": "h17", "MinValue": "0.2", "MaxValue": "8", "ScalingType": "Logarithmic"}`.
#
# Thirteen unseen first searches are graded, five of them with linear scales, by what the best of six random trials in your ranges would reach: after linear
# scales about as much as over all bounds on logarithmic ones, after logarithmic scales more. That is replayed on the table; ranges that hold hardly
# any of its rows count as failed, so leave room. Large may be good or bad: some of these hyperparameters are reciprocals of XGBoost's. Nearly all AUCs may be
# equal; then there is little to narrow by.
#
# To try yours: `next_ranges(first, some)`, then `replays(rows, {name: (least, most, scale), ...}, 6, SEARCHES)` with what it returned, beside `WIDE`. Bounds are
# text in the one, numbers in the other.


# %% answer="m06_1_ex2"
def next_ranges(first: list[dict], trials: list[dict]) -> list[dict]:
    ### BEGIN SOLUTION
    worst = min(trial["auc"] for trial in trials)
    ranked = sorted((trial for trial in trials if trial["auc"] > worst), key=lambda trial: -trial["auc"])
    good = ranked[: len(trials) // 3]
    ranges = []
    for one in first:
        low, high = one["MinValue"], one["MaxValue"]
        if len(good) >= 12:
            values = [trial[one["Name"]] for trial in good]
            high = str(min(max(values), float(high)))
            low = str(max(min(values), float(low))) if one["ScalingType"] == "Logarithmic" else low
        ranges.append({"Name": one["Name"], "MinValue": low, "MaxValue": high, "ScalingType": "Logarithmic"})
    return ranges
    ### END SOLUTION


# %% check="m06_1_ex2"
check("m06_1_ex2", next_ranges=next_ranges)

# %% [markdown]
# ## A tuning job
#
# SageMaker runs searches as *tuning jobs*. A tuning job starts training jobs, its children, follows one metric of theirs, the *objective*, and names
# the best one. One request asks for it, in three parts:
#
# | part | what it holds |
# |---|---|
# | `HyperParameterTuningJobName` | at most 32 characters; the children's names begin with it |
# | `HyperParameterTuningJobConfig` | `Strategy`, `HyperParameterTuningJobObjective`, `ResourceLimits`, `ParameterRanges` |
# | `TrainingJobDefinition` | what all children share, as in a training job |
#
# A search has at most {fact:tuning-jobs-most} children, {fact:tuning-parallel-most} at a time, and {fact:tuning-ranges-most} ranges; a new
# account runs {fact:training-instances-new-account} training instances at a time. Hyperparameters and the bounds of their ranges are text, also where they are
# numbers; the members of `ResourceLimits` are numbers. What is searched must not be static as well. The members of each part, with an example, stand in boto3's reference of
# [create_hyper_parameter_tuning_job](https://boto3.amazonaws.com/v1/documentation/api/latest/reference/services/sagemaker/client/create_hyper_parameter_tuning_job.html);
# without a network, `help(sagemaker.create_hyper_parameter_tuning_job)` in a cell shows the same page.

# %%
sagemaker = aws.client("sagemaker")
uris = {}
for part in ("train", "validation"):
    uris[part] = aws.upload(flights[part][["late", *COLUMNS]], f"search/{part}.csv")


def channel(name: str, uri: str) -> dict:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}


def definition(train: str, validation: str) -> dict:
    """What the children of a search share."""
    image = aws.image("xgboost", "3.0-5")
    return {
        "RoleArn": aws.role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "StaticHyperParameters": {"objective": "binary:logistic", "num_round": str(ROUNDS)},
        "InputDataConfig": [channel("train", train), channel("validation", validation)],
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


# %% [markdown] exercise="m06_1_ex3"
# Write `search(train, validation, jobs, seconds)`: it runs a search, random or Bayesian, with exactly `jobs` children, which ends within `seconds`, waits for its end, and
# returns `{"tuning_job": its name, "training_job": the best child's name, "model": S3 URI of that child's model artifact}`. The objective is XGBoost's own
# metric `validation:auc`. It searches at least three hyperparameters, in ranges of your choice on scales that fit, with at most two children at a time.
# `seconds` is a limit of the whole search (`ResourceLimits` has a member for it), not of a child.
#
# A range stands in `ParameterRanges` by its kind, as in `{"IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "10"}],
# "ContinuousParameterRanges": [...]}`. `wait_for_tuning(sagemaker, name)` waits, and returns what `describe_hyper_parameter_tuning_job` says in the end.
# Judged is what AWS remembers of searches on other data. `search` is called more than once, and a name is taken for good: `aws.unique("late-flights")` makes
# a new one each time. You need not handle failures.


# %% answer="m06_1_ex3"
def search(train: str, validation: str, jobs: int, seconds: int) -> dict:
    ### BEGIN SOLUTION
    name = aws.unique("late-flights")
    ranges = [
        {"Name": each, "MinValue": low, "MaxValue": high, "ScalingType": "Logarithmic"}
        for each, low, high in (("eta", "0.02", "0.5"), ("min_child_weight", "0.1", "30"), ("lambda", "0.01", "100"))
    ]
    configuration = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": seconds},
        "ParameterRanges": {"ContinuousParameterRanges": ranges},
    }
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig=configuration,
        TrainingJobDefinition=definition(train, validation),
    )
    best = wait_for_tuning(sagemaker, name)["BestTrainingJob"]["TrainingJobName"]
    model = sagemaker.describe_training_job(TrainingJobName=best)["ModelArtifacts"]["S3ModelArtifacts"]
    return {"tuning_job": name, "training_job": best, "model": model}
    ### END SOLUTION


# %% check="m06_1_ex3"
check("m06_1_ex3", search=search)

# %% [markdown]
# Now for real: your search, twelve children on ten thousand flights, beside replays of searches over all bounds. It takes half a minute, on a busy
# laptop a whole one.

# %%
OBJECTIVE = "FinalHyperParameterTuningJobObjectiveMetric"
try:
    with ProgressLine(f"Runs your search of {JOBS} children"):
        found = search(uris["train"], uris["validation"], JOBS, 1800)
    objectives = [each[OBJECTIVE]["Value"] for each in children(sagemaker, found["tuning_job"])]
except (NotImplementedError, NameError):
    objectives = []
    print("Answer exercise 6.1.3 first; until then the picture shows the replays alone.")
early = trials(aws.data("tuning_trials"), rounds=ROUNDS)

figure, axes = plt.subplots(figsize=(7, 3))
wide = replays(early, WIDE, JOBS, searches=20)
axes.plot(range(1, JOBS + 1), wide.T, color="#b9c4d6", linewidth=1)
if objectives:
    places = range(1, len(objectives) + 1)
    axes.plot(places, np.maximum.accumulate(objectives), "k-", label="yours: best so far")
    axes.plot(places, objectives, "k.", label="yours: each child")
    axes.legend()
axes.set(xlabel="training jobs", ylabel="AUC in July", ylim=(0.62, 0.72))
axes.set_title("Blue: 20 replays over all bounds")
show(figure, "Lines: AUC by number of training jobs; 20 replays, and your search.")

# %% [markdown]
# A wide search may begin as a coin, far below this picture. A good design begins where a wide search arrives only later; if yours did not, look at its
# first children: was it luck, or the ranges? And the winner's AUC is the largest of twelve: part of it is luck, which another month does not
# repeat. What a search compares by, it cannot be judged by; that takes rows that nobody looked at: `flights["test"]` are such.
#
# Version 3 of the SageMaker Python SDK makes the request for you:
#
# ```python
# from sagemaker.core.parameter import ContinuousParameter
# from sagemaker.train.tuner import HyperparameterTuner
#
# ranges = {"eta": ContinuousParameter(0.02, 0.5, scaling_type="Logarithmic")}
# tuner = HyperparameterTuner(
#     model_trainer=trainer,
#     objective_metric_name="validation:auc",
#     hyperparameter_ranges=ranges,
#     strategy="Random",
#     max_jobs=12,
#     max_parallel_jobs=2,
#     base_tuning_job_name="late-flights",
# )
# tuner.tune(inputs=[train, validation])
# tuner.best_training_job()
# ```
#
# ## A program of your own
#
# Built-in algorithms bring their metrics along. Of a program of your own SageMaker knows only what it prints: for each metric you hand in a name and a *regular
# expression*, whose first group is the value. Of a program that prints `round 1: loss 0.693, 4 s` and `round 2: loss 0.641, 4 s`, the definition
# `{"Name": "loss", "Regex": "loss ([0-9.]+)"}` finds 0.693 and 0.641. The last number that the expression finds is the child's objective value. Expression
# and print belong together, and nobody checks that they do.
#
# ## Five searches that found nothing
#
# `given/logistic.py` is a program of our own, a logistic regression: read what it reads and what it prints. Five colleagues searched its `rate`, each with epochs,
# ranges and an expression of their own. Most of what they chose does no harm. One thing in each does, and yours are five of eight (`variant`).
# Here is the first of their requests.

# %%
METRIC = "validation:auc"
folder = f"s3://{aws.bucket}/{aws.prefix}/data"
july = flights["validation"].head(2_000)[["late", *COLUMNS]]
aws.upload(flights["train"].head(2_000)[["late", *COLUMNS]], "data/train/part-0.csv")
aws.upload(july, "data/validation/part-0.csv")
for kind, rows_of_kind in (("punctual", july[july.late == 0]), ("late", july[july.late == 1])):
    aws.upload(rows_of_kind, f"data/validation-{kind}/part-0.csv")  # a colleague once wanted these
requests = broken_searches.requests(
    variant("m06_1_ex4"),
    definition(f"{folder}/train/", f"{folder}/validation/"),
    image=aws.image("sklearn", "1.2-1"),
    source=aws.upload(packed("given/logistic.py"), "code/sourcedir.tar.gz"),
    folder=folder,
)
print(json.dumps(requests["ticket-1"]["HyperParameterTuningJobConfig"], indent=1))
specification = requests["ticket-1"]["TrainingJobDefinition"]["AlgorithmSpecification"]
print(*specification["MetricDefinitions"], sep="\n")

# %% [markdown]
# All five, one after the other, and then one of them again with more children. That takes half a minute, on a busy laptop a whole one.

# %%
logs, jobs = aws.client("logs"), {}
with ProgressLine("Runs the five searches") as line:
    for label, request in requests.items():
        line.say(f"Runs {label} of 5")
        jobs[label] = run(sagemaker, aws.unique(label), request)
for label, job in jobs.items():
    print(label, shown(job), sep="\n  ")

failed = [label for label in jobs if jobs[label]["HyperParameterTuningJobStatus"] == "Failed"]
number = "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs"
longer = run(sagemaker, aws.unique("longer"), repaired(requests[failed[0]], {number: 5}))
print(f"{failed[0]} again, with five children", shown(longer), sep="\n  ")

# %% [markdown]
# Three have failed, with the same reason, which speaks of the expression; that need not be what is wrong. Their children ran to the end, and cost what they
# cost. More children come to the same end: their number was not it. The other two are worse: *Completed*, with a winner that is none. Nobody would look.
#
# `printed(sagemaker, logs, name)` has the lines of a search by log stream, one stream a child; `requests` holds what was asked for. The words below are
# for what went wrong.
#
# | cause | what went wrong |
# |---|---|
# | `channel` | the program finds no validation rows: their channel has another name |
# | `digits` | the expression finds the line, and takes the wrong number from it |
# | `direction` | the search looks for the least instead of the most |
# | `interval` | the program ends before it reports |
# | `labels` | the validation rows are all of one kind, and the AUC is no number |
# | `objective` | the objective is a metric that this program does not print |
# | `regex` | the expression does not fit the line |
# | `training` | what counts in the end is the AUC on the training rows |

# %% [markdown] exercise="m06_1_ex4"
# Make two `dict`s with the keys `"ticket-1"` to `"ticket-5"`.
#
# - `diagnoses[ticket]` is `{"cause": ..., "stream": ..., "line": ...}`: a word of the table, the name of a log stream of that search (what counts of it is the
#   child's number, `-001-`: the rest is another one each time), and words copied from a line of it that shows the cause, and from no other kind of line. For `direction` it is a line of a child that did better than the winner; where
#   expression or objective is at fault, the line that should have counted, and for `training` the one that did.
# - `repairs[ticket]` is `{path: value}`: the smallest change of the request that mends it. In lists, a name stands for a place: the one that stands there now. A change that touches
#   more than the fault loses half. `repaired(request, change)` makes the request with it, for `run`. The check runs each search again with it, here and at grading.
#
# For a `rate` without end they might be `{"cause": "range", "stream": "ticket-9-...-001-.../algo-1-...", "line": "overflow encountered"}` and
# `{"HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges.rate.MaxValue": "1"}`. The winner of a repaired search must have the best
# validation AUC that its children printed last.

# %% answer="m06_1_ex4"
diagnoses = ...  # TODO: ticket -> {"cause": ..., "stream": ..., "line": ...}
repairs = ...  # TODO: ticket -> {path: value}

### BEGIN SOLUTION
DEFINITION, AIM, AUC = "TrainingJobDefinition", "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective", "validation AUC"
FITTING = {f"{DEFINITION}.AlgorithmSpecification.MetricDefinitions.{METRIC}.Regex": r"validation AUC ([0-9.]+)"}
INPUT, diagnoses, repairs = f"{DEFINITION}.InputDataConfig", {}, {}
for label, request in requests.items():
    streams = printed(sagemaker, logs, jobs[label]["HyperParameterTuningJobName"])
    lines = [(line, stream) for stream, said in streams.items() for line in said]
    regex = request[DEFINITION]["AlgorithmSpecification"]["MetricDefinitions"][0]["Regex"]
    name, aim = request[DEFINITION]["InputDataConfig"][1]["ChannelName"], request["HyperParameterTuningJobConfig"][AIM.split(".")[1]]
    text, counted = "\n".join(line for line, _ in lines), [line for line, _ in lines if re.search(regex, line)]
    causes = [
        (", 0 to validate" in text, "channel", ", 0 to validate on", {f"{INPUT}.{name}.ChannelName": "validation"}),
        ("AUC nan" in text, "labels", "AUC nan", {f"{INPUT}.{name}.DataSource.S3DataSource.S3Uri": f"{folder}/validation/"}),
        (AUC not in text, "interval", "epochs, a report", {f"{DEFINITION}.StaticHyperParameters.report-every": "10"}),
        (aim["MetricName"] != METRIC, "objective", AUC, {f"{AIM}.MetricName": METRIC}),
        (aim["Type"] == "Minimize", "direction", AUC, {f"{AIM}.Type": "Maximize"}),
        (not counted, "regex", AUC, FITTING),
        ("train AUC" in "".join(counted[-1:]), "training", "train AUC", FITTING),
        (True, "digits", AUC, FITTING),
    ]
    _, cause, sign, repairs[label] = next(each for each in causes if each[0])
    line, stream = max((pair for pair in lines if sign in pair[0]), key=lambda pair: pair[0].partition("AUC ")[2])
    diagnoses[label] = {"cause": cause, "stream": stream, "line": line}
### END SOLUTION

# %% check="m06_1_ex4"
check("m06_1_ex4", diagnoses=diagnoses, repairs=repairs)

# %% [markdown]
# ## A network
#
# Trees have their cliffs; a network has one hyperparameter above all, the **learning rate**: how far each step moves the weights. A step follows each
# *batch* of rows, and an *epoch* is once through all of them: 10,000 rows in batches of 100 are 100 steps. The table `network_trials` holds 400
# trainings of a small network on these flights, scored after each of ten epochs.

# %%
path = aws.data("network_trials")
ends = networks(path)
figure, panels = plt.subplots(1, 4, figsize=(11, 2.8), sharey=True)
for panel, name in zip(panels, ("layers", "dropout"), strict=False):
    panel.plot(ends[name], ends.auc, ".", color="#4a6fa5", alpha=0.4)
    panel.set(title="10 epochs", xlabel=name)
for panel, (low, high, epochs) in zip(panels[2:], ((32, 128, 10), (1024, 4096, 1)), strict=True):
    some = networks(path, epochs)
    some = some[some.batch_size.between(low, high)]
    panel.semilogx(some.learning_rate, some.auc, ".", color="black", alpha=0.5)
    panel.set(title=f"{some.steps.min()} to {some.steps.max()} steps", xlabel="learning rate")
    best = expected_best(some.auc, 3)
    print(f"batches of {low} to {high}, epochs {epochs}:", end=" ")
    print(f"over all rates, the best of 3 has {best:.4f} on average")
panels[0].set(ylabel="AUC in July", ylim=(0.3, 0.73))
show(figure, "Four panels of dots: AUC by layers, by dropout, and twice by learning rate.")
if find_spec("torch"):
    shape = {"layers": 2, "width": 32, "dropout": 0.2}
    curve = train_network(flights, **shape, batch_size=256, learning_rate=0.003, epochs=3)
    print("Trained just now, AUC in July after each epoch:", *(f"{value:.4f}" for value in curve))
else:
    print("PyTorch is not installed, so that none is trained here; `make extra-torch` adds it.")
    print("The table is enough for what follows.")

# %% [markdown]
# Layers and dropout hardly matter here: with any of them a network may come out well or badly. The learning rate decides, and *where* it must lie
# moves with batch size and epochs. Too small, and the steps that there are lead nowhere; too large, and the weights run away, to an AUC of
# 0.5 for good.

# %% [markdown] exercise="m06_1_ex5"
# The memory of the machine sets the batch size, the deadline the epochs, and there is time for three training jobs. Write `rate_range(batch_size, epochs)`
# that returns the range in which a random search on a logarithmic scale should look for the learning rate, `[low, high]`, within 0.00001 to 1, for batch
# sizes from `batch_size[0]` to `batch_size[1]` and `epochs` epochs. `rate_range([256, 512], 4)` returns something like `[0.001, 0.02]`, though not that.
#
# Twelve unseen cases, of few steps and of many, are replayed on the table: what the best of three would reach, beside what the best range would. The table
# is yours to look at: `networks(aws.data("network_trials"), epochs)`, and `expected_best(auc, 3)` for any rows of it. One range for all cases earns nothing.


# %% answer="m06_1_ex5"
def rate_range(batch_size: list, epochs: int) -> list:
    ### BEGIN SOLUTION
    steps = epochs * 10_000 / (batch_size[0] * batch_size[1]) ** 0.5
    middle, spread = 0.2 / steps, 2.5
    return [middle / spread, middle * spread]
    ### END SOLUTION


# %% check="m06_1_ex5"
check("m06_1_ex5", rate_range=rate_range)

# %% [markdown]
# ## In this notebook we have
#
# - told what a training finds from what we set, and what is worth a search from what is noise, luck or another yardstick;
# - seen the same ranges find everything and nothing, by their scale;
# - narrowed ranges by the trials that did well, where there were any;
# - run a tuning job of twelve children, and taken its winner;
# - found out of five searches why no objective arrived, or the wrong one;
# - seen a learning rate's range move with the steps that it is given.
#
# ## Recall
#
# 1. A range from 0.001 to 1000 is searched on a linear scale. How many of 1000 trials are below 1?
# 2. Why is the random seed no hyperparameter to tune?
# 3. A tuning job failed: `No objective metrics found`. Name three things that must fit each other.
# 4. Why is a tuning job that is `Completed` no proof that its winner is one?
# 5. You make batches ten times as large and leave the epochs as they are. What happens to the learning rate?
#
# <details><summary>Answers</summary>
#
# - To 1: about one.
# - To 2: its best value is luck on the validation rows, and luck does not come again.
# - To 3: what the program prints, what the regular expression looks for, what the objective names; and the rows must give a number.
# - To 4: the objective may be another number than you think, or its direction the wrong one.
# - To 5: there are a tenth of the steps, so it must be larger, about tenfold here.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker import image_uris
# from sagemaker.estimator import Estimator
# from sagemaker.inputs import TrainingInput
# from sagemaker.tuner import ContinuousParameter, HyperparameterTuner
#
# image = image_uris.retrieve("xgboost", aws.region, "3.0-5")
# settings = {"objective": "binary:logistic", "num_round": 30}
# estimator = Estimator(image, aws.role, 1, "ml.m5.large", max_run=600, hyperparameters=settings)
# ranges = {"eta": ContinuousParameter(0.02, 0.5, scaling_type="Logarithmic")}
# tuner = HyperparameterTuner(
#     estimator, "validation:auc", ranges, strategy="Random", max_jobs=4, max_parallel_jobs=2
# )
# tuner.fit({part: TrainingInput(uri, content_type="text/csv") for part, uri in uris.items()})
# print(tuner.best_training_job())
# ```
#
# For a program of your own both versions take `metric_definitions=[{"Name": "auc", "Regex": "auc=([0-9.]+)"}]`. Automatic Model Tuning is open to all accounts.
# Debugger looked into training jobs for weights that run away. It is closed to new accounts since {fact:closed-features-day}. Print what you want to know as a metric
# instead.
#
# ## Clean up
#
# Tuning jobs that have ended cost nothing; their children's records, logs and models stay.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Which strategy finds more with the same jobs, and when to stop one early: [a search for a deadline and a price](../m06_tuning/m06_2_budget.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
