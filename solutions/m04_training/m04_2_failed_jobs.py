# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # When a training job fails
#
# Five colleagues have sent you the same message: "My training job failed, it says framework error." All five wanted the model of late flights. Each made one
# mistake, and each asks for a larger machine. In this notebook you find every mistake from what the job left behind, and repair every request in one place.
#
# Services, statuses, limits and prices are AWS's, while the causes, the actions and the list of checks are this course's own rules.
#
# **By the end you can**
#
# - diagnose a failed job from its log and repair its request (exercise 4.2.1)
# - sort failures by what they need next (exercise 4.2.2)
# - refuse a bad request before it is sent (exercise 4.2.3)
#
# **Prerequisites**: [training with the built-in XGBoost](../m04_training/m04_1_builtin_xgboost.ipynb): channels, content types, logs.
#
# **Time**: 75 minutes.
#
# **Services**: S3, SageMaker training jobs, CloudWatch Logs.
#
# **Cost**: \$0 here. On AWS less than 15 cents (some twenty jobs of a few minutes at {fact:price-ml-m5-large-training} dollars an hour, November 2026).
#
# ## Set up

# %%
import copy
import random
import re
import sys
from contextlib import suppress

import pandas as pd
from botocore.exceptions import ClientError, WaiterError
from matplotlib import pyplot as plt

from course import check, connect, hint, judge, show, variant
from course.exercises import failed_jobs

sys.path.append("given")
from delays import FEATURES, table

aws = connect("m04_2")
aws

# %% [markdown]
# Two thousand flights are enough here, because we look at failures and not at models.

# %% tags=["parameters"]
SEED = 2013
ROWS = 2_000

# %% [markdown]
# ## What is in the bucket
#
# The folders `train/` and `validation/` are the right ones. Four other folders look much like them:
#
# | folder below `data/` | what is in it |
# |---|---|
# | `train/`, `validation/` | first the label `late` (0 or 1), then 11 features, no header |
# | `train-month/`, `validation-month/` | the same with one more column, the month |
# | `export/` | the same as `train/`, but written by a tool that adds a header |
# | `miles/` | the first column is the distance, taken for a label by mistake |
#
# The *label* is the value to predict. The *features* are the columns that the model predicts it from.

