# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # What came of it
#
# The model of late flights answers in milliseconds. Whether it was right, we know hours later, when the plane has landed. Nobody collected these outcomes. So
# nobody noticed that a service had sent zeros for a week. In this notebook the outcomes come back to the predictions, and a monitor measures the model every day.
# An alarm wakes somebody up, but not too often.
#
# **By the end you can**
#
# - bring late labels back to the predictions, each exactly once (exercise 12.2.1)
# - find out why a monitor of model quality measures nothing, and mend it (exercise 12.2.2)
# - choose an alarm by what it costs, or none (exercise 12.2.3)
#
# **Prerequisites**: [real-time endpoints](../m08_realtime/m08_1_realtime.ipynb), and [what comes in](m12_1_what_comes_in.ipynb), the notebook before.
#
# **Time**: 75 minutes; a good place for a break is before "One number a day".
#
# **Services**: SageMaker endpoints with data capture, Model Monitor, CloudWatch, SNS, SQS, EventBridge, SageMaker Pipelines.
#
# **Cost**: \$0 here. On AWS the endpoint costs {fact:price-ml-m5-large-hosting} dollars an hour: about 11 dollars for four days. The jobs of the monitor cost
# some cents (November 2026). New AWS accounts cannot start Model Monitor since {fact:closed-features-day}.
#
# ## Set up

# %%
import json
import logging

import pandas as pd
from given import features, late_flights
from given import quality_retraining as actions
from given.late_flights import FEATURES, STATE, joined, trained
from given.quality_alarm import played
from given.quality_monitors import executions, reports, run_once, shown, told
from given.quality_traffic import ask, deploy, first_captured, label, now, put_labels
from matplotlib import pyplot as plt

from course import check, connect, hint, judge, show, variant
from course.exercises import broken_quality

logging.disable(logging.WARNING)  # the SDK logs each step
aws = connect("m12_2")
sagemaker, s3, cloudwatch = (aws.client(name) for name in ("sagemaker", "s3", "cloudwatch"))
folder = f"s3://{aws.bucket}/{aws.prefix}"
aws

# %% [markdown]
# `ASKED` is the number of flights a day about which travellers ask: with fewer, a day says less about the model. `TREES` is the size of the model.

# %% tags=["parameters"]
ASKED = 200
TREES = 40

# %% [markdown]
# The SDK needs a region when it is imported, so we import it after `connect`. The model learns from January to March, and goes live. Then travellers ask about
# flights of 8 July.

# %%
from sagemaker.core.model_monitor import EndpointInput, ModelQualityMonitor
from sagemaker.core.model_monitor.dataset_format import DatasetFormat

flown = features.flights(aws.data("flights"), months=(1, 12))
flights = late_flights.table(flown, aws.data("weather"))
flights = flights.join(joined(flights, "asked_at", features.airport_state(flown), STATE))
local = flights.departs.dt.tz_convert(features.NEW_YORK)
flights["day"] = local.dt.tz_localize(None).dt.normalize()
model = trained(flights[flights.day < "2013-04-01"].sample(20_000, random_state=1), FEATURES, TREES)
endpoint = deploy(aws, model)


def of_day(day: str) -> pd.DataFrame:
    return flights[flights.day == day].sample(ASKED, random_state=1)


today = ask(aws, endpoint, of_day("2013-07-08"), FEATURES, "july-08")
began = now(aws)

# %% [markdown]
# ## Labels come later
#
# The endpoint has *data capture*: S3 gets a line for each request and its answer. The app gave each request an `InferenceId`. Later a label names the request
# by this id. Without one, the only name of a request is its random `eventId`, which the app never sees.

# %%
key, line = first_captured(aws, endpoint)
print(key)
print(json.dumps(json.loads(line), indent=1))

# %% [markdown]
# A label, or *ground truth*, says what really happened. You write labels into files of JSON lines. Each line has the inference id of its request, in the member
# `eventId`:

# %%
print(label("july-08-0001", "1"))

