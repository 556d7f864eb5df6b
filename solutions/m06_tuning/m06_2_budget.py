# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # What a search is worth
#
# The head of the team wants every search to be Bayesian, with all jobs at once. Nobody has measured whether that is right. Today you replay hundreds of
# searches, and measure it.
#
# Strategies, limits, prices, warm start and early stopping are AWS's. The team's rules are this course's own.
#
# **By the end you can**
#
# - repeat a search with another strategy, and say when a difference is luck (exercise 6.2.1)
# - say which change of a search makes another strategy right (exercise 6.2.2)
# - start a search from earlier ones (exercise 6.2.3)
# - measure what early stopping saves and costs (exercise 6.2.4)
# - run a search for a deadline and a price (exercise 6.2.5)
#
# **Prerequisites**: [ranges, scales and the first tuning job](../m06_tuning/m06_1_ranges.ipynb).
#
# **Time**: two hours with the stretch exercise and a break.
#
# **Services**: SageMaker Automatic Model Tuning, training jobs, S3.
#
# **Cost**: \$0 here. On AWS about 15 cents (some twenty training jobs of three minutes at {fact:price-ml-m5-large-training} dollars an hour, November 2026).
# Nothing is closed to new accounts.
#
# ## Set up

# %%
import math
from statistics import fmean, median, stdev

import numpy as np
import pandas as pd
from given.budget import begin, best_after, named, summary, verdict
from given.schedule import COLUMNS, table
from given.search import Pool, replay
from given.tuning_jobs import children, sdk_channel, wait_for_tuning
from matplotlib import pyplot as plt

from course import ProgressLine, check, connect, hint, judge, show

aws = connect("m06_2")
sagemaker = aws.client("sagemaker")
aws

# %% [markdown]
# A *seed* starts the random choices of a search. More seeds make comparisons more reliable, and slower.

# %% tags=["parameters"]
SEEDS = 20
JOBS = 24
FLIGHTS = 8_000

# %% [markdown]
# ## A search that runs meanwhile
#
# We start a real search now, and look at it later. It learns from the first half of the year, and July judges.

# %%
flights = table(aws.data("flights"), aws.data("weather"))


def uploaded(name: str, months: list[int]) -> str:
    rows = flights[flights.month.isin(months)].sample(FLIGHTS, random_state=6)
    return aws.upload(rows[["late", *COLUMNS]], f"{name}/part-0.csv")


def inputs(train: str, validation: str) -> list:
    return [sdk_channel("train", uris[train]), sdk_channel("validation", uris[validation])]


periods = {"half-year": [1, 2, 3, 4, 5, 6], "july": [7], "august": [8]}
uris = {name: uploaded(name, months) for name, months in periods.items()}

# %% [markdown]
# The import of the SageMaker SDK takes some seconds:

# %%
import logging

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import ContinuousParameter, IntegerParameter
from sagemaker.core.resources import HyperParameterTuningJob
from sagemaker.core.shapes import HyperParameterTuningJobWarmStartConfig as WarmStartConfig
from sagemaker.core.shapes import ParentHyperParameterTuningJob as Parent
from sagemaker.train import ModelTrainer, configs
from sagemaker.train.tuner import HyperparameterTuner

logging.disable(logging.WARNING)  # the SDK reports every step

# %% [markdown]
# One argument of the tuner is new: with `early_stopping_type="Auto"`, SageMaker stops training jobs that fall behind.

# %%
trainer = ModelTrainer(
    training_image=aws.image("xgboost", "3.0-5"),
    role=aws.role,
    compute=configs.Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=5),
    stopping_condition=configs.StoppingCondition(max_runtime_in_seconds=600),
    output_data_config=configs.OutputDataConfig(s3_output_path=f"s3://{aws.bucket}/{aws.prefix}"),
    hyperparameters={"objective": "binary:logistic", "num_round": 300},
    sagemaker_session=Session(default_bucket=aws.bucket),
)
ranges = {
    "eta": ContinuousParameter(0.01, 1, scaling_type="Logarithmic"),
    "min_child_weight": ContinuousParameter(1, 300, scaling_type="Logarithmic"),
    "max_depth": IntegerParameter(2, 10),
}
tuner = HyperparameterTuner(
    model_trainer=trainer,
    objective_metric_name="validation:auc",
    hyperparameter_ranges=ranges,
    strategy="Bayesian",
    max_jobs=12,
    max_parallel_jobs=2,
    early_stopping_type="Auto",
)
parent = aws.unique("half-year")
tuner.tune(inputs("half-year", "july"), job_name=parent, wait=False)