# %%
delays = table(aws.data("flights"), aws.data("weather"))
train = delays[delays.month <= 2].sample(ROWS, random_state=SEED)
validation = delays[delays.month == 3].sample(ROWS // 2, random_state=SEED)
columns = ["late", *FEATURES]
aws.upload(train[columns], "data/train/part-0.csv")
aws.upload(validation[columns], "data/validation/part-0.csv")
aws.upload(train[[*columns, "month"]], "data/train-month/part-1.csv")
aws.upload(validation[[*columns, "month"]], "data/validation-month/part-0.csv")
aws.upload(train[columns], "data/export/part-0.csv", header=True)
aws.upload(train[["distance", *FEATURES]], "data/miles/part-0.csv")
home = f"s3://{aws.bucket}/{aws.prefix}"
folder = f"{home}/data"
folder

# %% [markdown]
# ## The five requests
#
# `variant` draws five of eight faults for you. Each request has one of them. The requests also differ in other settings, which do no harm. This is the first
# request:

# %%
image = aws.image("xgboost", "3.0-5")
requests = failed_jobs.requests(variant("m04_2_ex1"), image, aws.role, folder)
requests["ticket-1"]

# %% [markdown]
# A *waiter* asks SageMaker again and again until a job has ended. It raises `WaiterError` when the job fails. Here `wait` ignores this exception and returns
# the description of the job, because we want to know how it ended.

# %%
sagemaker = aws.client("sagemaker")


def start(label: str, request: dict) -> str:
    name = aws.unique(label)
    sagemaker.create_training_job(TrainingJobName=name, **request)
    return name


def wait(name: str) -> dict:
    with suppress(WaiterError):
        waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
        waiter.wait(TrainingJobName=name)
    return sagemaker.describe_training_job(TrainingJobName=name)


# %% [markdown]
# ## Not every mistake becomes a failed job
#
# SageMaker refuses some requests at once, with an exception. No computer starts, and you pay nothing. One example is a request that names an empty folder:

# %%
nowhere = copy.deepcopy(requests["ticket-1"])
nowhere["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = f"{folder}/trian/"
try:
    start("nowhere", nowhere)
except ClientError as error:
    print(error.response["Error"]["Code"], error.response["Error"]["Message"][:80], sep="\n")

# %% [markdown]
# No job was made. The *prefix* is the beginning of the keys that a job reads. SageMaker checks that there is something below the prefix. It never checks what
# is in the files. A mistake in the files shows only when the program reads them, on a computer that you pay for.
#
# The five requests are not refused. A new account may run {fact:training-instances-new-account} instances in training jobs at a time. So the fifth job waits
# until the first has ended.

# %%
jobs = {}
for ticket, request in requests.items():
    if len(jobs) == 4:
        wait(jobs["ticket-1"])
    jobs[ticket] = start(ticket, request)
described = {ticket: wait(name) for ticket, name in jobs.items()}
for ticket, job in described.items():
    print(ticket, job["TrainingJobStatus"], repr(job["FailureReason"][:75]))

# %% [markdown]
# All five lines begin with the same words. The rest of a reason often has the message, but it may be cut off, so we read the log.
#
# A *container* is the closed environment in which the program of a job runs. `AlgorithmError` says only that this program ended with an error. It does not say
# that the algorithm is the cause.
#
# ### The same with the SDK
#
# `described` has the answers of boto3. In the SageMaker Python SDK a job is an object of the class `TrainingJob`. The import takes some seconds:

# %%
import logging

from sagemaker.core.resources import TrainingJob
from sagemaker.core.utils.exceptions import FailedStatusError
from sagemaker.train import ModelTrainer, configs

logging.disable(logging.WARNING)  # the SDK reports every step

# %% [markdown]
# `get` reads a job, and `refresh` reads it again. `wait` is the SDK's waiter.

# %%
failed = TrainingJob.get(training_job_name=jobs["ticket-1"])
for step in failed.secondary_status_transitions:
    seconds = (step.end_time - step.start_time).total_seconds()
    print(f"{step.status:12} {seconds:5.1f} s  {step.status_message[:50]!r}")
try:
    failed.wait()
except FailedStatusError as error:
    print(type(error).__name__, repr(str(error).partition("Failure Reason: ")[2][:75]))
print("the same reason:", failed.failure_reason == described["ticket-1"]["FailureReason"])

# %% [markdown]
# The object has the members of boto3's answer, such as `failure_reason` for `FailureReason`. `wait` raises `FailedStatusError`. Its text has the reason, which
# the text of boto3's `WaiterError` has not.
#
# ### Where the time went
#
# The steps above are the job's *secondary statuses*. SageMaker starts the computer, downloads the image and the data, trains, and uploads. The status in which
# a job stopped is your first clue.

# %%
SHADES = {"Starting": "0.85", "Downloading": "0.65", "Training": "#2b5c9e", "Uploading": "black"}
figure, axes = plt.subplots(figsize=(8, 3))
for label, job in described.items():
    steps = job["SecondaryStatusTransitions"]
    for step in steps:
        if step["Status"] in SHADES:
            left = (step["StartTime"] - steps[0]["StartTime"]).total_seconds()
            width = (step["EndTime"] - step["StartTime"]).total_seconds()
            axes.barh(label, width, left=left, color=SHADES[step["Status"]], edgecolor="black")
patches = [plt.Rectangle((0, 0), 1, 1, color=shade) for shade in SHADES.values()]
axes.legend(patches, SHADES, fontsize=8)
axes.invert_yaxis()
axes.set(xlabel="seconds since the job began", title="How far each job came")
show(figure, "A bar for each job: seconds spent in each status, in order.")

# %% [markdown]
# The differences come from this computer, not from the mistakes. All five jobs reached *Training*. So the role could read the bucket, the image was
# there, and the data was copied. *Uploading* is no sign of success. A failed job passes through it too, and leaves no model. If a job ends in *Downloading*,
# look at the role or at S3.
#
# ### What the log says
#
# A log begins with lines that every job prints. It ends with lines that every failed job prints. The line that matters is between them.

# %%
logs = aws.client("logs")
GROUP = "/aws/sagemaker/TrainingJobs"


def log_lines(job_name: str) -> list[str]:
    found = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job_name}/")
    names = [stream["logStreamName"] for stream in found["logStreams"]]
    reader = logs.get_paginator("filter_log_events")
    pages = reader.paginate(logGroupName=GROUP, logStreamNames=names)
    return [event["message"] for page in pages for event in page["events"]]


def print_log(job_name: str) -> None:
    print(*(line for line in log_lines(job_name) if "[bt]" not in line), sep="\n")


print_log(jobs["ticket-1"])

# %% [markdown]
# Read a log from its end. You find the exit code first, and then the message, perhaps more than once. Above it is the *traceback*, the list of calls that led
# to the error. XGBoost's own messages have another list below them, after `Stack trace`: calls inside a C++ library. `print_log` leaves them out.
# Where XGBoost counts columns, it counts the features alone; its reader of CSV counts the label, too.
#
# Now insert cells, and print the logs and the requests of the other four jobs. Five of these eight causes occur:
#
# | cause | what went wrong |
# |---|---|
# | `channel` | a channel has a name that the algorithm does not know |
# | `columns` | the two channels differ in their columns |
# | `format` | the content type is not that of the data |
# | `header` | the file begins with the names of the columns |
# | `labels` | the first column is not the label |
# | `objective` | the objective does not suit what the job is asked for |
# | `prefix` | the prefix matches more than it should: `data/train` is only the beginning of keys, not a folder |
# | `range` | a hyperparameter is outside its range |
#
# We write a change as the path of a field and its new value. In a list of channels, the path has the channel's name in this request, not its position. `repaired`
# applies such a change to a copy of the request. As an example, we give the first job more time.


# %%
def repaired(request: dict, change: dict) -> dict:
    request = copy.deepcopy(request)
    for path, value in change.items():
        *way, last = path.split(".")
        place = request
        for step in way:
            if isinstance(place, list):
                place = {channel["ChannelName"]: channel for channel in place}
            place = place[step]
        place[last] = value
    return request


longer = repaired(requests["ticket-1"], {"StoppingCondition.MaxRuntimeInSeconds": 3600})
print(longer["StoppingCondition"], wait(start("longer", longer))["TrainingJobStatus"])

# %% [markdown]
# The job failed again, so time was not the problem. With the SDK the same request is a `ModelTrainer`:


# %%
def trained(label: str, request: dict) -> TrainingJob:
    channels = []
    for channel in request["InputDataConfig"]:
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        name, form = channel["ChannelName"], channel["ContentType"]
        channels.append(configs.InputData(channel_name=name, data_source=uri, content_type=form))
    seconds = request["StoppingCondition"]["MaxRuntimeInSeconds"]
    trainer = ModelTrainer(
        training_image=image,
        role=aws.role,
        hyperparameters=request["HyperParameters"],
        compute=configs.Compute(instance_type="ml.m5.large", instance_count=1),
        stopping_condition=configs.StoppingCondition(max_runtime_in_seconds=seconds),
        output_data_config=configs.OutputDataConfig(s3_output_path=f"{home}/models"),
        base_job_name=aws.unique(label),
        sagemaker_session=aws.session,
    )
    with suppress(FailedStatusError):
        trainer.train(input_data_config=channels, logs=False)
    return next(TrainingJob.get_all(name_contains=trainer.base_job_name))


job = trained("longer-sdk", longer)
same = job.hyper_parameters == longer["HyperParameters"]
print(f"{job.training_job_status}, with the same hyperparameters: {same}")

# %% [markdown]
# `train` waits, and raises `FailedStatusError` when the job fails.

# %% [markdown] exercise="m04_2_ex1"
# Make two `dict`s with the keys `"ticket-1"` to `"ticket-5"`:
#
# | value | what it is |
# |---|---|
# | `diagnoses[ticket]` | `{"cause": ..., "line": ...}`: a word of the table, and words copied from a log line that shows this cause |
# | `repairs[ticket]` | `{path: value}`: the smallest change that repairs the request |
#
# The words must be in none of the other four logs. Leave out times of day, which change with every run.
#
# Paths look like `InputDataConfig.train.ContentType` or `InputDataConfig.train.DataSource.S3DataSource.S3Uri`. A change that touches more than the fault loses
# half of the points of its repair. Do not change the files.
#
# For a job with a `gamma` of -1 the two are `{"cause": "range", "line": "Hyperparameter gamma: -1"}` and `{"HyperParameters.gamma": "0"}`.
#
# The check looks up your lines in the logs. It also runs each repaired request, as you can with boto3 (`start` and `wait`) or with the SDK (`trained`). The job
# must end well, and report the AUC on `validation` for the flights in `train/` and `validation/`.

# %% answer="m04_2_ex1"
diagnoses = ...  # TODO: ticket -> {"cause": ..., "line": ...}
repairs = ...  # TODO: ticket -> {path: value}

### BEGIN SOLUTION
TRAIN_URI = "InputDataConfig.train.DataSource.S3DataSource.S3Uri"
VALIDATION_URI = "InputDataConfig.validation.DataSource.S3DataSource.S3Uri"
SIGNS = {
    "Missing required channel": ("channel", {"InputDataConfig.training.ChannelName": "train"}),
    "Number of columns does not match": ("columns", {VALIDATION_URI: f"{folder}/validation/"}),
    "is not 'LIBSVM' format": ("format", {"InputDataConfig.train.ContentType": "text/csv"}),
    "is not all numbers": ("header", {TRAIN_URI: f"{folder}/train/"}),
    "base_score must be in": ("labels", {TRAIN_URI: f"{folder}/train/"}),
    "can only be applied for": ("objective", {"HyperParameters.objective": "binary:logistic"}),
    "must match exactly": ("prefix", {TRAIN_URI: f"{folder}/train/"}),
    "Hyperparameter eta": ("range", {"HyperParameters.eta": "0.2"}),
}
diagnoses, repairs = {}, {}
for ticket, name in jobs.items():
    sign = next(sign for sign in SIGNS if sign in "\n".join(log_lines(name)))
    diagnoses[ticket] = {"cause": SIGNS[sign][0], "line": sign}
    repairs[ticket] = SIGNS[sign][1]
### END SOLUTION

# %% check="m04_2_ex1"
check("m04_2_ex1", diagnoses=diagnoses, repairs=repairs)

# %% [markdown]
# ## What failures cost
#
# `BillableTimeInSeconds` is the time that you pay for, from the start of the download to the end. A failed job is billed like any other job.

# %%
paid = pd.Series({ticket: job["BillableTimeInSeconds"] for ticket, job in described.items()})
print(paid.to_string(), f"{paid.sum()} seconds in all", sep="\n")

# %% [markdown]
# You paid for these seconds and got nothing. With larger data the download alone may take half an hour, and every mistake costs that half hour.
#
# ## Sorting failures
#
# Not every failure comes from a mistake in the request. Ask these questions from top to bottom. To *mend* means to repair.
#
# | what the job left behind | action |
# |---|---|
# | status `Stopped`, secondary status `MaxRuntimeExceeded` | `more time` |
# | status `Stopped`, any other secondary status: somebody stopped it | `leave` |
# | a reason that begins with `CapacityError` or `InternalServerError` | `send again` |
# | a reason that ends in `exit code: 137`: the job was killed, mostly because it had too little memory | `more memory` |
# | an exception whose line has `hyperparameter`, `metric`, `channel`, `ContentType` or `format`, in small or capital letters | `mend the request` |
# | any other exception: about what is in the files, or about which files were read | `mend the data` |
#
# Three things can mislead you:
#
# - A `FailureReason` has at most {fact:failure-reason-characters} characters. A long traceback pushes the message out of it, so you must read the log.
# - An exception may be raised while the program handles another one. Then the log has both. The *later* one is the exception that the job failed of.
# - Warnings may use the same words as exceptions.

# %% [markdown] exercise="m04_2_ex2"
# Write `triage(description, log)`. It returns `{"action": ..., "line": ...}`: an action of the table, and the whole log line of the exception that the job
# failed of. When the log has no exception, the line is `""`.
#
# `description` has `TrainingJobStatus`, `SecondaryStatus`, `BillableTimeInSeconds` and, for failed jobs, `FailureReason`. `log` is a list of lines. The line
# of an exception begins with the name of its class, dots included, and a colon.
#
# Take a failed job whose log ends in `["Traceback (most recent call last):", "ValueError: no numbers in part-7.csv", "Encountered exit_code 1"]`. The result
# is `{"action": "mend the data", "line": "ValueError: no numbers in part-7.csv"}`.
#
# It is judged on forty unseen jobs. Do not call AWS.


# %% answer="m04_2_ex2"
def triage(description: dict, log: list) -> dict:
    ### BEGIN SOLUTION
    reason = description.get("FailureReason", "")
    exceptions = [line for line in log if re.match(r"[\w.]+Error: ", line)]
    if description["TrainingJobStatus"] == "Stopped":
        late = description["SecondaryStatus"] == "MaxRuntimeExceeded"
        return {"action": "more time" if late else "leave", "line": ""}
    if reason.startswith(("CapacityError", "InternalServerError")):
        return {"action": "send again", "line": ""}
    if reason.endswith("exit code: 137"):
        return {"action": "more memory", "line": ""}
    last = exceptions[-1]
    ours = re.search("hyperparameter|metric|channel|contenttype|format", last.lower())
    return {"action": "mend the request" if ours else "mend the data", "line": last}
    ### END SOLUTION


# %% check="m04_2_ex2"
check("m04_2_ex2", triage=triage)

# %% [markdown]
# ## The mistake that does not fail
#
# A failed job at least tells you that something is wrong. Now we take a *sound* request, one without faults. But its validation data lacks one column, the air
# pressure. We compare it with a healthy job.

# %%
aws.upload(validation[columns[:-1]], "data/validation-short/part-0.csv")
source = "InputDataConfig.validation.DataSource.S3DataSource.S3Uri"
healthy = failed_jobs.sound(random.Random(SEED), image, aws.role, folder)
short = repaired(healthy, {source: f"{folder}/validation-short/"})
started = {"healthy": start("healthy", healthy), "short": start("short", short)}
for label, name in started.items():
    job = wait(name)
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    print(f"{label}: {job['TrainingJobStatus']}, AUC on validation {metrics['validation:auc']:.3f}")

# %% [markdown]
# The job is *Completed*, and its AUC looks like any other. XGBoost treats a column that is not there as missing values. No log line, no reason and no exit
# code tells you about the mistake. You find it only if you look at the data before the job does.
#
# ## Before it costs anything
#
# A *pre-flight check* runs before you send a request. It reads the request and the first rows of each channel. It gives the reasons not to send the request.
# These faults can be seen beforehand:
#
# - a channel is called neither `train` nor `validation`
# - a channel has no content type, or its rows are CSV and its content type is not
# - in CSV, a row has something that is neither a number nor empty
# - in CSV, rows differ in how many columns they have, within a channel or between the two
# - in CSV, a label is neither 0 nor 1 although the objective begins with `binary:`
# - `num_round` is missing, or `eta` is there and is not a number from 0 to 1
# - the metric is exactly `auc` and the objective begins with `reg:`
#
# A check that refuses everything is as useless as one that refuses nothing.

# %% [markdown] exercise="m04_2_ex3"
# Write `preflight(request, heads)`. It returns a `list` of reasons (`str`) not to send the request. The list is empty when there is none. `request` has
# `HyperParameters` and `InputDataConfig` as in `healthy`, without the data sources. `heads` has the first rows of each channel by its name.
#
# For the heads `{"train": ["1,0.5,7", "0,,3"], "validation": ["0,0.1,2"]}` a request like `healthy` gets `[]`. With an `eta` of `"20"` it gets something like
# `["eta is 20, not from 0 to 1"]`.
#
# It is judged on unseen requests, sound and bad: what it catches, less what it refuses without need. The wording of the reasons is not judged.
#
# | a sound request may have | for example |
# |---|---|
# | one channel | `train` alone |
# | empty cells | `0,,3` |
# | LIBSVM rows | `1 0:2.5 3:7`: a label, and pairs of index and value |
# | the content type `csv` | `csv`, which means `text/csv` |
# | a parameter after the content type | `text/csv; label_size=1` |
# | labels of any size in a regression | `-12` or `75` |


# %% answer="m04_2_ex3"
def preflight(request: dict, heads: dict) -> list:
    ### BEGIN SOLUTION
    found, widths, parameters = [], set(), request["HyperParameters"]
    binary = parameters.get("objective", "").startswith("binary:")
    for one in request["InputDataConfig"]:
        name, form = one["ChannelName"], one.get("ContentType", "").split(";")[0]
        if name not in ("train", "validation"):
            found.append(f"no channel is called {name}")
        if form not in ("text/csv", "csv"):
            found += [f"{name} is CSV, not {form}"] * ("," in heads[name][0])
            continue
        rows = [row.split(",") for row in heads[name]]
        widths |= {len(row) for row in rows}
        if not all(re.fullmatch(r"-?[\d.]*", cell.strip()) for row in rows for cell in row):
            found.append(f"{name} holds text")
        elif binary and {float(row[0]) for row in rows} - {0, 1}:
            found.append(f"labels of {name} are not 0 and 1")
    found += ["rows differ in columns"] * (len(widths) > 1)
    found += ["num_round is missing"] * ("num_round" not in parameters)
    if not re.fullmatch(r"1(\.0*)?|0?\.\d+|0", parameters.get("eta", "0.3")):
        found.append("eta is not from 0 to 1")
    if parameters.get("eval_metric") == "auc" and parameters["objective"].startswith("reg:"):
        found.append("auc needs classes")
    return found
    ### END SOLUTION


# %% check="m04_2_ex3"
check("m04_2_ex3", preflight=preflight)

# %% [markdown]
# ## In this notebook we have
#
# - seen which mistakes are refused at no cost, and which become a failed job that you pay for;
# - read the statuses of a job, and its log from the end;
# - repaired five requests in one field each;
# - sorted failures by the action that they need;
# - met a mistake that ends in `Completed`, and written a check for it.
#
# ## Recall
#
# 1. What does `AlgorithmError` say about the cause of a failure?
# 2. Why may the message be missing from `FailureReason`?
# 3. A job was killed with exit code 137. What do you try first?
# 4. What is the difference between the prefixes `data/train` and `data/train/`?
# 5. What is the status of a job that reached `MaxRuntimeInSeconds`?
#
# <details><summary>Answers</summary>
#
# - To 1: by itself nothing. It says only that the program in the container ended with an error.
# - To 2: it is cut off after {fact:failure-reason-characters} characters, and a traceback is long.
# - To 3: an instance with more memory, or less data at a time.
# - To 4: the first also matches keys such as `data/train-month/...`.
# - To 5: `Stopped`, with the secondary status `MaxRuntimeExceeded`.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.estimator import Estimator
# from sagemaker.exceptions import UnexpectedStatusException
# from sagemaker.session import Session
#
# estimator = Estimator(image, aws.role, 1, "ml.m5.large", hyperparameters={"num_round": 20})
# try:
#     estimator.fit({"training": f"{folder}/train/"})  # the image wants a channel "train"
# except UnexpectedStatusException as error:
#     print(error.actual_status, error)
# Session().logs_for_job(estimator.latest_training_job.name)  # prints the log
# ```
#
# ## Clean up
#
# Failed jobs no longer run, and they cost nothing more. Their records and logs stay.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Now you can repair one job. Next you start many at once: [a search for better settings](../m06_tuning/m06_1_ranges.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
