# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # What is known in time
#
# A colleague shows you a model that finds nearly every late flight. It is worthless, because one of its columns is filled in when the plane has reached the
# gate. Your model must answer *two hours before departure*. So every value in its table must be readable by then.
#
# Services, requests and prices are AWS's, while the two hours before departure and the rule that chooses a tool are this course's own.
#
# **By the end you can**
#
# - find every column that is unknown at prediction time (exercise 2.1.1)
# - write a guard that stops corrupted data and no other (exercise 2.1.2)
# - split data by time in a Processing job (exercise 2.1.3)
# - choose the tool that prepares data (exercise 2.1.4)
#
# **Prerequisites**: [the start](../m00_start/m00_start.ipynb), pandas.
#
# **Time**: 75 minutes; a good place for a break is before the Processing job.
#
# **Services**: S3, SageMaker Processing, CloudWatch Logs; by name Glue, DataBrew, Data Wrangler, EMR.
#
# **Cost**: \$0 here. On AWS less than 5 cents (three short jobs at {fact:price-ml-m5-large-processing} dollars an hour, November 2026).
#
# ## Set up

# %%
import contextlib
import json
import re
import sys

import pandas as pd
from botocore.exceptions import WaiterError
from matplotlib import pyplot as plt
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier

from course import check, connect, hint, judge, show, variant

sys.path.append("given")
from prediction_time import EARLIER, SCHEDULE, WEATHER, table
from shown import day_of_flights, described_columns

aws = connect("m02_1")
aws

# %% [markdown]
# With fewer flights the notebook runs faster, but its numbers vary more by chance.

# %% tags=["parameters"]
SEED = 2013
ROWS = 20_000
TREES = 20

# %% [markdown]
# ## The time of prediction
#
# We call the time of prediction T. It is the scheduled departure minus two hours. A column *leaks* when it can be read only after T. `flights` has all
# columns, known at T or not. A flight is late when it arrives more than 15 minutes after schedule. The model is XGBoost, which adds up many small decision trees. It learns from January to June and is judged on July.