# %% [markdown]
# ## Twenty seeds, one budget
#
# Another seed gives another result. So one search of each strategy proves nothing, and many would cost hundreds of hours. We *replay* them: a replayed search
# chooses among 2,000 real trainings.
#
# | strategy | how it chooses the next job |
# |---|---|
# | Grid | all combinations; in SageMaker of *categorical* ranges (lists of values) only |
# | Random | at random, whatever was found |
# | Bayesian | where a model of the results so far expects most improvement |
# | Hyperband | at random, but it stops most jobs early: at each comparison a third go on |
#
# All have the same budget: the rounds of 24 whole trainings, one job at a time. The grid searches four of eight hyperparameters, drawn at random.

# %%
pool = Pool(pd.read_parquet(aws.data("tuning_trials")))
strategies = ("Grid", "Random", "Bayesian", "Hyperband")
searches = {}
with ProgressLine(f"Replays {len(strategies) * SEEDS} searches"):
    for strategy in strategies:
        searches[strategy] = [replay(pool, strategy, JOBS, seed=seed) for seed in range(SEEDS)]

rounds = np.arange(300, 100 * JOBS + 1, 100)
figure, axes = plt.subplots(figsize=(8, 4))
colours = ("#8a5a00", "black", "#1f5fa8", "#b0306a")
for strategy, style, colour in zip(strategies, (":", "--", "-", "-."), colours, strict=True):
    curves = np.array([best_after(found, rounds) for found in searches[strategy]])
    axes.plot(rounds, curves.mean(axis=0), style, color=colour, label=strategy)
    if strategy == "Random":
        axes.fill_between(rounds, *np.quantile(curves, [0.25, 0.75], axis=0), color="0.85")
axes.set(xlabel="rounds trained", ylabel="best validation AUC so far")
axes.set_title(f"Four strategies, the mean of {SEEDS} searches each")
axes.legend()
show(figure, "Four lines: the best AUC so far by rounds trained, by strategy.")

summary(pool, searches).round(4)

# %% [markdown]
# The grey band holds the middle half of the Random searches. In the table, the standard deviation is the luck of a seed. The last column judges the winners on other flights.
#
# Which differences are real? *Pair* the searches: take the difference for each seed. `verdict` names the better of the two, `first` or `second`, or says `same`
# (less than a thousandth of AUC) or `cannot tell`.