# %% [markdown]
# A file is in the folder of the hour, in UTC, in which its labels were *collected*, for example `labels/2026/11/28/21/any-name.jsonl`. Before each analysis, a
# job of Model Monitor merges captured requests and labels. It leaves out a request without a label: it cannot know whether the plane is still in the air or
# never flew. If a request has two labels, AWS does not say which one counts. So make sure that each outcome is stored exactly once. An execution reads the
# folders from the beginning of its window until now.

# %% [markdown] exercise="m12_2_ex1"
# Write `write_labels(predictions, messages, folder)` that stores labels below the S3 URI `folder`.
#
# | table | column | example |
# |---|---|---|
# | `predictions` | `inference_id` | `"trip-1c6f09aa"` |
# | | `flight` | `"UA1545"` |
# | | `asked` | `"2026-11-28T09:12:44Z"` |
# | `messages` | `flight` | `"UA1545"` |
# | | `sent` | `"2026-11-28T14:05:09Z"` |
# | | `status` | `"landed"`, `"cancelled"` or `"diverted"` |
# | | `delay` | `23.0`, in minutes |
#
# - The newest message of a flight counts. Only a flight that landed has a label: `"1"` if it is more than 15 minutes late, else `"0"`.
# - Each prediction of a flight with a label has exactly one line, in the folder of an hour, best that of `sent`. Other predictions have none.
# - The function is called again and again, with all messages so far. After each call the files fit the newest table: earlier lines may be wrong by then.
#
# All rows are of one day, so a flight name means one flight. Only your function writes below `folder`, so it may delete there. Try it with another folder. It
# is judged by what the job merges.


# %% answer="m12_2_ex1"
def write_labels(predictions: pd.DataFrame, messages: pd.DataFrame, folder: str) -> None:
    ### BEGIN SOLUTION
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    newest = messages.sort_values("sent").drop_duplicates("flight", keep="last")
    rows = predictions.merge(newest[newest.status == "landed"], on="flight")
    hours = pd.to_datetime(rows.sent).dt.strftime("%Y/%m/%d/%H")
    for hour, some in rows.groupby(hours):
        outcomes = (some.delay > 15).astype(int).astype(str)
        lines = [label(identity, outcome) for identity, outcome in zip(some.inference_id, outcomes, strict=True)]
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{hour}/labels.jsonl", Body="\n".join(lines).encode())
    ### END SOLUTION


# %% check="m12_2_ex1"
check("m12_2_ex1", write_labels=write_labels)

# %% [markdown]
# ## A baseline, a schedule, a clock
#
# How good is the model when all is well? A *baseline job* measures it on predictions with labels, here of ten days in April. The *problem type* says which
# metrics there are: `Regression`, `BinaryClassification` or `MulticlassClassification`. Ours is binary: late or not. The monitor reads classes (*inference
# attribute*), probabilities (*probability attribute*), or both. Without classes, it makes them from the probabilities and a threshold. In a table with a
# header, an attribute is the name of a column. Captured CSV has no names, so there it is the column's number: `"0"` is the first value of the answer.

# %%
april = flights[flights.day.between("2013-04-08", "2013-04-17")]
scored = pd.DataFrame({"score": model.predict_proba(april[FEATURES])[:, 1], "late": april.late})
rows = aws.upload(scored, "baseline-rows/april.csv", header=True)
rented = {"instance_type": "ml.m5.large"}
monitor = ModelQualityMonitor(role=aws.role, sagemaker_session=aws.session, **rented)
monitor.suggest_baseline(
    baseline_dataset=rows,
    dataset_format=DatasetFormat.csv(header=True),
    problem_type="BinaryClassification",
    probability_attribute="score",
    ground_truth_attribute="late",
    probability_threshold_attribute="0.2",  # text here, a number in EndpointInput
    output_s3_uri=f"{folder}/baseline",
    wait=True,
)
constraints = monitor.suggested_constraints().body_dict["binary_classification_constraints"]
pd.DataFrame(constraints).T.loc[["auc", "recall", "precision", "accuracy"]]

