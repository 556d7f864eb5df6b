# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Train with a built-in algorithm
#
# The first model answered, but was it any good? A training job prints what it learns, round by round, and SageMaker keeps it. Today you give the
# job data to be judged on, read the curve of its learning, find out whether all this machinery beats a table of rates, and turn a probability into
# a decision that costs as little as can be.
#
# **By the end you can**
#
# - write the request of a training job with two channels (exercise 4.1.1)
# - choose how data gets into a job, and say what it is (exercise 4.1.2)
# - read a training curve and say how many rounds to keep (exercise 4.1.3)
# - set a threshold by cost (exercise 4.1.4)
#
# **Prerequisites**: [the start](../m00_start/m00_start.ipynb), pandas, an idea of what a decision tree is.
#
# **Time**: 45 minutes.
#
# **Services**: S3, SageMaker training jobs, CloudWatch Logs.
#
# **Cost**: \$0 here. On AWS less than 5 cents (some six jobs of a few minutes at {fact:price-ml-m5-large-training} dollars an hour, November 2026).
#
# ## Set up

# %%
import sys

import pandas as pd
import xgboost
from matplotlib import pyplot as plt
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course import check, connect, hint, judge, show

sys.path.append("given")
from delays import FEATURES, table

aws = connect("m04_1")
aws

# %% [markdown]
# The sizes below keep every job at a few seconds. `given/delays.py` makes the table; open it, it is short.

# %% tags=["parameters"]
SEED = 2013
ROWS = 20_000
ROUNDS = 60

# %% [markdown]
# ## Data that the model learns from, and data that judges it
#
# A model is judged on flights it has not seen, and later ones: in production it will only ever meet later ones. So January and February train,
# and March judges. Each flight has its schedule and the weather as it was known two hours before departure.

# %%
delays = table(aws.data("flights"), aws.data("weather"))
train = delays[delays.month <= 2].sample(ROWS, random_state=SEED)
validation = delays[delays.month == 3].sample(ROWS // 2, random_state=SEED)
train[["late", *FEATURES]].head(3)

# %% [markdown]
# *XGBoost* builds small decision trees one after another, each to correct what those before it got wrong; a *round* adds one tree. In a SageMaker
# job it reads CSV in one shape only: the *label*, what is to be predicted, in the first column; no header, no index. A header would be read as a flight.

# %%
columns = ["late", *FEATURES]
train_uri = aws.upload(train[columns], "data/train/part-0.csv")
validation_uri = aws.upload(validation[columns], "data/validation/part-0.csv")
print(train_uri, validation_uri, sep="\n")

# %% [markdown]
# ## A job with two channels
#
# A *channel* is a named stream of data into a job. Inside the job it is a folder, `/opt/ml/input/data/<channel>`. The name means something to the
# program that reads it: this one trains on `train` and, when there is a `validation`, reports how it does there after every round.
#
# Below is the request of the first notebook, with one channel, as a function. `HyperParameters` are the settings of the learning itself. As a first
# try we run it on flights from LaGuardia alone.

# %%
sagemaker = aws.client("sagemaker")
image = aws.image("xgboost", "3.0-5")


def channel(name: str, uri: str) -> dict:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}


def base_request(name: str, channels: list, hyperparameters: dict) -> dict:
    always = {"objective": "binary:logistic", "eval_metric": "auc"}
    return {
        "TrainingJobName": name,
        "RoleArn": aws.role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "HyperParameters": always | hyperparameters,
        "InputDataConfig": channels,
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


# %% [markdown]
# Most of it is about the computer; two lines are about learning. Run it and wait.


# %%
def wait(job_name: str) -> dict:
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=job_name)
    return sagemaker.describe_training_job(TrainingJobName=job_name)


laguardia_uri = aws.upload(train.loc[train.origin == 2, columns], "data/laguardia/part-0.csv")
only = [channel("train", laguardia_uri)]
request = base_request(aws.unique("one-channel"), only, {"num_round": "20"})
sagemaker.create_training_job(**request)
first = wait(request["TrainingJobName"])
print(first["TrainingJobStatus"])
for metric in first["FinalMetricDataList"]:
    print(metric["MetricName"], round(metric["Value"], 3))

