# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # What comes in
#
# Your model of late flights went live on the first of April. In June the weather provider changed to metric units, and nobody told you. In July it was hot,
# and every morning a mail said that the temperature was *unusual*. By August nobody read these mails. So who noticed that the humidity had been missing for a
# week?
#
# **By the end you can**
#
# - make a baseline from the requests that an endpoint captured (exercise 12.1.1)
# - write constraints that catch broken columns and let seasons pass (exercise 12.1.2)
# - mend monitors that fail, or see nothing (exercise 12.1.3)
# - choose baseline, window and limit by what they cost (exercise 12.1.4)
#
# **Prerequisites**: [a model that answers while you change it](../m08_realtime/m08_1_realtime.ipynb); Processing jobs, in [what is
# known in time](../m02_data_preparation/m02_1_prediction_time.ipynb).
#
# **Time**: 75 minutes.
#
# **Services**: SageMaker Model Monitor, endpoints with data capture, Processing, CloudWatch.
#
# **Cost**: \$0 here. New AWS accounts cannot start Model Monitor since {fact:closed-features-day}. In an older one its jobs would cost about 40 cents, and its
# endpoint 0.115 dollars an hour (November 2026). There the notebook leaves out the nine days of the schedule.
#
# ## Set up

# %%
import base64
import io
import json
import logging

import numpy as np
import pandas as pd
from given.incoming import FEATURES, SCHEDULE, converted, sensor_lost, table
from given.incoming_windows import seasons, windows
from matplotlib import pyplot as plt
from sklearn.metrics import roc_auc_score

from course import check, connect, hint, judge, show, variant
from course.exercises import broken_monitors

aws = connect("m12_1")
sagemaker, runtime = aws.client("sagemaker"), aws.client("sagemaker-runtime")
folder = f"s3://{aws.bucket}/{aws.prefix}"
flights = table(aws.data("flights"), aws.data("weather"))

# %% [markdown]
# `FLIGHTS` is how many flights of a month the endpoint is asked about.

# %% tags=["parameters"]
FLIGHTS = 3_000
SEED = 12

# %% [markdown]
# The SDK needs a region when it is imported, so we import it after `connect`. The model knows ten features, two hours before departure. It learns from January
# to March.

# %%
from given import incoming_monitors as watch
from sagemaker.core.model_monitor import (
    CronExpressionGenerator,
    DataCaptureConfig,
    DefaultModelMonitor,
)
from sagemaker.core.model_monitor.dataset_format import DatasetFormat
from sagemaker.serve import ModelBuilder

logging.disable(logging.WARNING)  # the SDK logs each step
own = {"sagemaker_session": aws.session}
training = flights[flights.date < "2013-04-01"].sample(30_000, random_state=SEED)
archive = watch.trained(aws, training, aws.image("xgboost", "3.0-5"))

# %% [markdown]
# ## What a file of captured requests holds
#
# *Data capture* is a setting of an endpoint: it stores a share of the requests, of the answers, or of both, in S3. We store all requests. A busy service stores
# a sample. If the sample is large, it answers most questions as well.

# %%
requests = {"capture_options": ["REQUEST"], "sampling_percentage": 100}
place = {"destination_s3_uri": f"{folder}/captured"}
capture = DataCaptureConfig(enable_capture=True, **requests, **place, **own)
endpoint = aws.unique("late-flights")
builder = ModelBuilder(
    s3_model_data_url=archive,
    image_uri=aws.image("xgboost", "3.0-5"),
    role_arn=aws.role,
    log_level=logging.WARNING,
    **own,
)
builder.build(model_name=endpoint)
builder.deploy(
    endpoint_name=endpoint,
    instance_type="ml.m5.large",
    initial_instance_count=1,
    data_capture_config=capture,
)
april = flights[flights.date.dt.month == 4].sample(FLIGHTS, random_state=SEED)
print(watch.asked(aws, endpoint, april.head(3)), watch.asked(aws, endpoint, april.head(1)))
captured = watch.until_captured(aws, f"{folder}/captured/{endpoint}", 2)
for key, text in captured.items():
    print(key.partition("/captured/")[2], text.splitlines()[0][:330], sep="\n")

