# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # When a training job fails
#
# Monday morning. Five colleagues have sent you the same message: "My training job failed, it says framework error." All five wanted the model of late
# flights, all five made one slip, and all five suggest a larger machine. Today you find out what went wrong from what the jobs left behind, mend each
# request in one place, and build a check that stops the next five before they cost anything.
#
# **By the end you can**
#
# - diagnose a failed job from its log and repair its request (exercise 4.2.1)
# - sort failures by what they need next (exercise 4.2.2)
# - refuse a bad request before it is sent (exercise 4.2.3)
#
# **Prerequisites**: [training with the built-in XGBoost](../m04_training/m04_1_builtin_xgboost.ipynb): channels, content types, logs.
#
# **Time**: 50 minutes.
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
# Two thousand flights are enough here: we look at failures, not at models.

# %% tags=["parameters"]
SEED = 2013
ROWS = 2_000

# %% [markdown]
# ## What lies in the bucket
#
# Five colleagues have used the bucket for a while. Besides the two folders that are right there are four that look like them:
#
# | folder below `data/` | what is in it |
# |---|---|
# | `train/`, `validation/` | label `late` (0 or 1) first, 11 features, no header |
# | `train-month/`, `validation-month/` | one column more, the month |
# | `export/` | as `train/`, written by a tool that adds a header |
# | `miles/` | first column: the distance, taken for a label by mistake |

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
folder = f"s3://{aws.bucket}/{aws.prefix}/data"
folder

# %% [markdown]
# ## The five
#
# Here is the first of the five requests as it was sent. `variant` draws yours: five faults of eight, and settings that differ and do no harm.

# %%
image = aws.image("xgboost", "3.0-5")
requests = failed_jobs.requests(variant("m04_2_ex1"), image, aws.role, folder)
requests["ticket-1"]

# %% [markdown]
# A waiter raises `WaiterError` when the job fails. That is not a program error here: we want to know how it ended, and the description says so.

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
# Some requests are refused at once, with an exception, before any computer starts. They cost nothing. A folder in which there is nothing is of this kind:

# %%
nowhere = copy.deepcopy(requests["ticket-1"])
nowhere["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = f"{folder}/trian/"
try:
    start("nowhere", nowhere)
except ClientError as error:
    print(error.response["Error"]["Code"], error.response["Error"]["Message"][:80], sep="\n")

# %% [markdown]
# `ValidationException`: no job was made. SageMaker looks whether there *is* something below the prefix, never at what is in it. What is in it shows only
# when the program reads it, on a computer that you pay for.
#
# The five get past this. A new account may run {fact:training-instances-new-account} instances in training jobs at a time, so the fifth job waits
# for the first.

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
# Five times the same words. `AlgorithmError` says only that the program in the *container*, the closed box a job runs in, ended with an error. It does
# not say that the algorithm is to blame.
#
# ### Where the time went
#
# A job passes through *secondary statuses*, each with its beginning and end: starting, downloading the image and the data, training, uploading. Where it
# stopped is the first clue.

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
# All five came as far as *Training*: the role could read the bucket, the image was there, the data were copied. *Uploading* is no sign of success: a failed
# job passes through it too, and leaves no model. A job that ends in *Downloading* would have sent you to the role or to S3 instead. Here the log is
# what is left.
#
# ### What the log says
#
# A log begins with what every job prints and ends with what every failed job prints. The line that matters is between them, and not the last one.

# %%
logs = aws.client("logs")
GROUP = "/aws/sagemaker/TrainingJobs"


def log_lines(job_name: str) -> list[str]:
    found = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job_name}/")
    names = [stream["logStreamName"] for stream in found["logStreams"]]
    reader = logs.get_paginator("filter_log_events")
    pages = reader.paginate(logGroupName=GROUP, logStreamNames=names)
    return [event["message"] for page in pages for event in page["events"]]


print(*(line[:150] for line in log_lines(jobs["ticket-1"])), sep="\n")

# %% [markdown]
# Read it from below: the exit code, the message, and above it the *traceback*, the way through the program to the place where it gave up. The message may
# stand there more than once, where one part of the program passes it on to the next. Print the logs of the others in the same way. The words below are for what went wrong; five of the eight occur.
#
# | cause | what went wrong |
# |---|---|
# | `channel` | a channel has a name that the algorithm does not know |
# | `columns` | the two channels differ in their columns |
# | `format` | the content type is not that of the data |
# | `header` | the file begins with names |
# | `labels` | the first column is not the label |
# | `objective` | the objective does not suit what is asked for |
# | `prefix` | the prefix matches more than it should: `data/train` is a beginning of keys, not a folder |
# | `range` | a hyperparameter is outside its range |
#
# A change is written as the path of a field and its new value. In a list of channels, the channel's name stands for its place:


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
# More time, and the same end: time was not it. So much for the first suggestion that everybody makes.

# %% [markdown] exercise="m04_2_ex1"
# Make two `dict`s with the keys `"ticket-1"` to `"ticket-5"`.
#
# - `diagnoses[ticket]` is `{"cause": ..., "line": ...}`: a word of the table, and words copied from a log line that says so. No other kind of line and
#   none of the other four logs may hold them. Leave out times of day, which change with every run.
# - `repairs[ticket]` is `{path: value}`: the smallest change of the request that mends it. Paths look like `InputDataConfig.train.ContentType` or
#   `InputDataConfig.train.DataSource.S3DataSource.S3Uri`. A change that touches more than the fault loses half. Do not change the files.
#
# For a job that asked for a `gamma` of -1 the two are `{"cause": "range", "line": "Hyperparameter gamma: -1"}` and `{"HyperParameters.gamma": "0"}`.
#
# The check looks up your lines in the logs, and runs each job again from the repaired request, as you can with `start` and `wait`: it must end well,
# and report the AUC on `validation` for the flights in `train/` and `validation/`.

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
# `BillableTimeInSeconds` is what you pay for, from the start of the download to the end. A failed job is billed like any other.

