# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # What a search is worth
#
# "Bayesian is the best strategy, take that. And all at once, we have no time." So says the head of the team before every search. The head of costs asks what
# the last one brought. Nobody knows: it was run once. Today you run searches by the hundred, without training anything, and find out which strategy wins,
# when you cannot tell, what it costs to hurry, and what can be taken over from the search before.
#
# **By the end you can**
#
# - compare two strategies, and say when you cannot tell (exercise 6.2.1)
# - say which change of a search makes another strategy right (exercise 6.2.2)
# - start a search from earlier ones (exercise 6.2.3)
# - measure what early stopping saves and costs (exercise 6.2.4)
# - plan a search for a deadline and a price (exercise 6.2.5)
#
# **Prerequisites**: [ranges, scales and the first tuning job](../m06_tuning/m06_1_ranges.ipynb).
#
# **Time**: 90 minutes; a good place for a break is after the third exercise.
#
# **Services**: SageMaker Automatic Model Tuning, training jobs, S3.
#
# **Cost**: \$0 here. On AWS about 15 cents: some twenty training jobs of about three minutes on one instance each, at
# {fact:price-ml-m5-large-training} dollars an hour (November 2026). Nothing is closed to new accounts.
#
# ## Set up

# %%
import math
from statistics import fmean, median, stdev

import numpy as np
import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError
from given.budget import begin, best_after, named, noted, summary
from given.schedule import COLUMNS, table
from given.search import Pool, outcome, replay
from given.tuning_jobs import children, wait_for_tuning
from matplotlib import pyplot as plt

from course import ProgressLine, check, connect, hint, judge, show

aws = connect("m06_2")
sagemaker = aws.client("sagemaker")
aws

# %% [markdown]
# More seeds make every comparison surer and slower.

# %% tags=["parameters"]
SEEDS = 20
JOBS = 24
FLIGHTS = 8_000

# %% [markdown]
# ## A search that runs meanwhile
#
# The first search of the day is a real one: twelve training jobs on flights of the first half of the year, judged on July. It takes its time, so we start it
# now and look at it later. The request is like those of the notebook before, and stands in `given/budget.py`, with one member more:
# `TrainingJobEarlyStoppingType`. With `Auto`, SageMaker stops training jobs that fall behind.

# %%
flights = table(aws.data("flights"), aws.data("weather"))


def uploaded(name: str, months: list[int]) -> str:
    rows = flights[flights.month.isin(months)].sample(FLIGHTS, random_state=6)
    return aws.upload(rows[["late", *COLUMNS]], f"{name}/part-0.csv")


periods = {"half-year": [1, 2, 3, 4, 5, 6], "july": [7], "august": [8]}
uris = {name: uploaded(name, months) for name, months in periods.items()}
parent = begin(aws, "half-year", uris["half-year"], uris["july"], jobs=12, early="Auto")
parent

# %% [markdown]
# ## Twenty seeds, one budget
#
# A search is a game of chance: another seed, another result. Whoever compares two strategies by one search each compares two throws of dice. It takes many
# searches, and those would cost hundreds of hours. So they are *replayed*: the table of trials holds 2,000 trainings in eight wide ranges that were really
# run. A replayed search chooses among them and is told what came out, round by round. Nothing is trained.
#
# | strategy | how it chooses the next job |
# |---|---|
# | Grid | all combinations of a few values; in SageMaker of *categorical* ranges only |
# | Random | anew, whatever was found |
# | Bayesian | where a model of what was found expects most improvement |
# | Hyperband | at random, but it stops most jobs early and lets a third of them go on at each rung |
#
# The budget is the same for all: the rounds of 24 whole trainings, one job at a time. Hyperband makes more and shorter jobs of them. For the grid four of the
# eight hyperparameters are drawn, since nobody knows beforehand which ones matter; the others stay at their defaults.

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
# Each curve is the best AUC until then, as the mean of all seeds; in the grey band lies the middle half of the Random searches. Look at the standard deviations, the luck of
# a seed, beside the differences of the means. And look at the last column, the winners on other flights of the same month: choosing the best of many flatters it,
# whatever the strategy. Which of these gaps is real?
#
# Two things help. First, *pair*: both strategies have the seed in common, and with it their first draws, so compare seed by seed and look at the differences. Often
# both find the very same training, and the difference is 0; that is a result, too. Second, say how sure you are: the mean difference, and 2.1 standard errors (the
# standard deviation by the root of how many there are) on either side of it. This interval holds the true difference in 95 of 100 cases.
#
# Then there are four verdicts, asked for in this order. `matters` is the smallest difference that anybody would pay for.
#
# | the interval | verdict |
# |---|---|
# | lies wholly between `-matters` and `matters` | `"same"`: whatever the difference is, it does not matter |
# | lies wholly above 0 | `"first"` is better |
# | lies wholly below 0 | `"second"` is better |
# | anything else | `"cannot tell"`: run more seeds, or do not claim anything |
#
# "No difference was shown" is the fourth, not the first.