# %% [markdown]
# What to notice:
#
# - There is a folder for each hour, in UTC, and in each file a line of JSON for each request.
# - A request holds one flight or many. Its columns have *no names*: their order is all that says which is which.
# - `encoding` is `CSV`, because the SDK lists `text/csv` among the content types to store as text. Types that are not listed are stored as `BASE64`.
#
# A monitor compares such requests with a *baseline*: two files that the *analyzer*, a container of AWS, makes from a table. `statistics.json` describes each
# column; `constraints.json` says what later data must satisfy; where data does not, that is a *violation*.

# %%
settings = {"role": aws.role, "instance_count": 1, "instance_type": "ml.m5.large", **own}
monitor = DefaultModelMonitor(**settings)
baseline = f"{folder}/baseline/training"
table_uri = aws.upload(training[FEATURES], "baseline/training.csv", header=True)
header = DatasetFormat.csv(header=True)
where = {"output_s3_uri": baseline, "wait": True, "logs": False}
monitor.suggest_baseline(table_uri, header, **where)
constraints = watch.report(aws, baseline, "constraints")
statistics = watch.report(aws, baseline, "statistics")
print(json.dumps(constraints["monitoring_config"], indent=1))
pd.json_normalize(constraints["features"]).round(4)

# %% [markdown]
# The training data is not the only baseline. *Past traffic* is the other: what the endpoint was asked in the last weeks, if these weeks were sound.
#
# | baseline | tells you | and hides |
# |---|---|---|
# | training data | what the model has never seen | real faults: in July everything is unusual, every year |
# | past traffic | what changed since those weeks | slow changes, and what was broken then already |

# %% [markdown] exercise="m12_1_ex1"
# Write `past_baseline(folder, target)` that makes a baseline of captured requests, and waits until it is made.
#
# - `folder` is the address under which an endpoint's requests were captured, such as `s3://bucket/course/captured/late-flights-1`, without a slash at its end.
#   Below it are files of several hours, each with several lines. Folders of other endpoints, such as `late-flights-12`, can lie beside it; they do not count.
# - Afterwards `statistics.json` and `constraints.json` lie in the folder with the address `target`. Their columns are `FEATURES`, by name, in this order.
# - All flights of all requests count. What is missing in a request is missing in the baseline. If `encoding` is `BASE64`, `data` is that text in base 64.
#
# It is judged on other captured requests.


# %% answer="m12_1_ex1"
def past_baseline(folder: str, target: str) -> None:
    ### BEGIN SOLUTION
    tables = []
    for text in watch.objects(aws, folder).values():
        for line in text.splitlines():
            request = json.loads(line)["captureData"]["endpointInput"]
            body = request["data"]
            if request["encoding"] == "BASE64":
                body = base64.b64decode(body).decode()
            tables.append(pd.read_csv(io.StringIO(body), header=None, names=FEATURES, dtype=str))
    address = aws.upload(pd.concat(tables), f"{aws.unique('past')}/past.csv", header=True)
    past = DefaultModelMonitor(**settings)
    past.suggest_baseline(address, header, output_s3_uri=target, wait=True, logs=False)
    ### END SOLUTION


# %% check="m12_1_ex1"
check("m12_1_ex1", past_baseline=past_baseline)

# %% [markdown]
# ## From April to December
#
# A *schedule* runs the analyzer each hour or each day, over what was captured since. Each run is an *execution*. Ours runs at midnight, and compares with the
# training data. To save time, one day of the local AWS stands for a month: all flights of the month come on that day.

# %%
schedule = aws.unique("late-flights-daily")
monitor.create_monitoring_schedule(
    monitor_schedule_name=schedule,
    endpoint_input=endpoint,
    output_s3_uri=f"{folder}/reports",
    constraints=f"{baseline}/constraints.json",
    statistics=f"{baseline}/statistics.json",
    schedule_cron_expression=CronExpressionGenerator.daily(hour=0),
    enable_cloudwatch_metrics=True,
)
months = range(4, 13) if aws.local else []  # on AWS this takes nine days
auc = {}
if aws.local:
    watch.next_day(aws)
