# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Start: one flight, one model, one answer
#
# It is a Friday in March. Your flight leaves New York at a quarter to six in the evening, and you would like to know whether to warn the
# person who picks you up. *Will it arrive more than 15 minutes late?* In the next minutes you train a model that answers this, put it behind
# an address on the network, and ask it. Then you break the request on purpose, because reading errors is half the job.
#
# **By the end you can**
#
# - train, deploy and call a model with Amazon SageMaker, and write a flight as the model reads it (exercise 0.1)
# - read what comes back when a request is wrong
# - say which of ten AWS services a piece of work belongs to (exercise 0.2)
#
# **Prerequisites**: Python and pandas. No AWS account, and nothing known about AWS.
#
# **Time**: 30 minutes, the first answer after three.
#
# **Services**: S3, SageMaker (training jobs and endpoints), CloudWatch; ten services on a map.
#
# **Cost**: \$0 here. On AWS about 5 cents if you clean up within half an hour (at {fact:price-ml-m5-large-hosting} dollars an hour for the instance,
# November 2026).

# %% [markdown]
# ## Connect
#
# AWS, Amazon Web Services, is a set of services that you call over the network. Here they are played by a *local AWS*: a program on this
# machine that speaks the same language. Jobs really train and endpoints really predict; nothing leaves the machine.

# %%
import boto3
import pandas as pd
from matplotlib import pyplot as plt

from course import check, connect, hint, judge, show

aws = connect("m00")
aws

# %% [markdown]
# `boto3` is AWS's library for Python. The lines of this notebook are the ones you would run against a real account: only where the calls go is
# different. Here are the numbers you may play with later.

# %% tags=["parameters"]
SEED = 2013
FLIGHTS = 20_000
ROUNDS = 40

# %% [markdown]
# ## A table of flights
#
# The records are every flight that left New York in 2013. We keep what is known two hours before departure, and only the first three months:
# a model that goes to work on 1 April has seen nothing later. The first column is the *label*, what the model shall learn to say.

# %%
ORIGINS = ["EWR", "JFK", "LGA"]

flights = pd.read_parquet(aws.data("flights"))
winter = flights[flights.month <= 3].dropna(subset=["arr_delay"]).sample(FLIGHTS, random_state=SEED)
table = pd.DataFrame(
    {
        "late": (winter.arr_delay > 15).astype(int),
        "hour": winter.sched_dep_time // 100,
        "weekday": pd.to_datetime(winter[["year", "month", "day"]]).dt.dayofweek,
        "origin": winter.origin.map(ORIGINS.index),
        "distance": winter.distance,
    }
)
table.head(3)

# %% [markdown]
# Four numbers describe a flight: the hour it should leave, the weekday (Monday is 0), the airport as its place in `ORIGINS`, and the distance
# in miles. Now the table goes to S3, AWS's store for files of any kind. A *bucket* holds *objects* under names called *keys*.

# %%
train_uri = aws.upload(table, "train/flights.csv")
train_uri

# %% [markdown]
# ## Train
#
# A *training job* is a computer rented for the length of one task: SageMaker starts it, fetches the data, runs a program from an *image*, stores
# the model, and gives the computer back. You describe all of it in one request. The image here holds XGBoost, a library of decision trees.

# %%
sagemaker = aws.client("sagemaker")
name = aws.unique("late-flights")
image = aws.image("xgboost", "3.0-5")
channel = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": train_uri}}

sagemaker.create_training_job(
    TrainingJobName=name,
    RoleArn=aws.role,
    AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
    HyperParameters={
        "objective": "binary:logistic",
        "num_round": str(ROUNDS),
        "max_depth": "4",
        "eta": "0.3",
        "eval_metric": "auc",
    },
    InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": channel}],
    OutputDataConfig={"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    StoppingCondition={"MaxRuntimeInSeconds": 600},
)
sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name)
job = sagemaker.describe_training_job(TrainingJobName=name)
print(job["TrainingJobStatus"], "|", job["ModelArtifacts"]["S3ModelArtifacts"])

# %% [markdown]
# The call returned at once; the *waiter* asked again until the job was done. What the job left behind is one object in S3, `model.tar.gz`.
# `RoleArn` names the *role* under which the job may read and write: on AWS nothing happens without one.

# %% [markdown]
# ## Deploy
#
# A model that lies in S3 answers nobody. An *endpoint* is a server that stays up, with the model loaded. It takes three requests: what the model
# is, which computer shall run it, and go.