# %% [markdown]
# The job suggests a limit for each metric: the value of the baseline itself. A model that stays as good as it was misses such a limit on many days. So these
# limits are a start, and no alarm.
#
# The schedule runs once a day. Its offsets say which requests it looks at: those from 48 to 24 hours ago. By then even the last flight has landed. With a
# shorter wait, labels of late flights are missing most, because these land last.


# %%
def monitored(hour: int) -> str:
    """Create the schedule, which runs at this hour each day. Returns its name."""
    name = aws.unique("quality")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=name,
        endpoint_input=EndpointInput(
            endpoint,
            "/opt/ml/processing/input/endpoint",
            start_time_offset="-P2D",
            end_time_offset="-P1D",
            probability_attribute="0",
            probability_threshold_attribute=0.2,
        ),
        ground_truth_input=f"{folder}/labels",
        problem_type="BinaryClassification",
        constraints=f"{folder}/baseline/constraints.json",
        output_s3_uri=f"{folder}/reports",
        schedule_cron_expression=f"cron(0 {hour} ? * * *)",
    )
    return name


schedule = monitored((began.hour - 1) % 24)  # no window ends between two requests of a day

# %% [markdown]
# A day later we know all outcomes. The local AWS has a clock that we can move on, so we need not wait.


# %%
def day_passes(asked: pd.DataFrame) -> None:
    if aws.local:
        aws.local.advance(24 * 3600)
    put_labels(aws, asked.inference_id, asked.late)
    put_labels(aws, asked.flight, asked.late, "labels-by-flight")


day_passes(today)
if aws.local:  # on AWS, another day passes
    day_passes(ask(aws, endpoint, of_day("2013-07-09"), FEATURES, "july-09"))
    print(shown(executions(sagemaker, schedule, 2)))

# %% [markdown]
# The first execution had no data: its window ended before our first request. The second completed, and compared each metric with its limit. It also published
# the metrics in CloudWatch:

# %%
namespace = "aws/sagemaker/Endpoints/model-metrics"
own = [{"Name": "Endpoint", "Value": endpoint}]
listed = cloudwatch.list_metrics(Namespace=namespace, MetricName="auc", Dimensions=own)
print(*(each["Dimensions"] for each in listed["Metrics"]), sep="\n")
names = {"Endpoint": endpoint, "MonitoringSchedule": schedule}
dimensions = [{"Name": name, "Value": value} for name, value in names.items()]
if aws.local:
    last = reports(aws, executions(sagemaker, schedule)[-1])
    print(last["statistics"]["binary_classification_metrics"]["auc"])
    for each in last["constraint_violations"]["violations"]:
        print(each["description"])

# %% [markdown]
# The `standard_deviation` comes from five samples, each of 80 % of the day's rows. With fewer than 200 labels there is none. These samples overlap, so it is
# only about half of the value's uncertainty. It does not say how much days differ.
#
# ## Three monitors that measure nothing
#
# Three colleagues set up a monitor each for the same endpoint. Each ran once, over our last requests, and none is of use. `told` returns all texts of an
# execution: its failure reason, and of its last job the exit message, the log, the violations and the environment variables. The labels in `labels-by-flight`
# name flights instead of requests. They were made by mistake.

# %%
words = monitor.image_uri, aws.role, endpoint, folder
definitions = broken_quality.definitions(variant("m12_2_ex2"), *words)
hours_ago = 12 if aws.local else 0  # on AWS, our requests are some minutes old
broken = {}
for each, definition in definitions.items():
    name = aws.unique(each)
    run_once(sagemaker, name, definition, hours_ago)
    broken[each] = executions(sagemaker, name)[-1]
    print(each, broken[each]["MonitoringExecutionStatus"], told(aws, broken[each])[0])

# %% [markdown]
# `definitions` holds the three requests: `print(json.dumps(definitions["monitor-1"], indent=1))` shows one. A change of one is a path and a new value:
# `broken_quality.repaired(definition, {"JobResources.ClusterConfig.VolumeSizeInGB": 20})` returns the changed definition. The path must
# exist already.