for month in months:
    some = flights[flights.date.dt.month == month].sample(FLIGHTS, random_state=SEED)
    auc[month] = roc_auc_score(some.late, watch.asked(aws, endpoint, some))
    watch.next_day(aws)
ended = [each for each in watch.executions(aws, schedule) if "ProcessingJobArn" in each]
print([each["MonitoringExecutionStatus"] for each in ended])

# %% [markdown]
# Each execution publishes metrics, so that CloudWatch can watch them. `feature_baseline_drift_...` is the *distance*: the largest difference between the two
# cumulative distributions (that of Kolmogorov and Smirnov, minus what chance explains), from 0 to 1. Above the limit, 0.1 by default, it is a violation.

# %%
seen = watch.distances(aws, endpoint, schedule)[-len(months) :].set_axis(list(months))
unusual = (seen > 0.1).sum(axis=1)
figure, axes = plt.subplots(figsize=(7, 3))
axes.bar(list(months), unusual, color="#9bb3cf", label="features above 0.1, of ten")
axes.set(xlabel="month", ylabel="features", ylim=(0, 10))
right = axes.twinx()
right.plot(list(auc), list(auc.values()), "ko-", label="AUC of the model")
right.set(ylabel="AUC", ylim=(0.5, 0.8))
figure.legend(loc="upper center", ncols=2, frameon=False)
words = "; ".join(f"{month}: {unusual[month]} features, AUC {auc[month]:.2f}" for month in months)
show(figure, f"Bars and a line by month: features above 0.1, and the AUC of the model. {words}.")
seen.assign(AUC=pd.Series(auc)).round(2)

# %% [markdown]
# Nothing was broken in these months, and every one of them has violations. Nor do they tell how good the model is: no month has more unusual features than May,
# whose AUC is the best. November has the fewest, and an average AUC. *Drift says that the inputs changed. Only labels say whether the model minds*; the next
# notebook brings them.
#
# A real day is worse than a month: it has one weather, and one weekday. This is an ordinary day in April. Nobody should be called because of it:

# %%
day = flights[flights.date == "2013-04-17"]
violations = watch.analysed(aws, monitor.image_uri, day, baseline)
violations[["feature_name", "constraint_check_type", "description"]]

# %% [markdown]
# A monitor that pages for this pages every night, and past traffic as a baseline would not help: no single day has the weekdays of a month.
#
# ## A season, or a broken column?
#
# We break two columns of July: the temperature comes in degrees Celsius, and the humidity of one airport is missing.

# %%
july = flights[flights.date.dt.month == 7].sample(FLIGHTS, random_state=SEED)
broken = converted(july, "temp", lambda degrees: (degrees - 32) / 1.8)
broken = sensor_lost(broken, "humid", airport=0)
for name, some in {"july": july, "broken": broken}.items():
    each = watch.analysed(aws, monitor.image_uri, some, baseline)
    said = each.feature_name.str.cat(each.description.str.slice(0, 62), ": ")
    print(name, *said, sep="\n  ")

# %% [markdown]
# The broken temperature is *less* unusual than the real one: July in Celsius looks like cold winter days in Fahrenheit. No limit on this distance tells
# them apart. Other signs do. Most have a place in `constraints.json`:
#
# | sign | what breaks it | do seasons move it? | in `constraints.json` |
# |---|---|---|---|
# | completeness | a lost sensor, a failed join | a little | `completeness` of a feature |
# | type | texts among numbers | no | `inferred_type`, `datatype_check_threshold` |
# | columns | one too few or too many | no | the list of features |
# | distribution | another unit or code, a stuck sensor | it depends on the feature | `distribution_constraints` |
# | range, constancy | another unit, a stuck sensor | the temperature, much | none: read `min`, `max`, `std_dev` in `statistics.json` yourself |
#
# `datatype_check_threshold` is the share of the present values that must have the `inferred_type`: here 1, so a single text is a violation.
# `is_non_negative` is in the file, but no check reads it.
#
# The general `monitoring_config` holds for all features. A feature can have its own, in `monitoringConfigOverrides`, with the same names and nesting; what it
# leaves out comes from the general one. Inside `distribution_constraints`, `perform_comparison` switches the comparison off, and `comparison_threshold` is its
# limit:

# %%
off = {"distribution_constraints": {"perform_comparison": "Disabled"}}
temp = {"name": "temp", "inferred_type": "Fractional", "monitoringConfigOverrides": off}
print(json.dumps(temp))
seasons(flights.sample(50_000, random_state=SEED), FEATURES).round(2)

# %% [markdown]
# The table shows the worst sound months: the least completeness, and the largest distance from a quarter without that month. To find how far a *fault* moves a
# feature, use `distance` in `given/incoming_windows.py` (its two samples sorted, without missing values), or `watch.analysed`.

# %% [markdown] exercise="m12_1_ex2"
# Write `constraints_for(suggested, statistics)` that takes the content (`dict`s) of `constraints.json` and `statistics.json`, made from one quarter of the
# year. It returns the content of a better `constraints.json`, for months of the *other* quarters.
#
# It is called for models that use seven to nine of our ten features, so take their names from `suggested`. It may use what you measured, such as
# `seasons(...)`; `statistics` may stay unused. The analyzer runs with your constraints on unseen tables, each of 4,000 flights of a month. A model's score is
# the share of broken tables with a violation minus the share of sound tables with one. The lowest score counts.
#
# | kind | what is broken |
# |---|---|
# | missing | a weather feature, everywhere or at one airport |
# | type, columns | texts among the numbers, `hour` with decimals, such as 8.5; a column too few or too many |
# | units | pressure in inches, humidity as a fraction, distance or visibility in km, wind in m/s |
# | codes | weekdays or airports from 1, airlines backwards, hours in UTC |
# | stuck | one value of humidity or wind |
#
# A missing temperature is one of the faults. Another unit or a stuck sensor of the temperature is not tested.


# %% answer="m12_1_ex2"
def constraints_for(suggested: dict, statistics: dict) -> dict:
    ### BEGIN SOLUTION
    limits = {"temp": 1.0, "humid": 0.35, "wind_speed": 0.34, "visib": 0.4, "pressure": 0.45}
    complete = {"pressure": 0.72}
    for feature in suggested["features"]:
        name = feature["name"]
        feature["completeness"] = 1.0 if name in SCHEDULE else complete.get(name, 0.9)
        distribution = {"comparison_threshold": limits.get(name, 0.08)}
        feature["monitoringConfigOverrides"] = {"distribution_constraints": distribution}
    return suggested
    ### END SOLUTION


# %% check="m12_1_ex2"
check("m12_1_ex2", constraints_for=constraints_for)

# %% [markdown]
# ## Monitors that see nothing
#
# Three colleagues set up a monitor each, over the same endpoint and for the same hour. In this hour somebody lost the humidity of an airport and sent distances
# in kilometres. A sound monitor would complete, find both, and publish its metrics for the alarms. Each of the three has one fault of its own.
#
# They should compare with `constraints.json` and `statistics.json` in `baseline`. Three other files are there to mislead: `labelled/constraints.json`, which
# has the label as its first feature; `baseline/draft.json`, a colleague's attempt; and `baseline/flights.csv`, a table.

# %%
features = [each | {"completeness": each["completeness"] * 0.9} for each in constraints["features"]]
loose = constraints | {"features": features}
files = f"{aws.prefix}/monitors"
put = aws.client("s3").put_object
draft = {"evaluate_constraints": "Disabled", "emit_metrics": "Enabled"}
draft["distribution_constraints"] = {"perform_comparison": "Disabled"}
label = {"name": "late", "inferred_type": "Integral"}
contents = {
    "baseline/constraints.json": loose,
    "baseline/statistics.json": statistics,
    "baseline/draft.json": loose | {"monitoring_config": draft},
    "labelled/constraints.json": loose | {"features": [label, *features]},
}
for name, content in contents.items():
    put(Bucket=aws.bucket, Key=f"{files}/{name}", Body=json.dumps(content).encode())