# %%
rows = []
for jobs in (JOBS // 2, JOBS):
    for one, other in (("Bayesian", "Random"), ("Grid", "Random"), ("Bayesian", "Grid")):
        pairs = zip(searches[one], searches[other], strict=True)
        differences = [x.auc[:jobs].max() - y.auc[:jobs].max() for x, y in pairs]
        shown = {"difference": fmean(differences), "verdict": verdict(differences, 0.001)}
        rows.append({"first": one, "second": other, "jobs": jobs} | shown)
pd.DataFrame(rows).round(4)

# %% [markdown]
# `cannot tell` says that more seeds are needed. Hyperband is left out, because its jobs are not whole trainings.
#
# At half the budget, Bayesian and Random mostly found the same training, because both begin with the same nine random jobs. With all jobs, Bayesian is ahead
# on average, but within the luck of the seeds. The grid is surely behind: some of its four hyperparameters do not matter.
#
# ## Repeat a search
#
# On SageMaker, `RandomSeed` in the configuration sets the seed. The description of a past search has what the new request needs:
# `HyperParameterTuningJobConfig` and `TrainingJobDefinition`. But SageMaker added two things, which you leave out: the static hyperparameter
# `_tuning_objective_metric`, and `MetricDefinitions` in `AlgorithmSpecification`.
#
# In the SDK, `HyperParameterTuningJob.get(name)` has the same members as objects, such as `training_job_definition`. `create` takes them as arguments, and
# the new name as `hyper_parameter_tuning_job_name`. A job has `wait()`, and `refresh()` reads it again.

# %% [markdown] exercise="m06_2_ex1"
# Write `repeat(name, strategy, seed)`, with the SDK or boto3. `name` is an ended search by the built-in XGBoost. Run it again with this `Strategy` and
# `RandomSeed`. Keep everything else. When the repeat has ended, return `{"tuning_job": its name, "gain": a number}`. The gain says how much better its best
# objective value is than the past search's. If the best AUC rose from 0.71 to 0.74, it is `0.03`. With `Minimize`, a *lower* value is better. Give at least
# four decimals.
#
# The check runs `repeat` on unseen searches, more than once. `aws.unique("repeat")` makes a new name each time.


# %% answer="m06_2_ex1"
def repeat(name: str, strategy: str, seed: int) -> dict:
    ### BEGIN SOLUTION
    past = HyperParameterTuningJob.get(name)
    config, definition = past.hyper_parameter_tuning_job_config, past.training_job_definition
    config.strategy, config.random_seed = strategy, seed
    definition.static_hyper_parameters.pop("_tuning_objective_metric")
    definition.algorithm_specification.metric_definitions = None
    again = HyperParameterTuningJob.create(
        hyper_parameter_tuning_job_name=aws.unique("repeat"),
        hyper_parameter_tuning_job_config=config,
        training_job_definition=definition,
    )
    again.wait()
    best, before = (job.best_training_job.final_hyper_parameter_tuning_job_objective_metric.value for job in (again.refresh(), past))
    better = 1 if config.hyper_parameter_tuning_job_objective.type == "Maximize" else -1
    return {"tuning_job": again.hyper_parameter_tuning_job_name, "gain": better * (best - before)}
    ### END SOLUTION


# %% check="m06_2_ex1"
check("m06_2_ex1", repeat=repeat)

# %% [markdown]
# ## Which strategy suits
#
# A Bayesian search learns only from jobs that have *ended* when it chooses. So hurry has a price, which no bill shows.

# %%
hurried = []
with ProgressLine(f"Replays {4 * SEEDS} searches"):
    for parallel in (1, 4, 12, JOBS):
        several = [replay(pool, "Bayesian", JOBS, parallel, seed) for seed in range(SEEDS)]
        found = [each.auc.max() for each in several]
        minutes, error = fmean(each.end.max() for each in several), stdev(found) / math.sqrt(SEEDS)
        hurried.append((parallel, minutes, fmean(found), error))
hurried = pd.DataFrame(hurried, columns=["parallel", "minutes", "auc", "error"])
figure, axes = plt.subplots(figsize=(7, 3.5))
axes.errorbar(hurried.minutes, hurried.auc, yerr=hurried.error, fmt="o-", color="black", capsize=3)
for row in hurried.itertuples():
    place = {"xytext": (8, -12), "textcoords": "offset points", "fontsize": 9}
    axes.annotate(f"{row.parallel} at a time", (row.minutes, row.auc), **place)
label = "Random, however many at a time"
mean = fmean(found.auc.max() for found in searches["Random"])
axes.axhline(mean, color="0.5", linestyle="--", label=label)
axes.set(xscale="log", xlim=(15, 600), xlabel="minutes until the search ends")
axes.set(ylabel="best AUC, mean", title=f"{JOBS} jobs of a Bayesian search")
axes.set_xticks([20, 40, 80, 160, 320], ["20", "40", "80", "160", "320"], minor=False)
axes.minorticks_off()
axes.legend()
show(figure, "Line with error bars: best AUC by minutes, for several jobs at a time.")

# %% [markdown]
# The bars are one standard error. Four jobs at a time take a quarter of the time and are as good, within the bars. With half of the jobs at a time, much of
# the lead over Random seems to be gone. With all at a time it *is* a Random search. AWS allows at most {fact:tuning-parallel-most}; the replay takes more. Random
# loses nothing by hurry, because its jobs never use each other's results.
#
# Hyperband saves where jobs are long and report while they run. The team made its own table. The first yes decides:
#
# | question | strategy |
# |---|---|
# | No numeric hyperparameters, and at least as many jobs as combinations? | Grid |
# | Does a job report at least 10 times, and take at least 20 minutes? | Hyperband |
# | At least 5 times as many jobs as run in parallel? | Bayesian |
# | None of these | Random |

# %% [markdown] exercise="m06_2_ex2"
# Write `changed(search, strategy)`. It returns a copy of `search` with exactly one field changed, so that `strategy` suits it by the team's table. For
# example, `{"numeric": 3, "combinations": 12, "jobs": 30, "parallel": 10, "reports": 1, "minutes": 4, "paid_minutes": 200}` suits Random. With `"parallel": 6`
# instead of 10, `"Bayesian"` is right.
#
# | field | what it counts | whole number |
# |---|---|---|
# | `numeric` | numeric hyperparameters searched | 0 to 30 |
# | `combinations` | combinations of the other hyperparameters' values | 2 to 500 |
# | `jobs` | jobs of the search | 2 to {fact:tuning-jobs-most} |
# | `parallel` | jobs at a time | 1 to {fact:tuning-parallel-most}, not above `jobs` |
# | `reports` | reports of a job | 1 to 500 |
# | `minutes` | minutes of a job | 1 to 240 |
# | `paid_minutes` | minutes paid for | not yours to change |
#
# A change is allowed if afterwards all fields are in these limits, and `jobs` times `minutes` is not above `paid_minutes`. Thirty-two unseen searches are
# graded.


# %% answer="m06_2_ex2"
def changed(search: dict, strategy: str) -> dict:
    ### BEGIN SOLUTION
    limits = {"numeric": 30, "combinations": 500, "jobs": 750, "parallel": min(10, search["jobs"]), "reports": 500, "minutes": 240}
    least = {"numeric": 0, "combinations": 2, "jobs": max(2, search["parallel"])}

    def suits(one: dict) -> str:
        if one["numeric"] == 0 and one["jobs"] >= one["combinations"]:
            return "Grid"
        if one["reports"] >= 10 and one["minutes"] >= 20:
            return "Hyperband"
        return "Bayesian" if one["jobs"] >= 5 * one["parallel"] else "Random"

    for name, most in limits.items():
        for value in range(least.get(name, 1), most + 1):
            other = search | {name: value}
            if suits(other) == strategy and other["jobs"] * other["minutes"] <= other["paid_minutes"]:
                return other
    return search
    ### END SOLUTION


# %% check="m06_2_ex2"
check("m06_2_ex2", changed=changed)

# %% [markdown]
# ## Begin where others ended
#
# The real search should be over by now. `analytics` makes a table of its training jobs. Their descriptions have the bills.

# %%
tuner.wait()
done = tuner.describe()
print(done.hyper_parameter_tuning_job_status, done.training_job_status_counters)
print("the best:", tuner.best_training_job())
of_interest = ["TrainingJobStatus", "TrainingElapsedTimeSeconds", "FinalObjectiveValue", *ranges]
bills = []
for child in children(sagemaker, parent):
    training_job = sagemaker.describe_training_job(TrainingJobName=child["TrainingJobName"])
    bills.append(training_job["BillableTimeInSeconds"])
print("billed seconds:", bills)
tuner.analytics().dataframe().set_index("TrainingJobName")[of_interest].round(4)

# %% [markdown]
# Most jobs were stopped, perhaps even the best one: a slow learner begins low.
#
# A *warm start* gives a new search the results of earlier ones, its *parents*. There are two kinds:
#
# - `IdenticalDataAndAlgorithm`: same data, same image. The search goes on, with more jobs or other ranges. The parents' results count as its own:
#   `OverallBestTrainingJob` of the description names the best of all.
# - `TransferLearning`: other data, or another version of the image. The parents' results only hint where to look. They are not compared.
#
# An earlier search can be a parent if all of this holds:
#
# - It has ended (`Completed`, `Stopped` or `Failed`), and at least one of its jobs succeeded.
# - It has the same objective metric as the new search.
# - It has the same names of hyperparameters, searched and fixed (*static*) together.
# - A hyperparameter that both search has the same kind in both, such as `continuous`.
#
# There may be at most {fact:warm-start-parents} parents.
#
# We start one search of each kind. The first has three more jobs on the half year, with boto3 (`begin`). The second has three on July, judged on August, with
# the SDK.

# %%
same = {
    "WarmStartType": "IdenticalDataAndAlgorithm",
    "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
}
more = begin(aws, "more", uris["half-year"], uris["july"], same)
transfer = WarmStartConfig(
    warm_start_type="TransferLearning",
    parent_hyper_parameter_tuning_jobs=[Parent(hyper_parameter_tuning_job_name=parent)],
)
how = {"max_jobs": 3, "max_parallel_jobs": 2, "warm_start_config": transfer}
next_month = HyperparameterTuner(trainer, "validation:auc", ranges, **how)
august = aws.unique("august")
next_month.tune(inputs("july", "august"), job_name=august, wait=False)
requests = []
for name in (more, august):
    with ProgressLine(f"Waits for {name}"):
        job = wait_for_tuning(sagemaker, name)
    requests.append(job["HyperParameterTuningJobConfig"])
    print(name)
    print("  the best of its own jobs", named(job.get("BestTrainingJob")))
    print("  the best of it and its parents", named(job.get("OverallBestTrainingJob")))
for member, value in requests[0].items():
    if requests[1][member] != value:
        print(f"{member} by boto3: {value}")
        print(f"{member} by the SDK: {requests[1][member]}")

# %% [markdown]
# The first kind compares its jobs with its parent's. The second does not, because August's flights are not July's. Only the SDK writes out AWS's default
# scale, `Auto`.

# %% [markdown] exercise="m06_2_ex3"
# Write `warm_start(new, earlier)`. It returns the `WarmStartConfig`, such as
# `{"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "june"}]}`, or `None` to begin from nothing.
# `earlier` lists tuning jobs like `{"name": "june", "status": "Completed", "succeeded": 18, "image": "sagemaker-xgboost:3.0-5", "data": "s3://flights/june/",
# "objective": "validation:auc", "ranges": {"eta": "continuous"}, "static": ["max_depth"]}`. `new` lacks `status` and `succeeded`.
#
# The team's rules:
#
# - A search that fits the list above may be a parent. Data and version may differ, but not the algorithm (the image before the colon).
# - If some have the data and image of `new`, only these are parents: `IdenticalDataAndAlgorithm`. Otherwise all are: `TransferLearning`.
# - If there are too many, take those with the most succeeded jobs.
#
# Twenty-four unseen starts are graded.


# %% answer="m06_2_ex3"
def warm_start(new: dict, earlier: list[dict]) -> dict | None:
    ### BEGIN SOLUTION
    def possible(job: dict) -> bool:
        kinds = all(new["ranges"].get(name, kind) == kind for name, kind in job["ranges"].items())
        names = {*job["ranges"], *job["static"]} == {*new["ranges"], *new["static"]}
        algorithm = job["image"].split(":")[0] == new["image"].split(":")[0]
        ended = job["status"] in ("Completed", "Stopped", "Failed") and job["succeeded"] > 0
        return ended and algorithm and kinds and names and job["objective"] == new["objective"]

    parents = [job for job in earlier if possible(job)]
    same = [job for job in parents if job["data"] == new["data"] and job["image"] == new["image"]]
    chosen = sorted(same or parents, key=lambda job: job["succeeded"], reverse=True)[:5]
    if not chosen:
        return None
    return {
        "WarmStartType": "IdenticalDataAndAlgorithm" if same else "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": job["name"]} for job in chosen],
    }
    ### END SOLUTION