# %%
flights = table(aws.data("flights"), aws.data("weather"))
past = flights[flights.month <= 6].sample(ROWS, random_state=SEED)
july = flights[flights.month == 7].sample(ROWS // 2, random_state=SEED)


def auc(learn: pd.DataFrame, test: pd.DataFrame, columns: list[str]) -> float:
    model = XGBClassifier(n_estimators=TREES, max_depth=5, learning_rate=0.2, n_jobs=1)
    model.fit(learn[columns], learn.late)
    return roc_auc_score(test.late, model.predict_proba(test[columns])[:, 1])


alone = auc(past, july, SCHEDULE)
print(f"schedule alone: {alone:.3f}")

# %% [markdown]
# The score is AUC, the *area under the curve*. Take one late and one punctual flight. AUC is the chance that the late one gets the higher number. A coin toss
# has 0.5. Now we add one thing at a time to the schedule.

# %%
added = {
    "weather 3 h before": EARLIER,
    "air_time": ["air_time"],
    "weather at departure": WEATHER,
    "dep_time": ["dep_time"],
    "dep_delay": ["dep_delay"],
    "arr_time": ["arr_time"],
}
found = {name: auc(past, july, SCHEDULE + more) for name, more in added.items()}
scores = pd.Series({"schedule": alone} | found)

figure, axes = plt.subplots(figsize=(8, 3.2))
known = [name in ("schedule", "weather 3 h before") for name in scores.index]
colours = ["#2b5c9e" if each else "white" for each in known]
bars = axes.barh(scores.index, scores, color=colours, edgecolor="black")
for bar, each in zip(bars, known, strict=True):
    bar.set_hatch("" if each else "//")
axes.bar_label(bars, fmt="%.3f", padding=3)
axes.set(xlim=(0.5, 1.05), xlabel="AUC on July", title="Solid: known at T. Hatched: leaks")
show(figure, "Bars: AUC on July for each added column; known at T, or a leak.")

# %% [markdown]
# The three bars at the top are *loud* leaks, because no honest column improves a model so much. The *silent* leaks are the danger. Look at the air time, and
# at the weather at departure. They improve the model by as little as the weather from three hours before, which is allowed. No statistic tells them apart.
# Only one question does: "When could I have read this?"
#
# ## When was it readable?
#
# A value has two times. Its *event time* is when it happened. The other time is when somebody can read it, and this second time decides. Be careful with three
# kinds of columns:
#
# - a measurement that is sent out late
# - a forecast, which is about a later hour but can be read now
# - an hour in UTC that is taken for the local hour (UTC, Coordinated Universal Time, is the world's common clock)
#
# Here are the columns that an airline offers.

# %%
described = described_columns(variant("m02_1_ex1"))
pd.Series(described).to_frame("description").style.set_properties(**{"text-align": "left"})

# %% [markdown] exercise="m02_1_ex1"
# Make `unknown`, a `list`. It has the names of all columns above that cannot be read at T, 120 minutes before scheduled departure. A column that is readable
# at T to the minute is known.
#
# Suppose that `c17` is "Gate at which the plane stopped" and `c52` is "Seats sold a week before". Then `unknown` is `["c17"]`.
#
# The check looks at `p1` to `p5`. When it holds, add a cell and run `judge("m02_1_ex1")`. It judges the others, by (right - wrong) / all, so naming everything earns nothing.

# %% answer="m02_1_ex1"
unknown = ...  # until you know the names

### BEGIN SOLUTION
WHEN = """doors closed: the doors close after T
lift-off: counted when the plane has landed
late arrival, as: coded after the arrival
hours in the air: needs the minutes in the air, counted when the plane has landed
crew made up: known after the arrival
this calendar day: counts flights of the day that have not arrived at T
flight's own: counts flights of the day that have not arrived at T"""
later = dict(line.split(": ") for line in WHEN.splitlines())


def reason(text: str) -> str:
    numbers = [int(digits) for digits in re.findall(r"\d+", text)]
    if "UTC" in text:  # hour, :00, hour of departure, :00, and how far New York is behind
        minutes = 60 * (numbers[2] - (numbers[0] - 5))
    elif "before scheduled departure" in text:  # perhaps less the minutes until it was sent out
        minutes = numbers[0] - sum(numbers[1:])
    else:
        return next((why for words, why in later.items() if words in text), "")
    return f"readable {minutes} minutes before departure" if minutes < 120 else ""


reasons = {name: reason(text) for name, text in described.items()}
unknown = [name for name, why in reasons.items() if why]
### END SOLUTION

# %% check="m02_1_ex1"
check("m02_1_ex1", unknown=unknown)

# %% [markdown]
# ## Which data judges?
#
# One leak shows in no column, because it is in the split. We set a quarter of the flights aside in two ways. The *random split* takes them at random. The
# *time split* takes the latest flights.

# %%
pool = flights[flights.month <= 7].sample(ROWS, random_state=SEED).sort_values("date")
at_random = train_test_split(pool, test_size=0.25, random_state=SEED)
by_time = pool[: int(0.75 * ROWS)], pool[int(0.75 * ROWS) :]
columns = {
    "schedule": SCHEDULE,
    "with weather\n3 h before": SCHEDULE + EARLIER,
    "with weather\nat departure": SCHEDULE + WEATHER,
}
splits = pd.DataFrame(
    {
        "random split": [auc(*at_random, each) for each in columns.values()],
        "time split": [auc(*by_time, each) for each in columns.values()],
    },
    index=list(columns),
)
axes = splits.plot.bar(figsize=(8, 3.2), color=["white", "#2b5c9e"], edgecolor="black", rot=0)
for container in axes.containers:
    axes.bar_label(container, fmt="%.3f", padding=2)
axes.set(ylim=(0.5, 0.85), ylabel="AUC on the quarter set aside")
axes.set_title("The random split flatters the model with weather")
show(axes.figure, "Bars: AUC by random and by time split, for three sets of columns.")

# %% [markdown]
# With the schedule alone, the two splits give nearly the same AUC. With weather, the random split promises more than later months give. One stormy hour delays
# dozens of flights. The random split puts some of them on each side. So the model is asked about storms that it has already seen. In production all storms are
# new.
#
# ## A report on quality
#
# Look at data before you clean it. SageMaker Data Wrangler makes a report on data quality by itself. The next cell prints the main lines of such a report.

# %%
weather = pd.read_parquet(aws.data("weather"))
records = pd.read_parquet(aws.data("flights"))
planes = pd.read_parquet(aws.data("planes"))
report = weather.describe().T[["min", "50%", "max"]].assign(missing=weather.isna().mean())
print(report.loc[["temp", "dewp", "wind_speed", "wind_gust", "pressure"]].round(2))
for key in (["carrier", "flight"], ["carrier", "flight", "origin"]):
    repeated = records.duplicated([*key, "year", "month", "day"]).sum()
    print(f"{repeated:3} repeated flights a day when the key is {', '.join(key)}")
routes = records[["origin", "dest", "distance"]].drop_duplicates()
print(len(routes), "routes, with two distances:", routes.duplicated(["origin", "dest"]).sum())
unregistered = ~records.tailnum.isin(planes.tailnum)
missing = unregistered.groupby(records.carrier).mean().sort_values(ascending=False)
print("share of flights whose plane is not registered:", missing.head(4).round(2).to_dict())
print("cancelled, or no recorded arrival:", records.arr_delay.isna().sum(), "of", len(records))

# %% [markdown]
# The greatest wind, in miles an hour, is a mistake. A missing gust means that there was no gust: a station reports one only when it blows. The other lines show
# what one column alone cannot show:
#
# - A flight number can belong to two flights of one day, from different airports.
# - A route has its distance, which is nearly always the same.
# - The planes of two airlines are mostly missing in the register, and always were.
# - Flights without arrival have no label, which is the value to predict.
#
# When most planes of the other airlines are missing too, a join of two tables is broken. In a storm a fifth of their planes is missing, because cancelled
# flights have no plane.
#
# ## Clean and encode
#
# Some values are learned from data, such as a median that fills gaps. They must come from the training part alone, or the model learns from the future. Codes
# become columns of zeros and ones (*one-hot*). Clock times become minutes, because from 659 to 700 is one minute, not 41.


# %%
def prepared(rows: pd.DataFrame, fitted_on: pd.DataFrame) -> pd.DataFrame:
    wind = rows.wind_speed_3h.where(rows.wind_speed_3h < 100)  # a mistake counts as missing
    origin = pd.Categorical(rows.origin, categories=sorted(fitted_on.origin.unique()))
    wind = wind.fillna(fitted_on.wind_speed_3h.median())
    numbers = rows[["departure_minute", "distance"]].assign(wind=wind)
    return numbers.join(pd.get_dummies(origin, prefix="origin", dtype=int).set_index(rows.index))


prepared(july, fitted_on=past).head(3)

# %% [markdown]
# Categories come from the training part, too. Otherwise a new airport in July would shift the columns.
#
# ## A guard
#
# New data comes every night, and nobody looks at it. A *guard* turns the report into rules, and says stop when the data breaks one. Some rules look at the day
# alone. Others compare it with history. A guard can fail in two ways. It lets corrupted data in, or it stops good days until somebody switches it off.
#
# Here is a good day. `seats` comes from the register of planes. The weather comes from the station of the origin, whose table lacks some hours, so some good days
# lack them, too. `hour` is the hour in New York.

# %%
example = day_of_flights(variant("m02_1_ex2"))
example.head(4)

# %% [markdown] exercise="m02_1_ex2"
# Write `accept(day)`. It returns a `bool`: `True` for a good day, `False` for a corrupted one. `day` is a `DataFrame` of about 300 flights with the columns
# above:
#
# | column | unit |
# |---|---|
# | `sched_dep_time` | hhmm: 517 is 5:17 |
# | `distance` | miles |
# | `temp`, `dewp` (dew point) | degrees Fahrenheit |
# | `wind_speed`, `wind_gust` | miles an hour, read in whole knots |
#
# For `example` it returns `True`. After `example.loc[0, "wind_speed"] = 1048` it returns `False`. `routes`, `weather` and `planes` are history to compare
# with. `weather` has the day's own hours, too, and you may look them up.
#
# It is judged on twelve good days of all seasons and twenty-eight corrupted ones. You earn the share caught less the share of good days stopped.
#
# | corrupted | how |
# |---|---|
# | units | a column is in another unit, or in two |
# | clocks | they are wrong |
# | rows | many are lost, or some are repeated; a good day has at least 200 |
# | columns | two are exchanged, or one is missing |


# %% answer="m02_1_ex2"
def accept(day: pd.DataFrame) -> bool:
    ### BEGIN SOLUTION
    if set(day.columns) != set(example.columns) or len(day) < 200:
        return False
    usual = day[~day.carrier.isin(["AA", "MQ"])]
    readings = ["temp", "dewp", "wind_speed", "wind_gust"]
    measured, known = day[readings].round(5), weather[readings].round(5)  # fractions that differ in their last bit are the same reading
    broken = [
        (day.wind_speed > 100).any(),
        not all(measured[name].dropna().isin(known[name]).all() for name in readings),
        len(day.merge(routes)) < len(day),
        day.duplicated(["carrier", "flight", "origin"]).any(),
        (day.sched_dep_time % 100 >= 60).any(),
        (day.sched_dep_time // 100 != day.hour).any(),
        usual.seats.isna().mean() > 0.35,
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
    ### END SOLUTION


# %% check="m02_1_ex2"
check("m02_1_ex2", accept=accept)

# %% [markdown]
# ## A Processing job
#
# Work that is done every night belongs in a *Processing job*. Such a job rents a computer for one script. It copies objects from S3 into folders below
# `/opt/ml/processing`. It runs the script in a *container image*. That is a package of programs, here Python with pandas. At the end the job copies what the
# script wrote to S3, and gives the computer back.

# %%
FOLDER = "/opt/ml/processing"


def source(name: str, uri: str) -> dict:
    place = {"S3Uri": uri, "LocalPath": f"{FOLDER}/input/{name}"}
    return {"InputName": name, "S3Input": place | {"S3DataType": "S3Prefix", "S3InputMode": "File"}}


def output(name: str, uri: str) -> dict:
    place = {"S3Uri": uri, "LocalPath": f"{FOLDER}/output/{name}"}
    return {"OutputName": name, "S3Output": place | {"S3UploadMode": "EndOfJob"}}


def processing_request(name: str, script: str, inputs: list, outputs: list, args: list) -> dict:
    app = {"ImageUri": image, "ContainerEntrypoint": ["python3", f"{FOLDER}/input/code/{script}"]}
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    return {
        "ProcessingJobName": name,
        "RoleArn": aws.role,
        "AppSpecification": app | {"ContainerArguments": args},
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": outputs},
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


# %% [markdown]
# The request says where data comes from and where it goes. The script sees only folders. `given/count_rows.py` counts the flights of each file. It is short:
# open it. We give it two files, June and September.

# %%
sagemaker, s3, image = aws.client("sagemaker"), aws.client("s3"), aws.image("sklearn", "1.2-1")
KEPT = ["id", "year", "month", "day", "sched_dep_time", "time_hour", "carrier", "arr_delay"]
for month in (6, 9):
    rows = records[records.month == month].sample(2_000, random_state=SEED)
    rows = rows.assign(id=rows.index.map("f{}".format))
    aws.upload(rows[KEPT], f"records/month-{month}.csv", header=True)
home = f"s3://{aws.bucket}/{aws.prefix}"
code = aws.upload("given/count_rows.py", "code/count_rows.py")
inputs = [source("code", code), source("records", f"{home}/records")]


def ended(name: str) -> dict:
    with contextlib.suppress(WaiterError):  # a job that failed ends the waiting, too
        sagemaker.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName=name)
    return sagemaker.describe_processing_job(ProcessingJobName=name)


outputs, name = [output("report", f"{home}/report")], aws.unique("count")
request = processing_request(name, "count_rows.py", inputs, outputs, ["*.csv"])
sagemaker.create_processing_job(**request)
job = ended(name)
report = s3.get_object(Bucket=aws.bucket, Key=f"{aws.prefix}/report/report.json")
print(job["ProcessingJobStatus"], json.loads(report["Body"].read()))

# %% [markdown]
# The job is `Completed`, and the report is in S3. What the script printed is in CloudWatch Logs, under `/aws/sagemaker/ProcessingJobs`. When a script raises
# an exception, the job is `Failed`. In both cases the computer is gone.
#
# ### The same with the SDK
#
# Companies often start such jobs with the SageMaker Python SDK. Its import takes some seconds. Here `reads` and `writes` do what `source` and `output` do
# for boto3:

# %%
import logging

from sagemaker.core import shapes
from sagemaker.core.processing import ScriptProcessor

logging.disable(logging.WARNING)  # the SDK reports every step


def reads(name: str, uri: str) -> shapes.ProcessingInput:
    place = {"s3_uri": uri, "local_path": f"{FOLDER}/input/{name}"}
    s3_input = shapes.ProcessingS3Input(s3_data_type="S3Prefix", s3_input_mode="File", **place)
    return shapes.ProcessingInput(input_name=name, s3_input=s3_input)


def writes(name: str, uri: str) -> shapes.ProcessingOutput:
    place = {"s3_uri": uri, "local_path": f"{FOLDER}/output/{name}"}
    s3_output = shapes.ProcessingS3Output(s3_upload_mode="EndOfJob", **place)
    return shapes.ProcessingOutput(output_name=name, s3_output=s3_output)


# %% [markdown]
# A `ScriptProcessor` holds what a request says about image, role and computer. `run` uploads the script, sends the request, waits, and prints the job's log.

# %%
processor = ScriptProcessor(
    role=aws.role,
    image_uri=image,
    command=["python3"],
    instance_type="ml.m5.large",
    instance_count=1,
    max_runtime_in_seconds=600,
    sagemaker_session=aws.session,
)
processor.run(
    code="given/count_rows.py",
    arguments=["*.csv"],
    inputs=[reads("records", f"{home}/records")],
    outputs=[writes("report", f"{home}/report-sdk")],
    job_name=aws.unique("count-sdk"),
)
twin = ended(processor.latest_job.processing_job_name)
for member in ("AppSpecification", "StoppingCondition", "ProcessingResources"):
    print(f"{member} is the same: {twin[member] == job[member]}")
print("the SDK's disk:", twin["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"], "GB")
print("the SDK's script:", twin["ProcessingInputs"][-1]["S3Input"]["S3Uri"])

# %% [markdown]
# The request is nearly the same. The SDK chose a larger disk, and a place for the script below the job's name. It also adds two settings with AWS's default
# values to each input. Without `job_name` it chooses the name of the job, too. When the job fails, `run` raises an exception.

# %% [markdown] exercise="m02_1_ex3"
# Write `split_request(name, script_uri, records_uri, output_uri, validation_from, test_from)`, with the SDK or boto3. It starts a Processing job called `name`
# and returns `None`. Or it starts nothing and returns the request, a `dict`. Also write `script`, a `str`: the Python program at `script_uri`, named `split.py`.
#
# With the SDK you may use `reads`, `writes` and `processor`. `processor.run` also takes a script from S3. With boto3 you may use `source`, `output` and
# `processing_request`.
#
# The program reads all CSV files below `records_uri` (columns as in `KEPT`). It leaves out flights without `arr_delay`. It writes a CSV file with header to
# each of three places. The flight's day in New York decides:
#
# | place | days |
# |---|---|
# | `{output_uri}/train` | before `validation_from` (a date such as `"2013-02-10"`) |
# | `{output_uri}/validation` | from `validation_from` on, before `test_from` |
# | `{output_uri}/test` | from `test_from` on |
#
# | column | value |
# |---|---|
# | `id` | as in the records |
# | `late` | 1 when `arr_delay` is more than 15 minutes, else 0 |
# | `departure_minute` | scheduled departure, in minutes since New York's midnight |
# | others | as you like, but not `arr_delay` |
#
# For example `sched_dep_time` 517 and `arr_delay` 16 give `departure_minute` 317 and `late` 1. The check runs your job on twelve flights.


# %% answer="m02_1_ex3"
def split_request(name, script_uri, records_uri, output_uri, validation_from, test_from):
    ### BEGIN SOLUTION
    inputs, dates = [reads("records", records_uri)], [validation_from, test_from]
    outputs = [writes(part, f"{output_uri}/{part}") for part in ("train", "validation", "test")]
    processor.run(script_uri, inputs=inputs, outputs=outputs, arguments=dates, job_name=name)
    ### END SOLUTION


script = ...  # until you have the text of split.py

### BEGIN SOLUTION
script = """
import sys
from pathlib import Path
import pandas as pd

validation_from, test_from = sys.argv[1:]
files = Path("/opt/ml/processing/input/records").rglob("*.csv")
flights = pd.concat(map(pd.read_csv, files)).dropna(subset=["arr_delay"])
day = pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
clock = flights.sched_dep_time
rows = flights[["id", "carrier"]].assign(late=(flights.arr_delay > 15).astype(int))
rows["departure_minute"] = clock // 100 * 60 + clock % 100
train, test = day < validation_from, day >= test_from
parts = {"train": train, "validation": ~(train | test), "test": test}
for part, inside in parts.items():
    rows[inside].to_csv(f"/opt/ml/processing/output/{part}/part-0.csv", index=False)
"""
### END SOLUTION

# %% check="m02_1_ex3"
check("m02_1_ex3", script=script, split_request=split_request)

# %% [markdown]
# The next cell runs your job on June and September.


# %%
def shown_parts(name: str) -> pd.DataFrame:
    s3.put_object(Bucket=aws.bucket, Key=f"{aws.prefix}/code/split.py", Body=script.encode())
    uris = f"{home}/code/split.py", f"{home}/records", f"{home}/{name}"
    request = split_request(name, *uris, "2013-09-01", "2013-09-16")
    if request:
        sagemaker.create_processing_job(**request)
    job = ended(name)
    print(job["ProcessingJobStatus"], job.get("FailureReason", ""))
    listed = s3.list_objects_v2(Bucket=aws.bucket, Prefix=f"{aws.prefix}/{name}/")
    counted = {}
    for key in [item["Key"] for item in listed.get("Contents", [])]:
        rows = pd.read_csv(s3.get_object(Bucket=aws.bucket, Key=key)["Body"])
        counted[key.split("/")[-2]] = {"flights": len(rows), "share late": rows.late.mean()}
    return pd.DataFrame.from_dict(counted, orient="index").reindex(["train", "validation", "test"])


try:
    print("No script yet." if script is ... else shown_parts(aws.unique("split")).round(3))
except Exception as error:
    print(f"It does not run yet: {type(error).__name__}: {error}")

# %% [markdown]
# Look at the share of late flights. June is very different from September. A random split hides that.
#
# ## Which tool?
#
# Five services prepare data. They differ in who works with them, how large the data is, and how much of the day they are busy. Ask these questions from top to
# bottom.
#
# | ask in this order | tool | what it is |
# |---|---|---|
# | does the team write `nothing` (no code), and does the result feed `training`? | `Data Wrangler` | clicking, inside SageMaker |
# | does it write `nothing`? | `DataBrew` | clicking, for anything else |
# | does it write `pandas`, and does 5 times `gigabytes` fit into `memory`? | `Processing` | one script, one machine |
# | is `needs` not `none`? | `EMR` | a cluster with more than Spark |
# | do `busy_hours` at `glue_hour` cost more than 24 hours at `cluster_hour`? | `EMR` | the same, always up |
# | everything else | `Glue` | Spark, paid while it works |
#
# *Spark* spreads a computation over many machines. A *cluster* is a group of such machines. EMR (Elastic MapReduce) also runs other programs of this kind,
# such as Hive and HBase. The order of the questions and the factor 5 are this course's own rules, not AWS's. The factor is 5 because pandas makes copies.

# %% [markdown] exercise="m02_1_ex4"
# Write `choose_tool(job)`. It returns the name of the tool as the table writes it, a `str`. For
# `{"gigabytes": 2.5, "memory": 32, "writes": "pandas", "feeds": "training", "needs": "none", "busy_hours": 1.0, "glue_hour": 4.4, "cluster_hour": 2.0}` it
# returns `"Processing"`.
#
# | field | what it is |
# |---|---|
# | `gigabytes` | the size of the data |
# | `memory` | memory of the largest machine, in gigabytes |
# | `writes` | `"nothing"`, `"pandas"` or `"spark"` |
# | `feeds` | what uses the result, such as `"training"` |
# | `needs` | what is needed besides Spark, or `"none"` |
# | `busy_hours` | hours a day |
# | `glue_hour`, `cluster_hour` | dollars an hour |
#
# It is judged on forty jobs. Some of them are twins, which differ in one field only.


# %% answer="m02_1_ex4"
def choose_tool(job: dict) -> str:
    ### BEGIN SOLUTION
    if job["writes"] == "nothing":
        return "Data Wrangler" if job["feeds"] == "training" else "DataBrew"
    if job["writes"] == "pandas" and job["gigabytes"] * 5 <= job["memory"]:
        return "Processing"
    always_busy = job["busy_hours"] * job["glue_hour"] > 24 * job["cluster_hour"]
    return "EMR" if job["needs"] != "none" or always_busy else "Glue"
    ### END SOLUTION


# %% check="m02_1_ex4"
check("m02_1_ex4", choose_tool=choose_tool)

# %% [markdown]
# ## In this notebook we have
#
# - told loud leaks from silent ones;
# - seen that a random split promises too much;
# - turned a report into a guard that compares columns and rows;
# - run a job with boto3 and with the SDK, and split records by New York's days;
# - chosen a tool that prepares data.
#
# ## Recall
#
# 1. Why can no statistic find a silent leak?
# 2. A forecast for the hour of departure was issued five hours before. Does it leak?
# 3. Why does a random split promise too much only for the model with weather?
# 4. Which rows give the median that fills gaps?
# 5. When is EMR cheaper than Glue?
#
# <details><summary>Answers</summary>
#
# - To 1: its values look like those of any good column. Only the time at which they can be read shows the leak.
# - To 2: no, because it can be read at T.
# - To 3: flights of one storm are on both sides. Schedules have no storms.
# - To 4: those of the training part alone.
# - To 5: when a day's hours of Glue cost more than 24 hours of the cluster.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
#
# place = "/opt/ml/processing"
# processor = ScriptProcessor(
#     role=aws.role, image_uri=image, command=["python3"], instance_type="ml.m5.large", instance_count=1
# )
# processor.run(
#     code="given/count_rows.py",
#     arguments=["*.csv"],
#     inputs=[ProcessingInput(source=f"{home}/records", destination=f"{place}/input/records")],
#     outputs=[ProcessingOutput(source=f"{place}/output/report", destination=f"{home}/report-2")],
# )
# ```
#
# ## Clean up
#
# Processing jobs end by themselves.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Next, keep features for training and for predictions in [a feature store](../m03_feature_store/m03_1_feature_groups.ipynb). Or first
# [train a built-in algorithm](../m04_training/m04_1_builtin_xgboost.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