# %%
sagemaker.create_model(
    ModelName=name,
    ExecutionRoleArn=aws.role,
    PrimaryContainer={"Image": image, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]},
)
variant = {
    "VariantName": "AllTraffic",
    "ModelName": name,
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}
sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]

# %% [markdown]
# `InService` means: ask me. On AWS this step takes some minutes, and from now on the computer costs money whether anyone asks or not.

# %% [markdown]
# ## Ask
#
# A request to the endpoint is one line of comma-separated values (CSV): the four numbers, in the order of training, without the label. The answer
# is the probability of being late.

# %%
runtime = aws.client("sagemaker-runtime")


def probability(row: str) -> float:
    answer = runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=row)
    return float(answer["Body"].read())


print(f"Monday, 6 in the morning, from Newark, 719 miles: {probability('6,0,0,719'):.0%} late")

# %% [markdown]
# That was a prediction by hand. A program gets flights as they stand in a schedule, and must turn each into such a line, the same way every time.

# %% [markdown] exercise="m00_ex1"
# Write `flight_row(flight)` that returns the line for the request, a `str`. A flight is a dictionary like
# `{"date": "2013-01-07", "sched_dep_time": 630, "origin": "EWR", "distance": 719}`; for this one the line is `6,0,0,719`. The time is written as
# hours and minutes in one number: 630 is half past six. It must work for any day of the year and any time of the day. You need not check the input.


# %% answer="m00_ex1"
def flight_row(flight: dict) -> str:
    ### BEGIN SOLUTION
    hour = flight["sched_dep_time"] // 100
    weekday = pd.Timestamp(flight["date"]).dayofweek
    return f"{hour},{weekday},{ORIGINS.index(flight['origin'])},{flight['distance']}"
    ### END SOLUTION


# %% check="m00_ex1"
check("m00_ex1", flight_row=flight_row)

# %% [markdown]
# A wrong line would not have failed. The model takes any four numbers and answers with a straight face: that is why this small function deserves
# a check. Now any flight you like: change the date and the hour, and see what moves the answer.

# %%
my_flight = {"date": "2013-03-08", "sched_dep_time": 1745, "origin": "JFK", "distance": 2475}
try:
    print(f"{my_flight}: {probability(flight_row(my_flight)):.0%} late")
except NotImplementedError:
    print("Answer exercise 0.1 first; the rest of this notebook works without it.")

# %% [markdown]
# One flight says little. Ask about every hour of a Friday, and the model's idea of the day appears.

# %%
hours = range(5, 23)
lines = "\n".join(f"{hour},4,1,1000" for hour in hours)
answer = runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=lines)
chances = [float(value) for value in answer["Body"].read().decode().replace(",", "\n").split()]

figure, axes = plt.subplots(figsize=(7, 3))
axes.bar(hours, chances, color="#4a6fa5")
axes.axhline(table.late.mean(), color="black", linestyle="--", label="share late in training")
axes.set(xticks=hours, xlabel="scheduled hour of departure", ylabel="probability of being late")
axes.set_title("A Friday from JFK, 1,000 miles")
axes.legend()
show(figure, "Bars: probability of being late, by hour; dashed: the share in training.")

# %% [markdown]
# The bars grow from morning to evening and cross the dashed line around midday: delays pile up through the day. All hours went in one request,
# several lines at once; that is how you ask for many predictions.

# %% [markdown]
# ## Break it
#
# Now send two numbers where the model wants four, then the right four under a false name. Look at what the error carries besides its text.

# %%
for body, content_type in [("17,4", "text/csv"), ("17,4,1,2475", "image/png")]:
    try:
        runtime.invoke_endpoint(EndpointName=name, ContentType=content_type, Body=body)
    except runtime.exceptions.ModelError as error:
        print("The container said", error.response["OriginalStatusCode"], "to", content_type)
        print("  ", error.response["OriginalMessage"].strip()[:160])
        print("   log:", error.response["LogStreamArn"].rpartition(":log-group:")[2])

# %% [markdown]
# Both are a `ModelError`: SageMaker did its part and passed on what the model's program said. The *original status* tells the two apart, as on
# any web server: 400 is a body it cannot use, 415 a kind of content it does not know. The log group, in CloudWatch Logs, is where the program's
# own words are. Ask an endpoint that does not exist, and the error is a different one:

# %%
try:
    runtime.invoke_endpoint(EndpointName="no-such-one", ContentType="text/csv", Body="17,4,1,2475")
except runtime.exceptions.ClientError as error:
    print(error.response["Error"]["Code"], "|", error.response["Error"]["Message"])

# %% [markdown]
# A `ValidationError` comes from SageMaker itself; no model ever saw the request. *Who said it* is the first question to any error.

# %% [markdown]
# ## How this course works
#
# - **Checks** run practice cases: you read what was called, what came back and what kind of thing was expected. "Practice cases hold" means just
#   that. It earns no points yet.
# - **`judge("m00_ex1")`** judges your answer on fresh cases that you have not seen. Only this counts in your progress. Points can be partial, and
#   you may run it as often as you like.
# - **Hints** come when you ask: `hint("m00_ex1")` opens one at a time, a nudge, where to look, nearly the code. They cost nothing.
# - **Costs**: an endpoint is billed until it is deleted, asked or not. At {fact:price-ml-m5-large-hosting} dollars an hour the one above
#   would come to about 83 dollars a month. This is what runs now:

# %%
for endpoint in sagemaker.list_endpoints()["Endpoints"]:
    print("endpoint", endpoint["EndpointName"], endpoint["EndpointStatus"])
if aws.local:
    print("by the local AWS's ledger:", aws.local.running())

# %% [markdown]
# - **The local AWS** is not AWS: it has no data centre, no queue for computers and no bill. An operation it does not know says so instead of
#   pretending. Set `COURSE_BACKEND=aws` and the same notebook talks to your account.
# - **The exam**: the course prepares for AWS Certified Machine Learning Engineer – Associate. Its first version, MLA-C01, ended in English on
#   {fact:exam-c01-last-english-day} and can still be taken in {fact:exam-c01-languages}; MLA-C02 is in beta and planned for
#   {fact:exam-c02-general}.
# - **Closed doors**: since {fact:closed-features-day} new accounts cannot start using Model Monitor, Clarify, Debugger or Ground Truth. Their ideas
#   are still examined; later lessons run them here.

# %% [markdown]
# ## Who called whom
#
# You made a few dozen requests, most of them the waiters' "done yet?". Behind them, services called each other: the job read its data from S3
# and stored its model there, under its own name. AWS keeps such a record in a service called CloudTrail; the local AWS keeps one too.

# %%
if aws.local:
    events = pd.DataFrame(aws.local.events())
else:
    looked_up = boto3.client("cloudtrail").lookup_events(MaxResults=50)["Events"]
    rows = [(each.get("Username", "?"), each["EventSource"].split(".")[0]) for each in looked_up]
    events = pd.DataFrame(rows, columns=["caller", "service"])
callers = events.caller.astype(str).str.replace(r"^arn:.*/", "", regex=True)
events["who"] = callers.str.split("/").str[0]
counts = pd.crosstab(events.who, events.service)
counts

# %% [markdown]
# Read it by rows: each caller with the services it asked. The picture says the same at a glance.

# %%
figure, axes = plt.subplots(figsize=(7, 1 + 0.6 * len(counts)))
axes.imshow(counts > 0, cmap="Greys", vmin=0, vmax=2, aspect="auto")
axes.set_xticks(range(len(counts.columns)), counts.columns, rotation=20)
axes.set_yticks(range(len(counts.index)), counts.index)
for y, row in enumerate(counts.to_numpy()):
    for x, count in enumerate(row):
        axes.text(x, y, count or "", ha="center", va="center")
axes.set(xlabel="service that was called", ylabel="caller", title="Requests of this run")
show(figure, "Table of callers and services, with the number of requests in each cell.")

# %% [markdown]
# Two callers appear: you, and the work that SageMaker did for you. A real system has more of both, and choosing the right service for a piece of
# work is a skill of its own. This is the map; each row names what decides.
#
# | the work wants (`wants`) | service | what decides |
# |---|---|---|
# | `"files"`: keep data, models, outputs | S3 | every object by its key, at any size |
# | `"tables"`: know which tables the files hold | Glue | its crawler reads files, its catalog keeps their columns |
# | `"answers"`: ask in SQL | Athena or Redshift | Athena bills each query on the files as they lie: right for up to 20 `people`, this course's own border; AWS names none. Beyond it, Redshift, a warehouse that is always on |
# | `"access"`: say who may read | S3 or Lake Formation | whole objects: a policy on S3. Single `columns` of a table: Lake Formation |
# | `"image"`: keep container images | ECR | jobs and endpoints take their program from there |
# | `"model"`: train and serve | SageMaker | jobs and endpoints, as above |
# | `"code"`: run code without keeping a server | Lambda, Glue or SageMaker | code written for `spark`: a Glue job. Else Lambda for up to {fact:lambda-minutes} `minutes`, its limit; longer, a SageMaker processing job |
# | `"steps"`: run steps in order | SageMaker or Step Functions | when all `services` are SageMaker, its Pipelines; with any other service, Step Functions |
# | `"signal"`: act on an event or a time of day | EventBridge | it watches and calls; it does no work itself |