# %% check="m06_2_ex3"
check("m06_2_ex3", warm_start=warm_start)

# %% [markdown]
# ## Stop what will not win
#
# With `TrainingJobEarlyStoppingType` `Auto`, SageMaker looks at each report of a training job. For every earlier job that *completed*, it takes the average of
# its values up to the same report. If the judged job's value is worse than the median of these averages, it is stopped.
#
# A stopped job is billed for the time that it ran. Its last value counts as its result. Later jobs are not compared with it. The algorithm must report while
# it runs, as XGBoost does after each round. Hyperband stops jobs by itself, so there `Auto` is refused.

# %% [markdown] exercise="m06_2_ex4"
# Write `early_stopping(jobs, setup)`. It replays the rule on jobs that ran to their end one after the other. A job is `{"auc": [...], "seconds": 83.0}`: its
# AUC after 5, 10, ... 100 rounds, and the seconds of its training, as long for every round. Each job is billed for `setup` seconds besides. A job is judged
# once three have completed (AWS states no number), at each report but the last. It is stopped when its AUC is *below* the median. Return a `dict`:
#
# | key | value |
# |---|---|
# | `"stopped"` | list of the stopped jobs' places, from 0, in order |
# | `"rounds"` | number of rounds not trained |
# | `"saved"` | share of the bill not paid, from 0 to 1 |
# | `"auc"` | best AUC without the rule less best AUC with it; a job counts with its last value |
#
# For example, `setup` is 10, and the last of four jobs of 90 seconds is stopped at its second report. Then 90 rounds and 81 of 400 seconds are saved:
# `"saved"` is 0.2025. Twelve unseen searches are graded.