# %% [markdown] exercise="m12_2_ex2"
# Make two `dict`s with the keys `"monitor-1"` to `"monitor-3"`.
#
# - `evidence[monitor]` is text: words copied from what `told(aws, broken[monitor])` returns that say what was wrong. Neither of the other two executions has
#   these words. Leave out what changes with every run, such as times and names of jobs.
# - `repairs[monitor]` is `{path: value}`: the smallest change of its definition that mends it.
#
# A sound monitor completes, measures the AUC of the probabilities and a recall above 0 and below 1, and publishes its metrics. Violations are no fault. The
# check runs each monitor again with your change.


# %% answer="m12_2_ex2"
evidence = ...  # TODO: monitor -> words
repairs = ...  # TODO: monitor -> {path: value}

### BEGIN SOLUTION
SOURCE, APPLICATION = "ModelQualityJobInput.EndpointInput", "ModelQualityAppSpecification"
LABELS = "ModelQualityJobInput.GroundTruthS3Input.S3Uri"
CONSTRAINTS = "ModelQualityBaselineConfig.ConstraintsResource.S3Uri"
SIGNS = {
    "There are no ground truth labels": {LABELS: f"{folder}/labels"},
    "captured requests has a ground truth label": {LABELS: f"{folder}/labels"},
    "Job inputs had no data": {f"{SOURCE}.EndpointName": endpoint},
    "probability_attribute is '1'": {f"{SOURCE}.ProbabilityAttribute": "0"},
    "inference_attribute is missing": {f"{APPLICATION}.ProblemType": "BinaryClassification"},
    "baseline/constraint.json": {CONSTRAINTS: f"{folder}/baseline/constraints.json"},
    "account-level service limit": {"JobResources.ClusterConfig.InstanceCount": 1},
    "probability_threshold_attribute=20": {f"{SOURCE}.ProbabilityThresholdAttribute": 0.2},
    "publish_cloudwatch_metrics=Disabled": {f"{APPLICATION}.Environment.publish_cloudwatch_metrics": "Enabled"},
}
evidence, repairs = {}, {}
for each, execution in broken.items():
    sign = next(sign for sign in SIGNS if sign in "\n".join(told(aws, execution)))
    evidence[each], repairs[each] = sign, SIGNS[sign]
### END SOLUTION

# %% check="m12_2_ex2"
check("m12_2_ex2", evidence=evidence, repairs=repairs)

# %% [markdown]
# ## One number a day
#
# Which metric, at which value, should wake somebody up? `given/quality_days.py` has the metrics of a larger service, which answers for all flights of an
# airport, for each day from April to June. It has them for the sound service, and for the same service with a fault: `state` sends zeros for the state of the
# airport, `hhmm` 830 for the time 8:30, `utc` times in UTC, `celsius` degrees in Celsius, and `weather` no weather.

# %%
from given.quality_days import METRICS, days_of

days = days_of("EWR")
figure, axes = plt.subplots(figsize=(7, 3))
for fault, style in (("", "k-"), ("hhmm", "k:")):
    some = days[days.fault == fault]
    axes.plot(some.day, some.auc, style, label=fault or "sound")
axes.set(xlabel="day, from 1 April", ylabel="AUC", title="AUC by day, with and without a fault")
axes.legend()
show(figure, "Two lines of AUC by day. Both vary much from day to day, and overlap.")
days.groupby("fault")[[*METRICS, "usd"]].agg(["mean", "std"]).round(2)

# %% [markdown]
# Look at `auc` in the table. The daily AUC of the sound service has a standard deviation of 0.09 (`std`). Four of the five faults lower the mean AUC by less
# than that. So one low day proves little, unless it is very low. An alarm may look at several days, `EvaluationPeriods`, and wait until some of them are below
# the limit, `DatapointsToAlarm`. The state of an alarm is `OK`, `ALARM` or `INSUFFICIENT_DATA`.
#
# What is such an alarm worth? `usd` is the mean cost of a flight: 120 dollars for a late flight without a warning, 25 for a false warning. A fault makes
# flights dearer until somebody knows of it. Each alarm, true or false, costs a page, that is, a call at night. `played` plays a plan over these days, and adds
# up what half a year costs. Two plans have no alarm. With *never*, somebody notices a fault after 60 days. With *weekly*, somebody checks every week: each
# check costs as much as a page, and finds any fault.
#
# `case` describes a service: what a page costs, its flights a day, and its faults in half a year (`incidents`).

