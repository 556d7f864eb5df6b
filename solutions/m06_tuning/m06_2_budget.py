# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # What a search is worth
#
# The head of the team wants every search to be Bayesian, with all jobs at once. Nobody has measured whether that is right. Today you replay hundreds of
# searches, without training anything. You measure what strategies, hurry and early stopping are worth.
#
# Strategies, limits, prices, warm start and early stopping are AWS's. The four verdicts, and what is called the team's, are this course's own rules.
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
# **Cost**: \$0 here. On AWS about 15 cents: some twenty training jobs of about three minutes on one instance each, at {fact:price-ml-m5-large-training}
# dollars an hour (November 2026). Nothing is closed to new accounts.
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
# A *seed* starts the random choices of a search. More seeds make comparisons more reliable, and slower.

# %% tags=["parameters"]
SEEDS = 20
JOBS = 24
FLIGHTS = 8_000

# %% [markdown]
# ## A search that runs meanwhile
#
# We start a real search now, and look at it later. Its twelve training jobs learn from flights of the first half of the year, and July judges them. The
# request, in `given/budget.py`, has a new member: `TrainingJobEarlyStoppingType`. With `Auto`, SageMaker stops training jobs that fall behind.

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
# You see the name of the tuning job, which now runs.
#
# ## Twenty seeds, one budget
#
# A search with another seed gives another result. So one search of each strategy proves nothing, and many would cost hundreds of hours. We *replay* them
# instead. A replayed search chooses among 2,000 trainings that were really run, in eight wide ranges. It is told their results round by round.
#
# | strategy | how it chooses the next job |
# |---|---|
# | Grid | all combinations of a few values; in SageMaker of *categorical* ranges (lists of values) only |
# | Random | at random, whatever was found |
# | Bayesian | where a model of the results so far expects most improvement |
# | Hyperband | at random, but it stops most jobs early: whenever it compares jobs, a third of them go on |
#
# All have the same budget: the rounds of 24 whole trainings, one job at a time. Hyperband makes more and shorter jobs of it. The grid searches four of the
# eight hyperparameters. These four are drawn at random, because nobody knows which ones matter. The others stay at their defaults.

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
# Each curve is the best AUC so far, as the mean of all seeds. The grey band holds the middle half of the Random searches. In the table, the standard deviation
# shows the luck of a seed. The last column judges the winners on other flights of the same month: the best of many looks better than it is. Which differences
# between the means are real?
#
# First, *pair* the searches. With the same seed, both strategies begin with the same random draws. So take the difference for each seed. If both find the very
# same training, it is 0, and it counts too.
#
# Second, say how sure you are. Take the mean difference, and 2.1 *standard errors* on either side of it. A standard error is the standard deviation of the
# differences, divided by the square root of their number. This interval holds the true difference in 95 of 100 cases.
#
# There are four verdicts, asked for in this order. `matters` is the smallest difference that anybody would pay for.
#
# | the interval | verdict |
# |---|---|
# | lies wholly between `-matters` and `matters` | `"same"`: whatever the difference is, it does not matter |
# | lies wholly above 0 | `"first"` is better |
# | lies wholly below 0 | `"second"` is better |
# | anything else | `"cannot tell"`: run more seeds, or do not claim anything |
#
# So a wide interval around 0 is `"cannot tell"`, not `"same"`.