aws.upload(training.head(100)[FEATURES], "monitors/baseline/flights.csv", header=True)
words = (endpoint, monitor.image_uri, aws.role, f"{folder}/monitors")
setups = broken_monitors.setups(variant("m12_1_ex3"), *words)
print(json.dumps(setups["monitor-1"], indent=1))

# %% [markdown]
# A *job definition* says what to run; a schedule with the expression `NOW` runs it once, over the hours between two offsets from now: `-PT3H` is
# three hours ago, `-PT0S` is now.

# %%
hour = sensor_lost(training.head(2_000), "humid", airport=1)
hour = converted(hour, "distance", lambda miles: (miles * 1.609).round().astype(int))
watch.asked(aws, endpoint, hour)
if aws.local:
    aws.local.advance(60)
names = {each: aws.unique(each) for each in setups}
for each, setup in setups.items():
    name, definition = names[each], setup["definition"]
    sagemaker.create_data_quality_job_definition(JobDefinitionName=name, **definition)
    config = {"ScheduleConfig": setup["schedule"], "MonitoringType": "DataQuality"}
    config["MonitoringJobDefinitionName"] = name
    named = {"MonitoringScheduleName": name}
    sagemaker.create_monitoring_schedule(**named, MonitoringScheduleConfig=config)
once = watch.until_ended(aws, list(names.values()))
for each, execution in zip(names, once, strict=True):
    print(each, execution["MonitoringExecutionStatus"], execution.get("FailureReason", ""))
watch.found_by(aws, once[0])

# %% [markdown]
# `setups` has the other two set-ups; `watch.found_by(aws, once[1])` and `watch.found_by(aws, once[2])` show what these two found.
#
# A change of a set-up is a path and a new value. A part of a path that is a number counts the elements of a list, from 0:
# `definition.DataQualityJobOutputConfig.MonitoringOutputs.0.S3Output.LocalPath`. `broken_monitors.repaired(setup, {path: value})` returns the changed set-up.

# %% [markdown] exercise="m12_1_ex3"
# Make `repairs`, a `dict` with the keys `"monitor-1"` to `"monitor-3"`. `repairs[monitor]` is `{path: value}`: the smallest change of its set-up that makes it
# work.
#
# A monitor works if its execution completes, finds the missing humidity (`completeness_check`) and the distances (`baseline_drift_check`), and publishes its
# metrics to CloudWatch. It compares with the files in `baseline`, and uses one instance.
#
# The check sends such an hour to your endpoint, and runs all three with your changes. The same failure reason can have several causes: look at what the monitor
# should read.


# %% answer="m12_1_ex3"
repairs = ...  # TODO: monitor -> {path: value}

### BEGIN SOLUTION
BASELINE = "definition.DataQualityBaselineConfig"
OUTPUT = "definition.DataQualityJobOutputConfig.MonitoringOutputs.0.S3Output.S3Uri"
APPLICATION = "definition.DataQualityAppSpecification"
SOUND = {
    OUTPUT: f"{folder}/monitors/reports",
    f"{BASELINE}.ConstraintsResource.S3Uri": f"{folder}/monitors/baseline/constraints.json",
    f"{BASELINE}.StatisticsResource.S3Uri": f"{folder}/monitors/baseline/statistics.json",
    "definition.DataQualityJobInput.EndpointInput.EndpointName": endpoint,
    f"{APPLICATION}.ImageUri": monitor.image_uri,
    f"{APPLICATION}.Environment.publish_cloudwatch_metrics": "Enabled",
    "definition.JobResources.ClusterConfig.InstanceCount": 1,
    "schedule.DataAnalysisEndTime": "-PT0S",
}
values = {each: broken_monitors.leaves(setup) for each, setup in setups.items()}
repairs = {each: dict(set(SOUND.items()) - set(values[each].items())) for each in setups}
### END SOLUTION

# %% check="m12_1_ex3"
check("m12_1_ex3", repairs=repairs)