# %%
case = {"endpoint": endpoint, "schedule": schedule, "airport": "EWR"}
case |= {"topic": "arn:aws:sns:us-east-1:123456789012:on-call"}
case |= {"page_usd": 600.0, "flights_a_day": 320, "incidents": 1.0}


def alarm(threshold: float, last: int, needed: int, metric: str = "auc") -> dict:
    rule = {"EvaluationPeriods": last, "DatapointsToAlarm": needed, "Threshold": threshold}
    return {"MetricName": metric, "ComparisonOperator": "LessThanThreshold", **rule}


plans = {"never": {"watch": "never"}, "weekly": {"watch": "weekly"}}
for limit in (0.5, 0.6, 0.7, 0.8):
    plans[f"AUC below {limit} on one day"] = {"watch": "alarm", "alarm": alarm(limit, 1, 1)}
pd.DataFrame({name: played(days, case, plan) for name, plan in plans.items()}).T.round(1)

# %% [markdown]
# Look at the last rows. With a high threshold the alarm is nearly always in ALARM, and so it pages *less*: an alarm acts when it goes to ALARM, and not while
# it stays there.

# %% [markdown] exercise="m12_2_ex3"
# Write `watch(days, case)` that returns the plan for a service: `{"watch": "never"}`, `{"watch": "weekly"}`, or `{"watch": "alarm", "alarm": <request>}`.
#
# - `days` is a table like `days_of("EWR")`, and `case` a `dict` like `case` above, with other numbers.
# - The request is a whole one for `put_metric_alarm`, with any `AlarmName`. It names a metric of the endpoint and schedule in `case`, with namespace and
#   dimensions. `Average` will do as `Statistic`. It looks at 7 periods of a day at most, and `AlarmActions` has the topic.
#
# Several services are judged on unseen days from July to December. You get points for the dollars that you save, compared with the better plan without an
# alarm. A quarter of what the best alarm in hindsight saves gives all points. The AUC need not be the best metric.