# %% [markdown] exercise="m06_2_ex1"
# Write `compare(first, second, matters)` that returns `{"difference": float, "verdict": str}`. Each strategy is a list of searches like `{"seed": 7, "auc":
# [0.61, 0.7, 0.69]}`, the AUC of its jobs in their order. Compare seeds that both have. Truncate every search to the length of the shortest one with such a seed:
# nobody may win by a larger budget. The difference is the mean over the seeds of the first's best AUC less the second's.
#
# For two strategies with two seeds each, `[{"seed": 1, "auc": [0.6, 0.7]}, {"seed": 2, "auc": [0.5, 0.68]}]` and `[{"seed": 2, "auc": [0.66, 0.6, 0.9]},
# {"seed": 1, "auc": [0.5, 0.69]}]`, the difference is `0.015`; give at least four decimals. Twenty-four unseen comparisons are graded, all with twelve seeds or more. You need not
# handle fewer than two.


# %% answer="m06_2_ex1"
def compare(first: list[dict], second: list[dict], matters: float) -> dict:
    ### BEGIN SOLUTION
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(found[seed]) for found in (one, other) for seed in seeds)
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    half = 2.1 * stdev(differences) / math.sqrt(len(differences))
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "first"
    else:
        verdict = "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
    ### END SOLUTION


# %% check="m06_2_ex1"
check("m06_2_ex1", compare=compare)

# %% [markdown]
# Your verdicts on the searches above. A thousandth of AUC is what this team would pay for. Hyperband's jobs are no whole trainings, so it is left out here:
# equal jobs would not be an equal budget.


# %%
def listed(strategy: str, jobs: int) -> list[dict]:
    aucs = [found.auc.tolist()[:jobs] for found in searches[strategy]]
    return [{"seed": seed, "auc": auc} for seed, auc in enumerate(aucs)]


