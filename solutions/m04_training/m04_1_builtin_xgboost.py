# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Train with a built-in algorithm
#
# The first model answered. But was it any good? A training job prints a score after each round of learning, and SageMaker keeps these lines. In this
# notebook you give the job data to be judged on, and read the curve of its scores. You compare the model with two simple rivals. Then you turn its
# probabilities into warnings that cost as little as possible.
#
# **By the end you can**
#
# - ask for a training job with two channels (exercise 4.1.1)
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
# **Cost**: \$0 here. On AWS less than 5 cents (seven jobs of a few minutes at {fact:price-ml-m5-large-training} dollars an hour, November 2026).
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
# With these sizes every job takes a few seconds. `given/delays.py` makes the table. It is short: open it.

# %% tags=["parameters"]
SEED = 2013
ROWS = 20_000
ROUNDS = 60

# %% [markdown]
# ## Data that the model learns from, and data that judges it
#
# A model is judged on flights that it has not seen. They must be later flights, because in production it meets only later ones. So the model learns from
# January and February, and March judges it. Each flight has its schedule, and the weather as it was known two hours before departure.
#
# *XGBoost* builds small decision trees, one after another. Each tree corrects the errors of the trees before it. A *round* adds one tree. In a SageMaker
# job it reads CSV in one shape only. The first column is the *label*, the value to predict. There is no header and no index: it would read a header as a flight.

# %%
delays = table(aws.data("flights"), aws.data("weather"))
train = delays[delays.month <= 2].sample(ROWS, random_state=SEED)
validation = delays[delays.month == 3].sample(ROWS // 2, random_state=SEED)
columns = ["late", *FEATURES]
train_uri = aws.upload(train[columns], "data/train/part-0.csv")
validation_uri = aws.upload(validation[columns], "data/validation/part-0.csv")
print(train_uri, validation_uri, sep="\n")
train[columns].head(3)

# %% [markdown]
# ## A job with two channels
#
# A *channel* is a named input of a job. Inside the job it is a folder, `/opt/ml/input/data/<channel>`. The program knows its channels by their names: XGBoost
# learns from `train`. If there is a channel `validation`, it also reports its score there after every round.
#
# The function below makes the request of the first notebook, with one channel. `HyperParameters` are the settings of the learning. For a first try we
# use the flights from LaGuardia only.

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
# Most lines describe the computer. Two lines are about learning. We run the job and wait.


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
# `train:auc` is the *area under the curve*, AUC. Take one late flight and one punctual flight. AUC is the chance that the model gives the late one the higher
# probability. A coin has 0.5, a perfect model has 1. But this AUC is measured on the flights that the model learned from, so it is too high. The channel
# `validation` gives an honest one.
#
# ## The same with the SDK
#
# In companies you will more often see the SageMaker Python SDK, which makes such requests from Python objects. Its import takes some seconds:

# %%
import logging

from sagemaker.core.helper.session_helper import Session
from sagemaker.train import ModelTrainer, configs

logging.disable(logging.WARNING)  # the SDK reports every step

# %% [markdown]
# `ModelTrainer` holds what a request says about program and computer. `train` adds the channels, sends the request, and can wait for the job.

# %%
models = f"s3://{aws.bucket}/{aws.prefix}/models"
trainer = ModelTrainer(
    training_image=image,
    role=aws.role,
    compute=configs.Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=5),
    stopping_condition=configs.StoppingCondition(max_runtime_in_seconds=600),
    output_data_config=configs.OutputDataConfig(s3_output_path=models),
    hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": 20},
    base_job_name=aws.unique("with-sdk"),
    sagemaker_session=Session(default_bucket=aws.bucket),
)
winter = configs.InputData(channel_name="train", data_source=laguardia_uri, content_type="text/csv")
trainer.train(input_data_config=[winter], wait=False, logs=False)

mine = {"NameContains": trainer.base_job_name}
[summary] = sagemaker.list_training_jobs(**mine)["TrainingJobSummaries"]
second = wait(summary["TrainingJobName"])
for member in ("HyperParameters", "ResourceConfig", "StoppingCondition", "OutputDataConfig"):
    print(member, "is the same:", second[member] == first[member])
by_hand, by_sdk = first["InputDataConfig"][0], second["InputDataConfig"][0]
print("the SDK's channel has more:", {key: by_sdk[key] for key in by_sdk if key not in by_hand})
print("train:auc", round(second["FinalMetricDataList"][-1]["Value"], 3))