# %% [markdown]
# `train:auc` is the *area under the curve*: take one late and one punctual flight, and it is the chance that the model finds the late one likelier.
# 0.5 is a coin, 1 is perfect. But this number is from the flights it learned from, so it flatters. The second channel is for the truth.

# %% [markdown] exercise="m04_1_ex1"
# Write `training_request(name, train, validation, rounds)` that returns the request of a training job as a `dict`, ready for
# `create_training_job(**request)`: the built-in XGBoost on two CSV channels, the URIs `train` and `validation`, for `rounds` rounds, reporting AUC on
# both. `name` is the job's name. You may use `base_request` and `channel`. The check runs a job from your request on data of its own. It does not
# ask for good hyperparameters.


# %% answer="m04_1_ex1"
def training_request(name: str, train: str, validation: str, rounds: int) -> dict:
    ### BEGIN SOLUTION
    channels = [channel("train", train), channel("validation", validation)]
    return base_request(name, channels, {"num_round": str(rounds), "max_depth": "4", "eta": "0.2"})
    ### END SOLUTION


# %% check="m04_1_ex1"
check("m04_1_ex1", training_request=training_request)

# %% [markdown]
# Three runs of the same data follow, with trees of different depth and different learning rates (`eta`: how much of each new tree is believed). They
# do not use your function, so they run whether or not it is finished. All three are started before the first is waited for: jobs do not queue.

# %%
SETTINGS = {
    "shallow, slow": {"max_depth": "3", "eta": "0.05"},
    "moderate": {"max_depth": "4", "eta": "0.2"},
    "deep, fast": {"max_depth": "10", "eta": "0.5"},
}
channels = [channel("train", train_uri), channel("validation", validation_uri)]
jobs = {}
for label, setting in SETTINGS.items():
    request = base_request(aws.unique("curve"), channels, {"num_round": str(ROUNDS), **setting})
    sagemaker.create_training_job(**request)
    jobs[label] = request["TrainingJobName"]
for label, job_name in jobs.items():
    print(label, job_name, wait(job_name)["TrainingJobStatus"])

# %% [markdown]
# ## How data gets in
#
# While that was quick, data of a hundred gigabytes is not. SageMaker has three *input modes*, and the *content type* tells the program what it is
# reading (LIBSVM, Parquet and RecordIO are other ways to store a table). Nothing checks that for you: with a wrong type the job starts, costs money, and fails or, worse, learns nonsense.
# The order of questions and the limit of 1 gigabyte are this course's own rule of thumb.
#
# | ask in this order | mode | why |
# |---|---|---|
# | does the program read a first-in-first-out *pipe* (`reads`)? | `Pipe` | it finds no files in the other modes |
# | does it jump about in the data (`access` is random)? | `File` | each jump in a stream fetches from S3 again |
# | is there less than 1 gigabyte? | `File` | copying it takes seconds |
# | else: does it fit the `disk`, and will it be read in many `passes`? | `File` | copy once, read often |
# | everything else | `FastFile` | looks like files, arrives while it is read: starts at once and needs no disk |
#
# | `format` | content type |
# |---|---|
# | `csv` | `text/csv` |
# | `libsvm` | `text/libsvm` |
# | `parquet` | `application/x-parquet` |
# | `recordio` | `application/x-recordio-protobuf` |

# %% [markdown] exercise="m04_1_ex2"
# Write `choose_input(channel)` that returns `{"mode": ..., "content_type": ...}` for a channel such as
# `{"gigabytes": 0.4, "disk": 30, "passes": 1, "access": "sequential", "reads": "files", "format": "csv"}`, for which it is
# `{"mode": "File", "content_type": "text/csv"}`. Sizes are in gigabytes; `access` is `"sequential"` or `"random"`; `reads` is `"files"` or `"pipe"`. It is
# judged on forty channels that you have not seen, some of them twins that differ in one field. A choice counts when both parts are right.