verdicts = []
try:
    for jobs in (JOBS // 2, JOBS):
        for one, other in (("Bayesian", "Random"), ("Grid", "Random"), ("Bayesian", "Grid")):
            found = compare(listed(one, jobs), listed(other, jobs), 0.001)
            verdicts.append({"first": one, "second": other, "jobs": jobs} | found)
except (NotImplementedError, NameError):
    print("Answer exercise 6.2.1 first; then its verdicts stand here.")
pd.DataFrame(verdicts).round(4)

# %% [markdown]
# At half the budget Bayesian and Random mostly found the very same training: the first nine jobs are drawn at random by both, and three more teach little. That nothing
# can be told is no proof that they are the same: the interval reaches beyond a thousandth. With all jobs Bayesian is ahead. Whether so far that it can be told, your
# table says; with twenty seeds it is close, and another twenty may turn it. The grid is surely behind. It spends its jobs on a few values of four hyperparameters, of
# which some do not matter, and leaves the others where they are.
#
# So Bayesian does not "win". It needs jobs to learn from, and what it gains then is less than the luck of a seed. The notebook before moved the AUC further by one
# word, the scale.
#
# ## Which strategy suits
#
# What a Bayesian search knows when it chooses depends on how many jobs have *ended* by then. With all jobs at a time it knows nothing and is a roundabout way to draw at
# random. So hurry has a price, though the bill does not show it: a job costs the same whenever it runs.

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
# The bars are one standard error. Four at a time take a quarter of the time and lose next to nothing: twenty jobs still begin after others have ended. With half of the jobs at a time
# a good part of the lead over Random is gone, as far as twenty seeds can tell, and with all at a time it *is* a Random search. (Twelve at a time and more AWS
# does not allow; they are there to show the end.) Random itself loses nothing by hurry: its jobs know nothing of each other anyway.
#
# Hyperband saves where jobs are long and report on their way. A job of a minute is over before it pays to stop it. And if there are only as many combinations as
# jobs, there is nothing to search: try them all. The team made a table of it, with numbers of its own (AWS states none, and no exam asks for them). The first
# question that is answered with yes decides:
#
# | question | strategy |
# |---|---|
# | Are no hyperparameters numeric, and are there at least as many jobs as combinations? | Grid |
# | Does a job report at least 10 times, and does it take at least 20 minutes? | Hyperband |
# | Are there at least 5 times as many jobs as run in parallel? | Bayesian |
# | None of these | Random |
#
# What it teaches is when the wrong strategy becomes the right one.

# %% [markdown] exercise="m06_2_ex2"
# Write `changed(search, strategy)` that returns a copy of the search with exactly one field changed, so that another strategy suits it: the one named, by the team's table. A
# search is a `dict` like `{"numeric": 3, "combinations": 12, "jobs": 30, "parallel": 10, "reports": 1, "minutes": 4, "paid_minutes": 200}`: how many numeric
# hyperparameters are searched, combinations of the values of the others, jobs, how many at a time, reports and minutes of a job. Of this one, `"parallel":
# 6` instead of 10 makes `"Bayesian"` right.
#
# A change is allowed if afterwards `jobs` times `minutes` is not above `paid_minutes`, which is not yours to change, and all are whole numbers in these limits:
# `numeric` 0 to 30, `combinations` 2 to 500, `jobs` 2 to {fact:tuning-jobs-most}, `parallel` 1 to {fact:tuning-parallel-most} and not above `jobs`, `reports`
# 1 to 500, `minutes` 1 to 240. Thirty-two unseen searches are graded. Each can be changed so; the strategy asked for never suits it already.


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
# The real search should be over by now; if not, it takes half a minute more. `BillableTimeInSeconds` is what each of its jobs is paid for.

# %%
with ProgressLine(f"Waits for {parent}"):
    done = wait_for_tuning(sagemaker, parent)
jobs = []
for child in children(sagemaker, parent):
    job = sagemaker.describe_training_job(TrainingJobName=child["TrainingJobName"])
    value = child.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value")
    billed = {"status": job["TrainingJobStatus"], "billed": job["BillableTimeInSeconds"]}
    tuned = {name: float(text) for name, text in child["TunedHyperParameters"].items()}
    jobs.append(billed | {"auc": value} | tuned)
print(done["HyperParameterTuningJobStatus"], done["TrainingJobStatusCounters"])
pd.DataFrame(jobs).round(4)

# %% [markdown]
# Many were stopped, perhaps even the one with the best value: the rule compares jobs at the same report, and a slow learner begins low. More of that below, in
# "Stop what will not win".
#
# Next month there are new flights and the question comes again. A *warm start* gives a new search what earlier ones, its *parents*, found. There are two kinds:
#
# - `IdenticalDataAndAlgorithm`: same data, same image. The search goes on: more jobs, other ranges, hyperparameters fixed that were searched, or the other way round.
#   What the parents found counts as found, and `OverallBestTrainingJob` of the description names the best of all.
# - `TransferLearning`: other data, or another version of the image. What the parents found is a hint where to look. Their values are those of other data: they
#   are not compared.
#
# A parent must have ended (`Completed`, `Stopped` or `Failed`), and there may be at most {fact:warm-start-parents}. All have the same objective metric, the same names of
# hyperparameters, searched and static together, and a name that both search keeps its kind. At most {fact:warm-start-changes} may change from
# searched to static or back. Parents hand on their own jobs, not those of *their* parents. Of a parent in which no job succeeded there is nothing to learn.

# %% [markdown] exercise="m06_2_ex3"
# Write `warm_start(new, earlier)` that returns the `WarmStartConfig` of a request, or `None` for a search that begins from nothing:
# `{"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "june"}]}`. `earlier` is a list of tuning jobs like
# `{"name": "june", "status": "Completed", "succeeded": 18, "image": "sagemaker-xgboost:3.0-5", "data": "s3://flights/june/", "objective": "validation:auc",
# "ranges": {"eta": "continuous"}, "static": ["max_depth"]}`, of which 18 training jobs succeeded; `new` is one without `status` and `succeeded`.
#
# The team's rules: whoever can be a parent by the section above may be one, other data and versions included, but not another algorithm (what stands before the
# colon). If some of them had the same data and the same image, only these are parents, and the kind is the first; else the second. When there are more than may be,
# those with most succeeded jobs. Twenty-four unseen starts are graded. You need not count changes.


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
# One of each kind, for real: three more jobs on the half year, and three on July, judged on August; they take a quarter of a minute or more. Your rule makes the
# configuration. Until it is written, both begin with the one parent that there is.

# %%
succeeded = done["ObjectiveStatusCounters"]["Succeeded"]
earlier = [noted(parent, uris["half-year"]) | {"status": "Completed", "succeeded": succeeded}]
warm = {}
for name, train, validation in (("more", "half-year", "july"), ("august", "july", "august")):
    try:
        config = warm_start(noted(name, uris[train]), earlier)
        warm[name] = begin(aws, name, uris[train], uris[validation], config)
    except (NotImplementedError, NameError, ClientError, ParamValidationError) as error:
        print(f"{name!r} begins with the one parent there is, since: {error}")
        kind = "IdenticalDataAndAlgorithm" if name == "more" else "TransferLearning"
        parents = [{"HyperParameterTuningJobName": parent}]
        config = {"WarmStartType": kind, "ParentHyperParameterTuningJobs": parents}
        warm[name] = begin(aws, name, uris[train], uris[validation], config)
for name in warm.values():
    with ProgressLine(f"Waits for {name}"):
        job = wait_for_tuning(sagemaker, name)
    print(job.get("WarmStartConfig", {}).get("WarmStartType", "from nothing"), "of", name)
    print("  the best of its own jobs", named(job.get("BestTrainingJob")))
    print("  the best of it and its parents", named(job.get("OverallBestTrainingJob")))

# %% [markdown]
# The first kind compares with its parent, and often it is the parent that has the best job: three more jobs are no miracle. The second does not, and rightly: an
# AUC of August is not better or worse than one of July, it is of other flights.
#
# ## Stop what will not win
#
# With `TrainingJobEarlyStoppingType` `Auto`, SageMaker looks at each report of a training job. For every job before that *completed* it takes the average of
# its values up to the same report, and of these averages the median. If the job's value is worse, it is stopped. A stopped job is billed for the time that it ran, keeps its
# last value, which counts as its result, and is no longer one of "those before". The algorithm must report on its way, as XGBoost does after each round. AWS does not say how
# many completed jobs it wants first; here it is 3.
#
# Hyperband stops jobs by itself, so there `Auto` is refused. The curves of 60 trainings show why the rule works at all, and where it errs: grey ones end below
# the best by more than 0.01.

# %%
some = np.random.default_rng(6).choice(len(pool), 60, replace=False)
reports = np.arange(5, 101, 5)
figure, axes = plt.subplots(figsize=(8, 3.5))
top = pool.curves[some, -1].max()
for trial in some:
    good = pool.curves[trial, -1] > top - 0.01
    style = {"color": "black", "linewidth": 1.5} if good else {"color": "0.8", "linewidth": 0.8}
    axes.plot(reports, pool.curves[trial], **style, zorder=2 if good else 1)
axes.set(xlabel="rounds", ylabel="validation AUC", xlim=(5, 100))
axes.set_title("Black: within 0.01 of the best after 100 rounds")
show(figure, "Sixty learning curves: AUC by rounds; those that end near the best are black.")

# %% [markdown]
# Most black curves are near the top after twenty rounds, and stay there; so the rule works. But several are still at the bottom after five or ten: those it may stop although they
# would have been good.

# %% [markdown] exercise="m06_2_ex4"
# Write `early_stopping(jobs, setup)` that replays the rule on jobs that ran to their end one after the other, and returns a `dict`: `"stopped"`, the places (from 0, in
# their order) of the jobs that it would have stopped; `"rounds"`, how many rounds would not have been trained; `"saved"`, the share of the bill that would not have been
# paid, from 0 to 1; `"auc"`, the best AUC without the rule less the best AUC with it, where a job counts with its last value, not with its best one.
#
# A job is `{"auc": [...], "seconds": 83.0}`: its AUC after 5, 10, ... 100 rounds, and the seconds of its training, as long for every round. Each job is
# billed for `setup` seconds besides. A job is judged once three have completed, at each report but the last, and stopped when its AUC is *below* the median. With a setup of 10
# seconds and four jobs of 90 seconds of which the last is stopped at its second report, 90 rounds and 81 of 400 seconds are saved, so `"saved"` is 0.2025. Twelve unseen
# searches are graded.


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
# What it is worth: the Random searches of all seeds again, with the rule. Each point is a search; the bill is that of a setup of a minute for each job.

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
# Well over half of the bill is saved, and more of the rounds: a job that is stopped after five rounds was still set up. In most searches it costs nothing; in some the best
# training was a late riser, and was stopped. Whether a thousandth of AUC is worth the other half of the bill is not for the rule to say. Note how widely the points are
# spread from left to right: what early stopping saves is hard to know beforehand.
#
# ## A plan for a deadline and a price
#
# Strategy, jobs, how many at a time, early stopping: each of these moves time, money and result. `outcome` replays a whole plan. A brief tells the minutes that a job waits for
# its instance (not billed), sets up (billed) and trains on average (billed); deeper trees take longer.

# %%
minutes = {"wait": 3.0, "setup": 2.0, "training": 12.0}
brief = {"deadline_minutes": 150, "usd": 1.5, "usd_hour": 0.23} | minutes
plans = [
    {"strategy": "Random", "jobs": 24, "parallel": 1, "early": "Off"},
    {"strategy": "Random", "jobs": 24, "parallel": 10, "early": "Off"},
    {"strategy": "Random", "jobs": 60, "parallel": 10, "early": "Auto"},
]
rows = []
for each in plans:
    replayed = pd.DataFrame([outcome(pool, each, brief, seed) for seed in range(SEEDS)])
    rows.append(each | replayed.mean().to_dict())
pd.DataFrame(rows).round(4)

# %% [markdown]
# The first is far too late. The second keeps both promises on average, and hurries more than it must: a search that learns would rather have fewer at a time. The third
# is over in time and mostly too dear, for all that early stopping saves. And these are averages: a promise holds for every seed. A real tuning job can be given a deadline
# (`MaxRuntimeInSeconds` in `ResourceLimits`), but no price: nobody stops a search that has become too dear.

# %% [markdown] exercise="m06_2_ex5"
# Write `plan(brief)` that returns a plan as above: `"strategy"` is `"Random"` or `"Bayesian"`, `"jobs"` from 3 to 100, `"parallel"` from 1 to {fact:tuning-parallel-most},
# `"early"` is `"Off"` or `"Auto"`. The search must end by the deadline and cost no more than `usd`, whatever the seed, and find as much as it can. A brief looks like the one
# above; `{"deadline_minutes": 400, "usd": 0.5, "usd_hour": 0.115, "wait": 2.0, "setup": 1.0, "training": 14.0}` has much time and little money, others have it the other way
# round. You may replay as much as you like, with seeds of your own; all six briefs together have two minutes.
#
# Each brief is replayed with three hidden seeds. A search that is too late or too dear counts as one that found nothing, and so does one that leaves more than half of the
# money unused, or is over before a third of the time has passed: it hurried without need.


# %% answer="m06_2_ex5"
def plan(brief: dict) -> dict:
    ### BEGIN SOLUTION
    paid = brief["setup"] + brief["training"]
    jobs = max(3, int(0.8 * brief["usd"] / brief["usd_hour"] * 60 / paid))
    in_turn = max(1, int(0.85 * brief["deadline_minutes"] / (paid + brief["wait"])))
    parallel = min(10, math.ceil(jobs / in_turn))
    jobs = min(jobs, parallel * in_turn)
    return {"strategy": "Bayesian" if in_turn >= 9 else "Random", "jobs": jobs, "parallel": parallel, "early": "Off"}
    ### END SOLUTION


# %% check="m06_2_ex5"
check("m06_2_ex5", plan=plan)

# %% [markdown]
# ## In this notebook we have
#
# - compared strategies over many seeds at one budget, and told "the same" from "cannot tell";
# - seen what hurry costs a search that learns;
# - changed one field, and another strategy was right;
# - started one search of each kind from an earlier one;
# - measured what early stopping saves of the rounds and of the bill, and what it costs;
# - planned searches for a deadline and a price.
#
# ## Recall
#
# 1. Two strategies, one search each: B's model is better by 0.002. What do you know?
# 2. Why does Random lose nothing when all jobs run at once?
# 3. When is a grid the right search?
# 4. July's search is done, August's data are there. Which kind of warm start?
# 5. Early stopping saved 60 % of the rounds. Why not 60 % of the bill?
#
# <details><summary>Answers</summary>
#
# - To 1: next to nothing; other seeds may well say the opposite.
# - To 2: no job of it looks at what another found.
# - To 3: when all ranges are categorical and all combinations are paid for.
# - To 4: `TransferLearning`: other data.
# - To 5: each job is set up, and that is billed, however short it is.
#
# </details>
#
# ## The same with the SDK
#
# Version 3 has `HyperparameterTuner` in `sagemaker.train.tuner`:
#
# ```python
# from sagemaker.core.shapes import HyperParameterTuningJobWarmStartConfig, ParentHyperParameterTuningJob
#
# tuner = HyperparameterTuner(
#     model_trainer=trainer,
#     objective_metric_name="validation:auc",
#     hyperparameter_ranges=ranges,
#     strategy="Bayesian",
#     max_jobs=12,
#     max_parallel_jobs=2,
#     early_stopping_type="Auto",
#     warm_start_config=HyperParameterTuningJobWarmStartConfig(
#         warm_start_type="TransferLearning",
#         parent_hyper_parameter_tuning_jobs=[ParentHyperParameterTuningJob(hyper_parameter_tuning_job_name=parent)],
#     ),
# )
# tuner.tune(inputs=inputs)
# ```
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker import image_uris
# from sagemaker.estimator import Estimator
# from sagemaker.inputs import TrainingInput
# from sagemaker.tuner import HyperparameterTuner, WarmStartConfig, WarmStartTypes
#
# first = HyperparameterTuner.attach(parent)  # a tuner like the one that has run
# warm = WarmStartConfig(warm_start_type=WarmStartTypes.TRANSFER_LEARNING, parents={parent})
# tuner = HyperparameterTuner(
#     first.estimator,
#     first.objective_metric_name,
#     first.hyperparameter_ranges(),
#     strategy="Bayesian",
#     max_jobs=4,
#     max_parallel_jobs=2,
#     early_stopping_type="Auto",
#     warm_start_config=warm,
# )
# tuner.fit({name: TrainingInput(uris[name], content_type="text/csv") for name in ("half-year", "july")})
# ```
#
# ## Clean up
#
# Tuning jobs end by themselves, and nothing of them is billed any more. The call below would stop what still runs.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# The best of many models is flattered by the data that chose it. How good it really is, and for whom, comes with the lessons on evaluation; what it takes to let it
# answer, with [the real-time endpoint](../m08_realtime/m08_1_realtime.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