# %% [markdown] exercise="m00_ex2"
# Write `choose_service(need)` that returns the name of the service, a `str` spelled as in the table: `"S3"`, `"Glue"`, `"Athena"`, `"Redshift"`,
# `"Lake Formation"`, `"ECR"`, `"Step Functions"`, `"EventBridge"`, `"Lambda"` or `"SageMaker"`. A need is a dictionary with all six fields, like
# `{"wants": "tables", "people": 4, "minutes": 90, "spark": False, "services": ["Glue"], "columns": False}`, for which the answer is `"Glue"`.
# It is judged on forty needs that you have not seen, some of them twins that differ in one field. You need not handle other wishes.


# %% answer="m00_ex2"
def choose_service(need: dict) -> str:
    ### BEGIN SOLUTION
    wants = need["wants"]
    if wants == "answers":
        return "Redshift" if need["people"] > 20 else "Athena"
    if wants == "access":
        return "Lake Formation" if need["columns"] else "S3"
    if wants == "code":
        if need["spark"]:
            return "Glue"
        return "Lambda" if need["minutes"] <= 15 else "SageMaker"
    if wants == "steps":
        return "SageMaker" if set(need["services"]) == {"SageMaker"} else "Step Functions"
    one_service = {
        "files": "S3",
        "tables": "Glue",
        "image": "ECR",
        "model": "SageMaker",
        "signal": "EventBridge",
    }
    return one_service[wants]
    ### END SOLUTION


# %% check="m00_ex2"
check("m00_ex2", choose_service=choose_service)

# %% [markdown]
# ## In this notebook we have
#
# - trained a model with a training job, put it behind an endpoint and asked it;
# - seen that a wrong line of numbers is answered as calmly as a right one;
# - told an error of the model's program from an error of SageMaker;
# - read from the log who called whom, and drawn the borders between ten services.
#
# ## Recall
#
# 1. What is left of a training job when it has ended?
# 2. Why does a request carry no label?
# 3. A `ModelError` has the original status 415. Who said it, and what would you change?
# 4. When does an endpoint begin to cost money, and when does it stop?
# 5. Twelve analysts ask some questions of files in S3 each week. Which service, and what would change your mind?
#
# <details><summary>Answers</summary>
#
# - To 1: `model.tar.gz` in S3, its logs in CloudWatch, and its description; the computer is gone.
# - To 2: The label is what the model is to say.
# - To 3: The program in the container; the content type of the request.
# - To 4: When its computer starts, before `InService`; when you delete it.
# - To 5: Athena; many more people asking all day would make Redshift the steadier choice. The border of 20 is this course's own.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# Company code and exam material often use version 2 of the SageMaker Python SDK. What took five requests above reads there:
#
# ```python
# from sagemaker.estimator import Estimator
# from sagemaker.inputs import TrainingInput
# from sagemaker.serializers import CSVSerializer
#
# estimator = Estimator(
#     image,
#     aws.role,
#     instance_count=1,
#     instance_type="ml.m5.large",
#     output_path=f"s3://{aws.bucket}/{aws.prefix}/models",
#     hyperparameters={"objective": "binary:logistic", "num_round": 40, "max_depth": 4, "eta": 0.3},
# )
# estimator.fit({"train": TrainingInput(train_uri, content_type="text/csv")})
# predictor = estimator.deploy(1, "ml.m5.large", serializer=CSVSerializer())
# print(predictor.predict("17,4,1,2475"))
# predictor.delete_endpoint()
# ```
#
# The requests to AWS are the same.
#
# ## Clean up
#
# The endpoint goes first: it is what costs.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Where do the columns come from, and which of them may a model see two hours before departure? Go on with
# [data preparation](../m02_data_preparation/m02_1_prediction_time.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