# %% answer="m04_1_ex2"
def choose_input(channel: dict) -> dict:
    ### BEGIN SOLUTION
    types = {
        "csv": "text/csv",
        "libsvm": "text/libsvm",
        "parquet": "application/x-parquet",
        "recordio": "application/x-recordio-protobuf",
    }
    fits = channel["gigabytes"] <= channel["disk"]
    often = fits and channel["passes"] > 1
    if channel["reads"] == "pipe":
        mode = "Pipe"
    elif channel["access"] == "random" or channel["gigabytes"] < 1 or often:
        mode = "File"
    else:
        mode = "FastFile"
    return {"mode": mode, "content_type": types[channel["format"]]}
    ### END SOLUTION


# %% check="m04_1_ex2"
check("m04_1_ex2", choose_input=choose_input)

# %% [markdown]
# ## What a job says while it learns
#
# Everything a job prints goes to CloudWatch Logs, in the group `/aws/sagemaker/TrainingJobs`, in a stream whose name begins with the job's. XGBoost
# prints a line a round, in which `#011` is a tab. SageMaker's *metric definitions* are regular expressions over these lines; the last value of each is what
# `FinalMetricDataList` showed.

# %%
logs = aws.client("logs")
GROUP = "/aws/sagemaker/TrainingJobs"


def log_lines(job_name: str) -> list[str]:
    found = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=job_name)
    names = [stream["logStreamName"] for stream in found["logStreams"]]
    reader = logs.get_paginator("filter_log_events")
    pages = reader.paginate(logGroupName=GROUP, logStreamNames=names)
    return [event["message"] for page in pages for event in page["events"]]


print(*log_lines(jobs["moderate"])[-3:], sep="\n")

# %% [markdown]
# Now the same for all three runs, round by round. A regular expression does here what SageMaker's metric definitions do.

# %%
curves = {
    label: pd.Series(log_lines(name))
    .str.extract(r"train-auc:(?P<train>[\d.]+).*validation-auc:(?P<validation>[\d.]+)")
    .dropna()
    .astype(float)
    for label, name in jobs.items()
}
figure, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True)
for panel, (label, curve) in zip(axes, curves.items(), strict=True):
    panel.plot(range(1, len(curve) + 1), curve.train, color="black", linestyle="--", label="train")
    panel.plot(range(1, len(curve) + 1), curve.validation, color="#2b5c9e", label="validation")
    panel.set(title=label, xlabel="round")
axes[0].set_ylabel("AUC")
axes[0].legend()
show(figure, "Three panels: AUC by round on training and validation data.")
for label, curve in curves.items():
    best, end = curve.validation.max(), curve.validation.iloc[-1]
    number = curve.validation.argmax() + 1
    print(f"{label:14} best validation AUC {best:.3f} after round {number}, at the end {end:.3f}")

# %% [markdown]
# Only the solid line counts. On the left both lines still rise: more rounds would help. On the right the dashed line climbs towards 1 while the solid
# one sinks from its early best: the deep trees learn January and February by heart. That is *overfitting*, and the remedy is to keep fewer rounds.
#
# Two more pictures turn up in practice. A validation AUC close to 1 is not a triumph: no honest model of late flights comes near 0.95, so something in
# the table knows the answer, a *leak*. And a line that jumps up and down by hundredths from round to round says that each step is too large.

# %% [markdown] exercise="m04_1_ex3"
# Write `read_curve(curve)` for a run `{"train": [...], "validation": [...]}`, AUC after each round, that returns `{"verdict": ..., "rounds": ...}`. The
# verdict is `"too good"` (not to be believed), `"jumps"` (steps too large), `"overfits"` (ended clearly below its best), `"still learning"` (still rising
# at the end) or `"settled"`. `rounds` is an `int`: the smallest number of rounds whose validation AUC comes within 0.002 of the best of all rounds, or
# 0 for a run that is too good or jumps: nothing of it is worth keeping. The five words and the 0.002 are this course's. For example, the validation values `[0.60, 0.65, 0.69] + [0.70] * 57` have
# settled, and `rounds` is 4. It is judged on twenty-five unseen runs of 40 to 120 rounds, which tremble a little as real ones do.