# %% answer="m06_2_ex4"
def early_stopping(jobs: list[dict], setup: float) -> dict:
    ### BEGIN SOLUTION
    completed, stopped, values = [], [], []
    saved_rounds = saved_seconds = 0
    for place, job in enumerate(jobs):
        curve, end = job["auc"], len(job["auc"])
        if len(completed) >= 3:
            for report in range(1, len(curve)):
                if curve[report - 1] < median(fmean(other[:report]) for other in completed):
                    end = report
                    break
        if end < len(curve):
            stopped.append(place)
        else:
            completed.append(curve)
        values.append(curve[end - 1])
        saved_rounds += 5 * (len(curve) - end)
        saved_seconds += job["seconds"] * (1 - end / len(curve))
    bill = sum(setup + job["seconds"] for job in jobs)
    lost = max(job["auc"][-1] for job in jobs) - max(values)
    return {"stopped": stopped, "rounds": saved_rounds, "saved": saved_seconds / bill, "auc": lost}
    ### END SOLUTION


# %% check="m06_2_ex4"
check("m06_2_ex4", early_stopping=early_stopping)

# %% [markdown]
# What is the rule worth? Each point is one of the Random searches again, with the rule. Each job is billed for a minute of setup.

# %%
stopped = [replay(pool, "Random", JOBS, seed=seed, early="Auto") for seed in range(SEEDS)]
pairs = list(zip(searches["Random"], stopped, strict=True))
worth = pd.DataFrame(
    {
        "saved": [1 - early.billed.sum() / whole.billed.sum() for whole, early in pairs],
        "rounds": [1 - early.rounds.sum() / whole.rounds.sum() for whole, early in pairs],
        "lost": [whole.auc.max() - early.auc.max() for whole, early in pairs],
    }
)
figure, axes = plt.subplots(figsize=(7, 3.2))
axes.plot(100 * worth.saved, worth.lost, "o", color="black", alpha=0.6)
axes.axhline(0, color="0.5", linewidth=1)
axes.set(xlabel="% of the bill saved", ylabel="AUC lost")
axes.set_title(f"Early stopping in {SEEDS} Random searches of {JOBS} jobs")
show(figure, "Dots, one for each search: AUC lost by share of the bill saved.")
mean = worth.mean()
print(f"saved on average {mean.rounds:.0%} of the rounds, {mean.saved:.0%} of the bill", end="; ")
print(f"AUC lost {mean.lost:.4f}")
print(f"the best training was stopped in {(worth.lost > 0).sum()} of {SEEDS} searches")