# %% answer="m12_2_ex3"
def watch(days: pd.DataFrame, case: dict) -> dict:
    ### BEGIN SOLUTION
    names = {"Endpoint": case["endpoint"], "MonitoringSchedule": case["schedule"]}
    whole = {
        "AlarmName": f"{case['schedule']}-worse",
        "Namespace": namespace,
        "Dimensions": [{"Name": name, "Value": value} for name, value in names.items()],
        "Period": 86_400,
        "Statistic": "Average",
        "AlarmActions": [case["topic"]],
    }
    plans = [{"watch": "never"}, {"watch": "weekly"}]
    for last, needed in ((1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (7, 4), (7, 6)):
        for limit in days[days.fault == ""].auc.quantile([0.05, 0.1, 0.2, 0.3, 0.4, 0.5]):
            plans.append({"watch": "alarm", "alarm": whole | alarm(limit, last, needed)})
    return min(plans, key=lambda plan: played(days, case, plan)["usd"])
    ### END SOLUTION


# %% check="m12_2_ex3"
check("m12_2_ex3", watch=watch)

# %% [markdown]
# ## From alarm to action
#
# An alarm acts in two ways. Its *actions* can tell people; here it sends a message to an SNS topic, which passes it on to an SQS queue, the mailbox of somebody
# on call. And each change of its state is an *event*, by which an EventBridge rule can start a function or a pipeline: here one that trains the model again. We
# set up both, and let two more days pass. On them, the service sends zeros for the state of the airport, and times as hhmm. Our alarm looks at one day and has
# a high threshold, so that you see it act soon; exercise 12.2.3 finds a better one.

# %%
topic, queue = actions.notified(aws)
pipeline = actions.retraining(aws, f"{folder}/newest")
low = aws.unique("auc-low")
rule, role = actions.started_by(aws, low, pipeline)
request = alarm(0.65, 1, 1) | {"AlarmName": low, "Period": 86_400, "Statistic": "Average"}
where = {"Namespace": namespace, "Dimensions": dimensions}
cloudwatch.put_metric_alarm(**request, **where, AlarmActions=[topic])
for day in ("2013-07-10", "2013-07-11") if aws.local else ():
    sent = of_day(day).assign(**dict.fromkeys(STATE, 0))
    sent["minutes"] = sent.minutes // 60 * 100 + sent.minutes % 60
    aws.upload(sent[["late", *FEATURES]], f"newest/{day}.csv")
    day_passes(ask(aws, endpoint, sent, FEATURES, day))
if aws.local:
    print(shown(executions(sagemaker, schedule, 4)))
    for message in actions.messages(aws, queue):
        print(message["AlarmName"], message["NewStateValue"], message["NewStateReason"])
    print("executions of the pipeline:", *actions.retrained(aws, pipeline))

# %% [markdown]
# Two days after the first wrong request somebody has a message, and the pipeline has trained a model on the newest rows. That is the wrong answer to this
# alarm: the new model learned from broken rows, and nobody looks for the fault. An alarm on the model says *that* something is wrong. [The data quality
# monitor](m12_1_what_comes_in.ipynb) says whether it is the input.
#
# And if the input is sound, is a new model better? A warning is worth it if 120 p > 25 (1 - p), so from a probability of 25/145 on. We compare three, in
# dollars a flight: the live one, one of all data before the month, and one of the month before alone.


# %%
def dollars(some: pd.DataFrame, by) -> float:
    warned = by.predict_proba(some[FEATURES])[:, 1] >= 25 / 145
    return (120 * (some.late & ~warned) + 25 * (1 - some.late) * warned).mean()


def learned(some: pd.DataFrame):
    return trained(some.sample(20_000, random_state=1), FEATURES, TREES)


compared = []
for month in (6, 7, 11, 12):
    known = flights[flights.day < f"2013-{month:02}"]
    last = known[known.day >= f"2013-{month - 1:02}"]
    models = {"live": model, "all data": learned(known), "last month": learned(last)}
    unseen = flights[flights.day.dt.month == month]
    costs = {name: dollars(unseen, each) for name, each in models.items()}
    compared.append({"month": month, **costs})
pd.DataFrame(compared).round(2)

# %% [markdown]
# In summer any new model saves three dollars a flight or more. In November hardly anything is gained. In December a model of the last month costs more than the
# old one: November is no guide to the holidays. So an alarm may *start* a retraining on its own. Whether the new model goes live is decided by a comparison
# with the live one, on flights that neither has seen, as in the [pipeline with a gate](../m10_pipelines/m10_1_from_notebook_to_pipeline.ipynb). It is never
# decided while data quality is violated.
#
# ## In this notebook we have
#
# - brought late labels back to predictions by inference ids, each once;
# - run a monitor of model quality on a clock, with offsets that wait for the labels;
# - mended three monitors by what their executions left to read;
# - chosen alarms by their cost, compared with never watching and a weekly check;
# - let an alarm notify people and start a pipeline, and seen when retraining does harm.
#
# ## Recall
#
# 1. Which request does a label belong to, and what happens to a request without one?
# 2. Why does the schedule look at the day before the last?
# 3. Why are the suggested constraints no alarm?
# 4. An alarm with a very high threshold pages hardly ever. Why?
# 5. When is retraining the wrong answer to an alarm?
#
# <details><summary>Answers</summary>
#
# - 1: to the one with its inference id; without a label it is left out.
# - 2: its labels are complete by then.
# - 3: they are the values of the baseline, which many sound days miss.
# - 4: it is in ALARM nearly always, and acts only when it goes there.
# - 5: when the input is broken, or when the new data are no guide to the next weeks.
#
# </details>
#
# ## Clean up

# %%
actions.taken_down(aws, topic, queue, pipeline, rule, role)
cloudwatch.delete_alarms(AlarmNames=[low])
aws.cleanup()

# %% [markdown]
# ## Next
#
# [For whom, and why](m12_3_for_whom_and_why.ipynb): bias and reasons as they drift, and which of four monitors sees what.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