# %% answer="m04_1_ex3"
def read_curve(curve: dict) -> dict:
    ### BEGIN SOLUTION
    values = pd.Series(curve["validation"])
    end, fifth = values.tail(5).mean(), len(values) // 5
    if values.max() > 0.95:
        return {"verdict": "too good", "rounds": 0}
    if values.diff().abs().mean() > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if values.max() - end > 0.01:
        verdict = "overfits"
    elif end - values.iloc[-fifth - 5 : -fifth].mean() > 0.005:
        verdict = "still learning"
    else:
        verdict = "settled"
    return {"verdict": verdict, "rounds": int((values >= values.max() - 0.002).argmax()) + 1}
    ### END SOLUTION


# %% check="m04_1_ex3"
check("m04_1_ex3", read_curve=read_curve)

# %% [markdown]
# ## Is it worth it?
#
# A model has to beat something simple. Two rivals: the share of late flights for each scheduled hour, a table of some twenty numbers; and *logistic
# regression*, which weighs the columns and adds them up. All are given the same flights, few and many. This is a question for a notebook, so it runs right here.


# %%
PARAMETERS = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.2}


def rivals(sample: pd.DataFrame) -> dict:
    rates = sample.groupby("hour").late.mean()
    plain = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    plain.fit(sample[FEATURES], sample.late)
    boosted = xgboost.train(PARAMETERS, xgboost.DMatrix(sample[FEATURES], sample.late), ROUNDS)
    answers = {
        "rate by hour": validation.hour.map(rates).fillna(sample.late.mean()),
        "logistic regression": plain.predict_proba(validation[FEATURES])[:, 1],
        "XGBoost": boosted.predict(xgboost.DMatrix(validation[FEATURES])),
    }
    return {name: roc_auc_score(validation.late, answer) for name, answer in answers.items()}


sizes = [500, 2_000, 8_000, ROWS]
found = [rivals(train.sample(size, random_state=SEED)) for size in sizes]
results = pd.DataFrame(found, index=sizes)
results.round(3)

# %% [markdown]
# Read the first row again before you look at the picture.

# %%
figure, axes = plt.subplots(figsize=(7, 3))
for (name, values), style in zip(results.items(), ["k:", "k--", "k-"], strict=True):
    axes.plot(values.index, values, style, marker="o", label=name)
axes.set(xscale="log", title="What more data buys")
axes.set(xlabel="flights to learn from", ylabel="AUC on March")
axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(figure, "Lines: AUC on March by number of flights, for three models.")

# %% [markdown]
# With 500 flights logistic regression is well ahead: XGBoost has more freedom than data. Only with many thousands does the order turn. "XGBoost is better" is
# therefore no answer; "from how many rows on, and by how much" is. And these are single runs: differences of a few thousandths are noise.

# %% [markdown]
# ## From a probability to a warning
#
# Whoever meets a flight wants a warning, not a probability. A late flight that was *missed* costs them a wasted trip, say 90 dollars; a *false alarm*
# costs 30. Where should warnings begin? The textbook says: when the probability is at least `false_alarm / (missed + false_alarm)`. That
# holds when the probabilities are true. Ours come from January and February; what would each threshold have cost in April?

# %%
model = xgboost.train(PARAMETERS, xgboost.DMatrix(train[FEATURES], train.late), 30)
april = delays[delays.month == 4].sample(4_000, random_state=SEED)
chances = model.predict(xgboost.DMatrix(april[FEATURES]))
cuts = [number / 100 for number in range(0, 61)]
missed, false_alarm = 90, 30
mean_cost = []
for cut in cuts:
    warned = chances >= cut
    costs = missed * april.late * ~warned + false_alarm * (1 - april.late) * warned
    mean_cost.append(costs.mean())