# %% [markdown]
# More than half of the bill is saved, and more of the rounds, because each stopped job was set up. In most searches this costs no AUC. In some, the best
# training learned late and was stopped.
#
# ## A search for a deadline and a price
#
# A tuning job can have a deadline (`max_runtime_in_seconds`, in boto3 in `ResourceLimits`), but no limit for a price. So first run a small *trial*, and read
# what its training jobs were billed. The money says how many jobs to run, the deadline how many at a time. A warm start keeps what the trial found.
#
# Averages need a reserve: the next jobs may take longer.

# %% [markdown] exercise="m06_2_ex5"
# Write `search_within(train, validation, trial, brief)`, with the SDK or boto3. `trial` is an ended search of the notebook's ranges on the same two S3 URIs
# of CSV. `brief` is like `{"usd": 0.05, "usd_hour": 4.5, "deadline_minutes": 16, "wait_minutes": 5}`. Run this search:
#
# | what | rule |
# |---|---|
# | training jobs | as many as 80 % of `usd` pays for; each is billed like the trial's on average |
# | at a time | as few as end in 80 % of the deadline; each waits `wait_minutes` for its instance, unbilled, before its billed time |
# | deadline | SageMaker ends the search then |
# | start | warm, from the trial |
# | ranges, instance | as in this notebook; the rest is your choice |
#
# When it has ended, return `{"tuning_job": its name, "usd": what its training jobs were billed}`, with six decimals or more. The check calls it with unseen
# briefs. Nothing waits for instances here. `given/budget.py` has parts of such a request.