# %% [markdown]
# ## Who gets up for this?
#
# A schedule looks at 24 hours at most. A longer window is a Processing job of your own with the same analyzer, as in `watch.analysed`. Is it worth it?
# `windows` in `given/incoming_windows.py` takes the flights after March in windows of 1, 7 and 28 days, sound ones and broken ones. It measures how far each
# is from the training data, and from the past 28 days. We take a tenth of the flights, as if that share were captured. A day has about 90 of them, so chance
# explains up to 0.2 of its distance; of a week it explains 0.08.

# %%
sampled = flights.sample(frac=0.1, random_state=SEED).sort_values("date", ignore_index=True)
celsius = converted(sampled, "temp", lambda degrees: (degrees - 32) / 1.8)
history = windows(sampled, celsius, "temp", until="2013-03-31")
quantiles = history.groupby(["baseline", "days"])[["sound", "broken"]].quantile([0.1, 0.5, 0.9])
quantiles.unstack().round(2)

# %% [markdown]
# Against the training data, Celsius cannot be told from summer. Against the past weeks it can, by the week better than by the day. But a long window comes
# late.
#
# A violation deserves a call at night if somebody can mend it at night, and if waiting until the morning costs more than the call. The others can wait for the
# morning, as a ticket.

# %% [markdown] exercise="m12_1_ex4"
# Write `choose(history, costs)` that returns the cheapest monitor of one feature: `{"baseline": ..., "days": ..., "limit": ...}`. `history` is a table like the
# one above, of any feature and fault. A window above the limit (0 to 1) calls somebody. The costs are invented for this exercise. They are those of 28 days:
#
# | part | dollars |
# |---|---|
# | false calls | `28 / days` windows × share of `sound` above the limit × `costs["page"]` |
# | breakages | `costs["breakages"]` × `costs["day"]` × days unnoticed |
#
# Let `caught` be the share of `broken` above the limit. A breakage stays unnoticed for `days / 2 + days * (1 / caught - 1)` days, at most 28, and for 28 if
# `caught` is 0. It is judged on other features and costs. A choice that costs at most 2 % more than the cheapest one earns all points, too.


# %% answer="m12_1_ex4"
def choose(history: pd.DataFrame, costs: dict) -> dict:
    ### BEGIN SOLUTION
    best, least = {}, float("inf")
    for (baseline, days), some in history.groupby(["baseline", "days"]):
        known = np.unique(some[["sound", "broken"]])
        for limit in [0.0, *(known[1:] + known[:-1]) / 2, 1.0]:
            caught = (some.broken > limit).mean()
            unnoticed = min(28, days / 2 + days * (1 / caught - 1)) if caught else 28
            price = 28 / days * (some.sound > limit).mean() * costs["page"]
            price += costs["breakages"] * costs["day"] * unnoticed
            if price < least:
                best = {"baseline": baseline, "days": int(days), "limit": float(limit)}
                least = price
    return best
    ### END SOLUTION


# %% check="m12_1_ex4"
check("m12_1_ex4", choose=choose)

# %% [markdown]
# ## In this notebook we have
#
# - captured the requests of an endpoint, and made baselines of training data and of past traffic;
# - followed a model from April to December, and seen that drift does not tell how good it is;
# - written constraints that fire for broken columns, and not for seasons;
# - mended monitors that failed, and ones that completed and saw nothing;
# - chosen baseline, window and limit by dollars.
#
# ## Recall
#
# 1. What names the columns of a captured CSV request?
# 2. Why does a daily monitor at the default limit fire every day, against either baseline?
# 3. July in Celsius is closer to the training data than July in Fahrenheit. Which sign tells it from a season?
# 4. A monitor completes without violations. What shows that it would find one?
# 5. When is a longer window the better one?
#
# <details><summary>Answers</summary>
#
# - 1: nothing but their order: the baseline's columns name them.
# - 2: a day has one weather, and neither a winter nor a month looks like it.
# - 3: its distance from the past weeks. Its minimum and maximum tell nothing: they lie inside those of the training data.
# - 4: data that is broken on purpose.
# - 5: if calls cost much and breakages little, or if shorter windows vary as much as a breakage does.
#
# </details>
#
# ## Clean up

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# [What came of it](m12_2_what_came_of_it.ipynb) brings the outcomes back to the predictions, and measures the model itself.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