# %% [markdown]
# The SDK has sent the same request. It only states what AWS would fill in, such as the input mode, which comes below. The SDK also chose a name for the job,
# and it uses the bucket of its `Session` for files that it uploads. When something fails, AWS answers in the words of the request, so learn to read both.

# %% [markdown] exercise="m04_1_ex1"
# Write `training_request(name, train, validation, rounds)`, with the SDK or boto3. With the SDK it starts a training job whose name begins with `name`, and
# returns `None`. With boto3 it starts nothing, and returns the job's request, a `dict` for `create_training_job(**request)`, with this `name`.
#
# The job runs the built-in XGBoost for `rounds` rounds. It has two channels of CSV with the URIs `train` and `validation`, and reports AUC on both. With the SDK
# make a new `ModelTrainer`. With boto3 you may use `base_request` and `channel`. The check has its own data. It does not ask for good hyperparameters.


# %% answer="m04_1_ex1"
def training_request(name: str, train: str, validation: str, rounds: int) -> dict | None:
    ### BEGIN SOLUTION
    own = ModelTrainer(
        training_image=image,
        role=aws.role,
        compute=trainer.compute,
        stopping_condition=trainer.stopping_condition,
        output_data_config=trainer.output_data_config,
        hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": rounds, "max_depth": 4},
        base_job_name=name,
        sagemaker_session=trainer.sagemaker_session,
    )
    both = {"train": train, "validation": validation}
    inputs = [configs.InputData(channel_name=role, data_source=uri, content_type="text/csv") for role, uri in both.items()]
    own.train(input_data_config=inputs, wait=False, logs=False)
    return None
    ### END SOLUTION


# %% check="m04_1_ex1"
check("m04_1_ex1", training_request=training_request)

# %% [markdown]
# Now three jobs learn from the same data, with trees of different depth and with different learning rates. The learning rate `eta` says how much each new tree
# counts. These jobs do not use your function, so they run even if it is not finished. We start all three before we wait for the first, because
# SageMaker runs them at the same time.

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
# That was quick, because the data is small. A hundred gigabytes take a while. SageMaker has three *input modes* for the way of the data into the job. The *content
# type* tells the program what it reads (LIBSVM, Parquet and RecordIO are other ways to store a table). Nothing checks the content type for you. With a
# wrong one the job starts and costs money. Then it fails or, worse, learns nonsense. The modes are AWS's. The order of questions and the limit of 1
# gigabyte are this course's own rule.
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
# Write `choose_input(channel)`. It returns `{"mode": ..., "content_type": ...}` for a channel such as
# `{"gigabytes": 0.4, "disk": 30, "passes": 1, "access": "sequential", "reads": "files", "format": "csv"}`. For this one it is
# `{"mode": "File", "content_type": "text/csv"}`. Sizes are in gigabytes; `access` is `"sequential"` or `"random"`; `reads` is `"files"` or `"pipe"`. It is
# judged on forty channels that you have not seen. Some of them differ from another in one field only. A choice counts when both parts are right.


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
# All that a job prints goes to CloudWatch Logs. The log group is `/aws/sagemaker/TrainingJobs`, and the name of the log stream begins with the job's name. XGBoost
# prints a line for each round (`#011` in it is a tab). SageMaker finds scores in these lines with regular expressions, its *metric definitions*. The last
# value of each was in `FinalMetricDataList`.

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
# We do the same for every round of the three jobs, with a regular expression of our own.

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
# Only the solid line counts. In the left picture both lines still rise, so more rounds would help. In the right picture the dashed line climbs towards 1, and
# the solid line falls after an early best. The deep trees learn January and February by heart. This is *overfitting*. The remedy is to keep fewer rounds.
#
# You will also see two other pictures. The first is a validation AUC close to 1. That is no success: no honest model of late flights comes near 0.95. A column
# in the table knows the answer, which is called a *leak*. The second is a line that jumps up and down by hundredths in each round: the steps are too large.