# %%
paid = pd.Series({ticket: job["BillableTimeInSeconds"] for ticket, job in described.items()})
print(paid.to_string(), f"{paid.sum()} seconds in all", sep="\n")

# %% [markdown]
# They bought nothing. Here it is seconds; on AWS the data are larger, the download alone may take half an hour, and every
# slip costs that half hour. That is why the order of the rest of this notebook is: sort failures fast, and then avoid them.
#
# ## Sorting failures
#
# Not all failures are slips. Ask in this order (the order and the six actions are this course's own):
#
# | what the job left behind | action |
# |---|---|
# | status `Stopped`, secondary status `MaxRuntimeExceeded` | `more time` |
# | status `Stopped` otherwise: somebody stopped it | `leave` |
# | a reason that begins with `CapacityError` or `InternalServerError` | `send again` |
# | a reason that ends in `exit code: 137`: killed, mostly for want of memory | `more memory` |
# | an exception whose line has `hyperparameter`, `metric`, `channel`, `ContentType` or `format`, in small or capital letters | `mend the request` |
# | any other exception: about what is in the files, or about which files were read | `mend the data` |
#
# Two traps. A `FailureReason` has at most {fact:failure-reason-characters} characters: a long traceback pushes the message out of it, so the log has to be read. And an exception may
# be raised while another is handled; then both are printed, and the *later* one is what the job failed of. Warnings may use the same words.

# %% [markdown] exercise="m04_2_ex2"
# Write `triage(description, log)` that returns `{"action": ..., "line": ...}`: an action of the table, and the whole log line of the exception that the job
# failed of, or `""` when the log has none. `description` has `TrainingJobStatus`, `SecondaryStatus`, `BillableTimeInSeconds` and, for failed jobs,
# `FailureReason`; `log` is a list of lines. The line of an exception begins with the name of its class, dots included, and a colon. For a failed job whose log ends in
# `["Traceback (most recent call last):", "ValueError: no numbers in part-7.csv", "Encountered exit_code 1"]` it is
# `{"action": "mend the data", "line": "ValueError: no numbers in part-7.csv"}`. It is judged on forty unseen jobs. Do not call AWS.


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
# Failed jobs are the honest ones. Watch what happens to a sound request when the validation data lack a column, the air pressure, and nobody looks.

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
# *Completed*, and a number that looks like a number. XGBoost takes columns that are not there for missing values. No log line, no reason and no
# exit code tells you; only a look at the data before the job does.
#
# ## Before it costs anything
#
# A *pre-flight check* reads the request and the first rows of each channel, and says why not to send it. What can be seen beforehand:
#
# - a channel is called neither `train` nor `validation`;
# - a channel has no content type, or is CSV by its rows and not by its type;
# - in CSV, a row holds something that is neither a number nor empty;
# - in CSV, rows differ in how many columns they have, within a channel or between the two;
# - a label is neither 0 nor 1 although the objective begins with `binary:`;
# - `num_round` is missing, or `eta` is not a number from 0 to 1;
# - the metric is `auc` and the objective begins with `reg:`.
#
# A check that refuses everything is as useless as one that refuses nothing: colleagues switch it off.

# %% [markdown] exercise="m04_2_ex3"
# Write `preflight(request, heads)` that returns a `list` of reasons (`str`) not to send the request, empty when there is none. `request` has
# `HyperParameters` and `InputDataConfig` as in `healthy`, without the data sources; `heads` holds the first rows of each channel by its name. For the heads
# `{"train": ["1,0.5,7", "0,,3"], "validation": ["0,0.1,2"]}` a request like `healthy` gets `[]`, and one with an `eta` of `"20"` gets something
# like `["eta is 20, not from 0 to 1"]`.
#
# It is judged on unseen requests, sound and bad: what it catches, less what it refuses without need. Sound requests may have one channel, empty cells,
# LIBSVM rows such as `1 0:2.5 3:7`, the content type `csv`, which means `text/csv`, a parameter after the type as in `text/csv; label_size=1`, or labels of
# any size in a regression. The wording of the reasons is not judged.


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
# - seen which mistakes are refused for nothing and which become a failed job that is paid for;
# - read a job's way through its statuses, and its log from below;
# - mended five requests in one field each;
# - sorted failures into those to mend, to enlarge and to send again;
# - met a mistake that ends in `Completed`, and written a check for it.
#
# ## Recall
#
# 1. What does `AlgorithmError` say about whose fault it is?
# 2. Why may the message be missing from `FailureReason`?
# 3. A job was killed with exit code 137. What do you try first?
# 4. What is the difference between the prefixes `data/train` and `data/train/`?
# 5. A job that ran into `MaxRuntimeInSeconds`: what is its status?
#
# <details><summary>Answers</summary>
#
# - To 1: nothing; only that the program in the container ended with an error.
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
# In version 3, `TrainingJob.get(training_job_name=name)` of `sagemaker.core.resources` has `failure_reason` and `secondary_status_transitions`. Its `wait()`
# raises `FailedStatusError`.
#
# ## Clean up
#
# Failed jobs run no longer and cost nothing more; their records and logs stay.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# One job is sound now. Next come many at once: [a search for better settings](../m06_tuning/m06_1_ranges.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