# %% answer="m06_2_ex5"
def search_within(train: str, validation: str, trial: str, brief: dict) -> dict:
    ### BEGIN SOLUTION
    def billed(name: str) -> list[int]:
        names = [child["TrainingJobName"] for child in children(sagemaker, name)]
        return [sagemaker.describe_training_job(TrainingJobName=each)["BillableTimeInSeconds"] for each in names]

    mean, rate = fmean(billed(trial)), brief["usd_hour"] / 3600
    jobs = int(0.8 * brief["usd"] / (mean * rate))
    turns = int(0.8 * brief["deadline_minutes"] / (brief["wait_minutes"] + mean / 60))
    tuner = HyperparameterTuner(
        trainer,
        "validation:auc",
        ranges,
        max_jobs=jobs,
        max_parallel_jobs=math.ceil(jobs / turns),
        max_runtime_in_seconds=60 * brief["deadline_minutes"],
        warm_start_config=WarmStartConfig(
            warm_start_type="IdenticalDataAndAlgorithm",
            parent_hyper_parameter_tuning_jobs=[Parent(hyper_parameter_tuning_job_name=trial)],
        ),
    )
    data = [sdk_channel("train", train), sdk_channel("validation", validation)]
    name = aws.unique("within")
    tuner.tune(data, job_name=name)
    return {"tuning_job": name, "usd": sum(billed(name)) * rate}
    ### END SOLUTION


# %% check="m06_2_ex5"
check("m06_2_ex5", search_within=search_within)

# %% [markdown]
# ## In this notebook we have
#
# - compared strategies, and repeated a search;
# - made another strategy right by one change;
# - started searches from earlier ones;
# - measured what early stopping saves and costs;
# - run a search for a deadline and a price.
#
# ## Recall
#
# 1. Two strategies, one search each: B's model is better by 0.002. What do you know?
# 2. Why does Random lose nothing when all jobs run at once?
# 3. When is a grid the right search?
# 4. July's search is done, and August's data has come. Which kind of warm start?
# 5. Early stopping saved 60 % of the rounds. Why not 60 % of the bill?
#
# <details><summary>Answers</summary>
#
# - To 1: almost nothing. Other seeds may say the opposite.
# - To 2: none of its jobs uses what another found.
# - To 3: when all ranges are categorical and all combinations are paid for.
# - To 4: `TransferLearning`, because the data is other data.
# - To 5: the setup of each job is billed, too.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker import image_uris
# from sagemaker.estimator import Estimator
# from sagemaker.inputs import TrainingInput
# from sagemaker.tuner import ContinuousParameter, HyperparameterTuner, IntegerParameter, WarmStartConfig, WarmStartTypes
#
# image = image_uris.retrieve("xgboost", aws.region, "3.0-5")
# settings = {"objective": "binary:logistic", "num_round": 300}
# estimator = Estimator(image, aws.role, 1, "ml.m5.large", max_run=600, hyperparameters=settings)
# ranges = {
#     "eta": ContinuousParameter(0.01, 1, scaling_type="Logarithmic"),
#     "min_child_weight": ContinuousParameter(1, 300, scaling_type="Logarithmic"),
#     "max_depth": IntegerParameter(2, 10),
# }
# tuner = HyperparameterTuner(
#     estimator,
#     "validation:auc",
#     ranges,
#     strategy="Bayesian",
#     max_jobs=4,
#     max_parallel_jobs=2,
#     early_stopping_type="Auto",
#     warm_start_config=WarmStartConfig(WarmStartTypes.TRANSFER_LEARNING, {parent}),
# )
# channels = {"train": uris["half-year"], "validation": uris["july"]}
# tuner.fit({name: TrainingInput(uri, content_type="text/csv") for name, uri in channels.items()})
# print(tuner.best_training_job())
# ```
#
# ## Clean up
#
# Tuning jobs end by themselves, and cost nothing afterwards.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# You have found a model. To let it answer, go on with [the real-time endpoint](../m08_realtime/m08_1_realtime.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