# %% [markdown] exercise="m06_2_ex1"
# Write `compare(first, second, matters)`. It returns `{"difference": float, "verdict": str}`. Each strategy is a list of searches like
# `{"seed": 7, "auc": [0.61, 0.7, 0.69]}`, with the AUC of its jobs in order.
#
# - Use only seeds that both have.
# - For equal budgets, truncate all searches with these seeds to the length of the shortest.
# - The difference is the mean over these seeds of the first's best AUC less the second's.
#
# For `[{"seed": 1, "auc": [0.6, 0.7]}, {"seed": 2, "auc": [0.5, 0.68]}]` and `[{"seed": 2, "auc": [0.66, 0.6, 0.9]}, {"seed": 1, "auc": [0.5, 0.69]}]` it is
# `0.015`. Give at least four decimals. Twenty-four unseen comparisons of twelve seeds or more are graded. You need not handle fewer than two.


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
# The next cell shows your verdicts on the searches above. This team would pay for a thousandth of AUC, so `matters` is 0.001. Hyperband is left out, because
# its jobs are not whole trainings.


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
# At half the budget, Bayesian and Random mostly found the very same training. Both draw their first nine jobs at random, and three more teach little. That
# does not prove that they are the same: the interval reaches beyond a thousandth.
#
# With all jobs, Bayesian is ahead. Your table shows whether the lead is sure. It is close, and another twenty seeds may change the verdict. The grid is surely
# behind. It spends its jobs on four hyperparameters, and some of these do not matter.
#
# So Bayesian needs jobs to learn from. What it gains then is less than the luck of a seed.
#
# ## Which strategy suits
#
# A Bayesian search learns only from jobs that have *ended* when it chooses. With all jobs at a time it draws at random. So hurry has a price. The bill does
# not show it, because a job costs the same whenever it runs.

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
# The bars are one standard error. Four jobs at a time take a quarter of the time and lose almost nothing: twenty jobs still begin after others have ended.
# With half of the jobs at a time, a good part of the lead over Random seems to be gone. With all at a time it *is* a Random search. (AWS does not allow twelve
# or more.) Random loses nothing by hurry, because its jobs never use each other's results.
#
# Hyperband saves where jobs are long and report while they run. If there are only as many combinations as jobs, a grid tries them all. The team made a table
# of this. Its numbers are this course's own: AWS states none, and no exam asks for them. The first question that is answered with yes decides:
#
# | question | strategy |
# |---|---|
# | Are no hyperparameters numeric, and are there at least as many jobs as combinations? | Grid |
# | Does a job report at least 10 times, and does it take at least 20 minutes? | Hyperband |
# | Are there at least 5 times as many jobs as run in parallel? | Bayesian |
# | None of these | Random |

# %% [markdown] exercise="m06_2_ex2"
# Write `changed(search, strategy)`. It returns a copy of `search` with exactly one field changed, so that `strategy` suits it by the team's table. For
# example, `{"numeric": 3, "combinations": 12, "jobs": 30, "parallel": 10, "reports": 1, "minutes": 4, "paid_minutes": 200}` suits Random. With `"parallel": 6`
# instead of 10, `"Bayesian"` is right.
#
# | field | what it counts | whole number |
# |---|---|---|
# | `numeric` | numeric hyperparameters searched | 0 to 30 |
# | `combinations` | combinations of the others' values | 2 to 500 |
# | `jobs` | jobs of the search | 2 to {fact:tuning-jobs-most} |
# | `parallel` | jobs at a time | 1 to {fact:tuning-parallel-most}, not above `jobs` |
# | `reports` | reports of a job | 1 to 500 |
# | `minutes` | minutes of a job | 1 to 240 |
# | `paid_minutes` | minutes paid for | not yours to change |
#
# A change is allowed if afterwards all fields are in these limits, and `jobs` times `minutes` is not above `paid_minutes`. Thirty-two unseen searches are
# graded. Each can be changed in this way. The strategy asked for never suits it already.


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
# The real search should be over by now, or in half a minute. Each job is billed for its `BillableTimeInSeconds`.

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
# Many jobs were stopped, perhaps even the one with the best value, because a slow learner begins low.
#
# Next month there are new flights. A *warm start* gives a new search the results of earlier ones, its *parents*. There are two kinds:
#
# - `IdenticalDataAndAlgorithm`: same data, same image. The search goes on, with more jobs or other ranges. Hyperparameters may change between searched and
#   fixed (*static*). The parents' results count as its own: `OverallBestTrainingJob` of the description names the best of all.
# - `TransferLearning`: other data, or another version of the image. The parents' results only hint where to look. They are not compared.
#
# An earlier search can be a parent if all of this holds:
#
# - It has ended (`Completed`, `Stopped` or `Failed`), and at least one of its jobs succeeded.
# - It has the same objective metric as the new search.
# - It has the same names of hyperparameters, searched and static together.
# - A hyperparameter that both search has the same kind in both, such as `continuous`.
#
# There may be at most {fact:warm-start-parents} parents. At most {fact:warm-start-changes} hyperparameters may change from searched to static or back. Parents
# hand on their own jobs, not those of *their* parents.

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
# - If there are too many, take those with most succeeded training jobs.
#
# Twenty-four unseen starts are graded. You need not count changes.


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
# Now we start one search of each kind: three more jobs on the half year, and three on July, judged on August. Until your function is written, both begin with
# the one parent that there is.

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
# The first kind compares its jobs with its parent's. Often the parent has the best job, because three more jobs are few. The second does not compare, because
# August's flights are not July's.
#
# ## Stop what will not win
#
# With `TrainingJobEarlyStoppingType` `Auto`, SageMaker looks at each report of a training job. For every earlier job that *completed*, it takes the average of
# its values up to the same report. If the judged job's value is worse than the median of these averages, it is stopped.
#
# A stopped job is billed for the time that it ran. Its last value counts as its result. Later jobs are not compared with it. The algorithm must report while
# it runs, as XGBoost does after each round. AWS does not say how many completed jobs it wants first; here it is 3. Hyperband stops jobs by itself, so there
# `Auto` is refused.
#
# The next picture has the curves of 60 trainings. Grey ones end below the best by more than 0.01.

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
# Most black curves are near the top after twenty rounds, so the rule works. But several are still at the bottom after five or ten. The rule may stop these,
# although they would have been good.