figure, axes = plt.subplots(figsize=(7, 3))
axes.plot(cuts, mean_cost, color="#2b5c9e")
textbook = false_alarm / (missed + false_alarm)
axes.axvline(textbook, color="black", linestyle="--", label="textbook threshold")
axes.axvline(0.5, color="grey", linestyle=":", label="0.5")
axes.set(xlabel="threshold", ylabel="dollars a flight", title="April: missed 90, false alarm 30")
axes.legend()
show(figure, "Line: dollars a flight by threshold, with two thresholds marked.")
print(f"late in April: {april.late.mean():.0%}; chance given on average: {chances.mean():.0%}")

# %% [markdown]
# The curve has one valley. At its left end everybody is warned; at 0.5, which libraries use when nobody says otherwise, hardly anybody. The textbook's
# line is to the right of the valley, since a model made in winter gives April's flights too small a chance.

# %% [markdown] exercise="m04_1_ex4"
# Write `warning_threshold(probabilities, late, missed, false_alarm)` that returns the threshold, a `float` from 0 to 1, at which warnings begin. You get
# last month's probabilities, whether each flight was late (1 or 0), and the two costs; for `[0.1, 0.3, 0.6]`, `[0, 1, 1]`, 90 and 30 any threshold above
# 0.1 and up to 0.3 is best, for example `0.2`. Yours are then used in the month after, which you have not seen, for eight pairs of costs: full points
# when you pay at most 2 % more in all than with the best thresholds, 70 % of them up to 6 %, 30 % up to 15 %. Do not train anything.


# %% answer="m04_1_ex4"
def warning_threshold(probabilities: list, late: list, missed: float, false_alarm: float) -> float:
    ### BEGIN SOLUTION
    seen = pd.DataFrame({"chance": probabilities, "late": late})

    def total(cut: float) -> float:
        warned = seen.chance >= cut
        late_unwarned, needless = seen.late.eq(1) & ~warned, seen.late.eq(0) & warned
        return missed * late_unwarned.sum() + false_alarm * needless.sum()

    return min((number / 100 for number in range(101)), key=total)
    ### END SOLUTION


# %% check="m04_1_ex4"
check("m04_1_ex4", warning_threshold=warning_threshold)

# %% [markdown]
# ## In this notebook we have
#
# - given a job two channels, and seen that only the second tells the truth;
# - chosen an input mode by size, access and passes, and named the content type;
# - read from the log that one model still learned and another overfitted;
# - found that the better algorithm depends on how much data there is;
# - turned probabilities into warnings by what mistakes cost.
#
# ## Recall
#
# 1. Where inside a job does the channel `validation` lie?
# 2. What does XGBoost do with a header line in a CSV file?
# 3. Why is `train:auc` a poor number to choose a model by?
# 4. When is File mode better than FastFile although the data is large?
# 5. A validation AUC of 0.98: what do you do next?
#
# <details><summary>Answers</summary>
#
# - To 1: in `/opt/ml/input/data/validation`.
# - To 2: it takes it for a row of data, and fails on it.
# - To 3: it is measured on the rows that the model was fitted to.
# - To 4: when it fits the disk and is read many times, or at random.
# - To 5: look for a column that knows the answer.
#
# </details>
#
# ## The same with the SDK
#
# Version 3 of the SageMaker Python SDK wraps the request: `ModelTrainer(training_image=image, role=aws.role, hyperparameters={...},
# compute=Compute(instance_type="ml.m5.large", instance_count=1))`, then `.train(input_data_config=[InputData(channel_name="train", data_source=uri,
# content_type="text/csv"), ...])`. In version 2 it reads `Estimator(image, role, 1, "ml.m5.large", hyperparameters={...})` and
# `.fit({"train": TrainingInput(uri, content_type="text/csv"), ...})`. Both send what you wrote by hand.
#
# ## Clean up
#
# Training jobs end by themselves and cost nothing afterwards; their records stay.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Jobs that end well are the easy ones. Go on with [jobs that fail](../m04_training/m04_2_failed_jobs.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