# %% [markdown] exercise="m04_1_ex3"
# Write `read_curve(curve)`. A curve is `{"train": [...], "validation": [...]}`, with the AUC after each round. It returns `{"verdict": ..., "rounds": ...}`:
#
# | verdict | when | `rounds` |
# |---|---|---|
# | `"too good"` | it cannot be true | 0 |
# | `"jumps"` | the steps are too large | 0 |
# | `"overfits"` | it ends clearly below its best | see below |
# | `"still learning"` | it still rises at the end | see below |
# | `"settled"` | none of these | see below |
#
# `rounds`, an `int`, is the smallest number of rounds with a validation AUC within 0.002 of the best of all rounds. For example, the validation values
# `[0.60, 0.65, 0.69] + [0.70] * 57` have settled, and `rounds` is 4. The words and the 0.002 are this course's. Your function is judged on twenty-five unseen
# curves of 40 to 120 rounds. They have small random ups and downs, as real ones do.


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
# A model must be better than something simple. We compare it with two rivals. One is the share of late flights in each scheduled hour, a table of twenty
# numbers. The other is *logistic regression*, which gives each column a weight and adds them up. All three learn from the same flights, few and many. This
# takes no job: it runs in the notebook.


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
# Look at the first row again, then at the picture.

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
# With 500 flights logistic regression is clearly better: XGBoost has too much freedom for so little data. With many thousands of flights XGBoost is better. So do
# not say "XGBoost is better". Say from how many rows on, and by how much. Each number comes from one run, so a difference of a few thousandths is chance.
#
# ## From a probability to a warning
#
# People who meet a flight want a warning, not a probability. A late flight without a warning is *missed*. It costs a wasted trip, say 90 dollars. A *false alarm*
# costs 30. From which probability on should we warn? The textbook says: from `false_alarm / (missed + false_alarm)` on. That is right if the probabilities
# are right. Ours come from January and February. What would each threshold have cost in April?

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
# The curve has one lowest point. At the left end we warn everybody. At 0.5, the default of many libraries, we warn hardly anybody. The textbook's threshold is to
# the right of the lowest point, because a model made in winter gives April's flights too low a probability.

# %% [markdown] exercise="m04_1_ex4"
# Write `warning_threshold(probabilities, late, missed, false_alarm)`. It returns the threshold from which on we warn, a `float` from 0 to 1. You get last month's
# probabilities, whether each flight was late (1 or 0), and the two costs. For `[0.1, 0.3, 0.6]`, `[0, 1, 1]`, 90 and 30 any threshold above 0.1 and up to 0.3 is
# best, for example `0.2`.
#
# Your thresholds are used in the next month, which you have not seen, for eight pairs of costs. If you pay at most 2 % more than with the best thresholds, you
# get all points. Up to 6 % more you get 70 % of them, and up to 15 % more 30 %. Do not train anything.


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
# - given a job two channels, and seen that only the AUC of the second is honest;
# - made the same request by hand and with the SDK;
# - chosen an input mode by size, access and passes, and named the content type;
# - read from the log that one model still learned, and another overfitted;
# - found that the better algorithm depends on how much data there is;
# - turned probabilities into warnings by the costs of mistakes.
#
# ## Recall
#
# 1. Where is the channel `validation` inside a job?
# 2. What does XGBoost do with a header line in a CSV file?
# 3. Why is `train:auc` a poor number to choose a model by?
# 4. When is File mode better than FastFile although the data is large?
# 5. A validation AUC of 0.98: what do you do next?
#
# <details><summary>Answers</summary>
#
# - To 1: in `/opt/ml/input/data/validation`.
# - To 2: it reads it as a row of data, and fails.
# - To 3: it is measured on the rows that the model was fitted to.
# - To 4: when it fits the disk and is read many times, or at random.
# - To 5: look for a column that knows the answer.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.estimator import Estimator
# from sagemaker.inputs import TrainingInput
#
# settings = {"objective": "binary:logistic", "num_round": 60, "max_depth": 4, "eta": 0.2, "eval_metric": "auc"}
# uris = {"train": train_uri, "validation": validation_uri}
# estimator = Estimator(
#     image,
#     aws.role,
#     instance_count=1,
#     instance_type="ml.m5.large",
#     volume_size=5,
#     max_run=600,
#     output_path=f"s3://{aws.bucket}/{aws.prefix}/models",
#     hyperparameters=settings,
# )
# estimator.fit({name: TrainingInput(uri, content_type="text/csv") for name, uri in uris.items()})
# print(estimator.model_data)
# ```
#

#
# ## Clean up
#
# Training jobs end by themselves, and cost nothing afterwards. Their records stay.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Jobs that end well are the easy ones. Go on with [jobs that fail](../m04_training/m04_2_failed_jobs.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