# %% [markdown] exercise="m06_2_ex4"
# Write `early_stopping(jobs, setup)`. It replays the rule on jobs that ran to their end one after the other. A job is `{"auc": [...], "seconds": 83.0}`: its
# AUC after 5, 10, ... 100 rounds, and the seconds of its training, as long for every round. Each job is billed for `setup` seconds besides. A job is judged
# once three have completed, at each report but the last. It is stopped when its AUC is *below* the median. The function returns a `dict`:
#
# | key | value |
# |---|---|
# | `"stopped"` | list of the places (from 0, in their order) of the jobs that it would have stopped |
# | `"rounds"` | how many rounds would not have been trained |
# | `"saved"` | share of the bill that would not have been paid, from 0 to 1 |
# | `"auc"` | best AUC without the rule less best AUC with it; a job counts with its last value, not with its best one |
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
# What is the rule worth? Each point is one of the Random searches again, with the rule. The bill has a setup of a minute for each job.

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
# Well over half of the bill is saved, and more of the rounds, because each stopped job was still set up. In most searches this costs no AUC. In some, the best
# training learned late and was stopped. The points are spread widely from left to right: the saving is hard to know beforehand.
#
# ## A plan for a deadline and a price
#
# Strategy, jobs, jobs at a time and early stopping all change time, money and result. `outcome` replays such a plan for a *brief*:
#
# | field | meaning |
# |---|---|
# | `deadline_minutes`, `usd` | the most time and money for the search |
# | `usd_hour` | dollars for an hour of an instance |
# | `wait` | minutes until a job has its instance, not billed |
# | `setup` | minutes of setting up, billed |
# | `training` | minutes of training on average, billed; deeper trees take longer |

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
# The first plan is far too late. The second keeps both promises, deadline and price, on average. But it hurries more than it must: a search that learns needs
# fewer jobs at a time. The third is in time, but mostly too dear (above `usd`). And these are averages, while a promise must hold for every seed.
#
# A real tuning job can have a deadline (`MaxRuntimeInSeconds` in `ResourceLimits`), but no price.

# %% [markdown] exercise="m06_2_ex5"
# Write `plan(brief)`. It returns a plan as above, such as `{"strategy": "Random", "jobs": 24, "parallel": 1, "early": "Off"}`:
#
# | key | value |
# |---|---|
# | `"strategy"` | `"Random"` or `"Bayesian"` |
# | `"jobs"` | `int` from 3 to 100 |
# | `"parallel"` | `int` from 1 to {fact:tuning-parallel-most} |
# | `"early"` | `"Off"` or `"Auto"` |
#
# The search must keep deadline and price, whatever the seed, and find as high an AUC as it can. A brief looks like `brief` above. Some have much time and
# little money, others little time and much money.
#
# Six unseen briefs are replayed, each with three hidden seeds. These searches count as having found nothing (this course's own rule):
#
# | word | the search |
# |---|---|
# | too late | ends after the deadline |
# | too dear | costs more than `usd` |
# | too small | leaves more than half of the money unused |
# | too hasty | is over before a third of the time has passed |
#
# You may replay as much as you like, with your own seeds. All six briefs together have two minutes.


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
# - compared strategies at one budget, and told "the same" from "cannot tell";
# - seen what hurry costs, and which change makes another strategy right;
# - started a search of each kind from an earlier one;
# - measured what early stopping saves and costs;
# - planned searches for a deadline and a price.
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
# Tuning jobs end by themselves, and cost nothing afterwards. The call below would stop what still runs.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# The lessons on evaluation show how good the best of many models really is, and for whom. To let it answer, go on with
# [the real-time endpoint](../m08_realtime/m08_1_realtime.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
