# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Start: one flight, one model, one answer
#
# It is a Friday in March. Your flight leaves New York at 17:45, and a friend will pick you up. *Will it arrive more than 15 minutes late?* In this notebook
# you train a model that answers this question. You put it on a server and ask it. Then you send wrong requests on purpose, to learn to read errors.
#
# Services, limits, errors and prices are AWS's; rules marked as this course's own are ours.
#
# **By the end you can**
#
# - train, deploy and call a model with Amazon SageMaker, and write a flight as the model reads it (exercise 0.1)
# - read what comes back when a request is wrong
# - say which of ten AWS services does a piece of work (exercise 0.2)
#
# **Prerequisites**: Python and pandas. You need no AWS account, and no knowledge of AWS.
#
# **Time**: 30 minutes, the first answer after three.
#
# **Services**: S3, SageMaker (training jobs and endpoints), CloudWatch. A table shows ten services.
#
# **Cost**: \$0 here. On AWS about 5 cents if you clean up within half an hour. The computer costs {fact:price-ml-m5-large-hosting} dollars an hour (November
# 2026).

# %% [markdown]
# ## Connect
#
# AWS (Amazon Web Services) is a set of services that you call over the network. Here a *local AWS* takes their place. It is a program on this machine that
# understands the same requests. It really trains models, and they really predict. Nothing leaves the machine.

# %%
import boto3
import pandas as pd
from matplotlib import pyplot as plt

from course import check, connect, hint, judge, show

aws = connect("m00")
aws

# %% [markdown]
# You are connected. The *region* is the group of AWS's data centres that you use. Role and bucket are explained below.
#
# `boto3` is AWS's library for Python. The same code works with a real account. The next cell holds numbers that you may change later.

# %% tags=["parameters"]
SEED = 2013
FLIGHTS = 20_000
ROUNDS = 40

# %% [markdown]
# ## A table of flights
#
# The data holds every flight that left New York in 2013. We keep what is known two hours before departure. We keep only the first three months, because a
# model that starts work on 1 April has seen nothing later. The first column of the table is the *label*, the value that the model learns to predict.

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
# The label `late` is 1 if the flight arrived more than 15 minutes late, else 0. Four numbers describe the flight: the scheduled hour, the weekday (Monday is
# 0), the airport, and the distance in miles. The airport's number is its place in `ORIGINS`.
#
# Now the table goes to S3, AWS's store for files of any kind. A *bucket* holds *objects* under names called *keys*.

# %%
train_uri = aws.upload(table, "train/flights.csv")
train_uri

# %% [markdown]
# The output is the address of the object: first the bucket, then the key.
#
# ## Train
#
# A *training job* is one task on a rented computer, an *instance*. SageMaker, AWS's service for machine learning, starts the instance and fetches the data. It
# runs a program, stores the model, and gives the instance back.
#
# The program comes from an *image*, a package of a program and all that it needs. The image here holds XGBoost, a library of decision trees. You describe the
# whole job in one request. In it, `HyperParameters` are the settings of the learning.

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
# The call returned at once. Then the *waiter* asked again and again until the job was done. You see the status `Completed`, and where the model is in S3. The
# job left one object, `model.tar.gz`.
#
# `RoleArn` names the *role*, a set of permissions, under which the job may read and write. On AWS nothing happens without one. An *ARN* (Amazon Resource Name)
# is the full name of a thing on AWS.
#
# ## Deploy
#
# A model in S3 is only a file, so it cannot answer. An *endpoint* is a server that stays on, with the model loaded. It takes three requests. The first says
# what the model is. The second says which computer runs it. The third starts the endpoint.

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
# `InService` means that the endpoint is ready for requests. On AWS this step takes some minutes. The computer costs money from its start until you delete the
# endpoint, even if nobody asks.
#
# ## Ask
#
# A request to the endpoint is one line of comma-separated values (CSV). It holds the four numbers, in the order of training, without the label. The answer is
# the probability that the flight is late.

# %%
runtime = aws.client("sagemaker-runtime")


def probability(row: str) -> float:
    answer = runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=row)
    return float(answer["Body"].read())


print(f"Monday, 6 in the morning, from Newark, 719 miles: {probability('6,0,0,719'):.0%} late")

# %% [markdown]
# This is the first answer. We wrote the line `6,0,0,719` by hand. A program gets flights from a schedule, and must turn each into such a line, always in the
# same way.

# %% [markdown] exercise="m00_ex1"
# Write `flight_row(flight)`. It returns the line for the request, a `str`. A flight is a dictionary such as
# `{"date": "2013-01-07", "sched_dep_time": 630, "origin": "EWR", "distance": 719}`. For this one the line is `6,0,0,719`.
#
# `sched_dep_time` is the hours and minutes in one number: 630 is half past six. Your function is judged on unseen flights, of any day of the year and any time
# of the day. You need not check the input.


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
# If the check finds no mistake, run `judge("m00_ex1")` in a new cell. Only that gives you points.
#
# A wrong line causes no error: the model accepts any four numbers and answers.
#
# Now change the date and the hour of a flight, and see how the answer changes.

# %%
my_flight = {"date": "2013-03-08", "sched_dep_time": 1745, "origin": "JFK", "distance": 2475}
try:
    print(f"{my_flight}: {probability(flight_row(my_flight)):.0%} late")
except NotImplementedError:
    print("Answer exercise 0.1 first; the rest of this notebook works without it.")

# %% [markdown]
# If exercise 0.1 is done, you see the probability for your flight. One flight says little, so we ask about every hour of a Friday.

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
# The bars are low in the morning and high in the evening, because delays add up during the day. They cross the dashed line around midday. To ask for many
# predictions, send many lines in one request.
#
# ## Break it
#
# Now we send two wrong requests. The *body* of a request is its data, and the *content type* says what kind of data it is. The first body has two numbers, but
# the model wants four. The second body has the right four numbers, but the content type says that it is a picture. See what the error holds besides its text.

# %%
for body, content_type in [("17,4", "text/csv"), ("17,4,1,2475", "image/png")]:
    try:
        runtime.invoke_endpoint(EndpointName=name, ContentType=content_type, Body=body)
    except runtime.exceptions.ModelError as error:
        print("The container said", error.response["OriginalStatusCode"], "to", content_type)
        print("  ", error.response["OriginalMessage"].strip()[:160])
        print("   log:", error.response["LogStreamArn"].rpartition(":log-group:")[2])

# %% [markdown]
# Both errors are a `ModelError`. SageMaker did its part, and passed on what the model's program said. This program runs in a *container*, a running copy of
# the image.
#
# The *original status* tells the two errors apart, as on any web server. 400 is a body that the program cannot use. 415 is a content type that it does not
# know. The line `log:` names a *log group* in CloudWatch Logs, AWS's service for logs. There you find the program's own messages. Now we ask an endpoint that
# does not exist. The error is a different one:

# %%
try:
    runtime.invoke_endpoint(EndpointName="no-such-one", ContentType="text/csv", Body="17,4,1,2475")
except runtime.exceptions.ClientError as error:
    print(error.response["Error"]["Code"], "|", error.response["Error"]["Message"])

# %% [markdown]
# A `ValidationError` comes from SageMaker itself. No model received the request. With every error, first ask: *who said it?*
#
# ## The same with the SDK
#
# `boto3` shows each request. In companies you will more often see the SageMaker Python SDK. It makes such requests from Python objects. Its import takes
# some seconds:

# %%
import logging

from sagemaker.core.helper.session_helper import Session
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer, configs

logging.disable(logging.WARNING)  # the SDK reports every step

# %% [markdown]
# `ModelTrainer` holds what the request for a job says. `train` sends it, and waits for the end.

# %%
session, models = Session(default_bucket=aws.bucket), f"s3://{aws.bucket}/{aws.prefix}/models"
trainer = ModelTrainer(
    training_image=image,
    role=aws.role,
    sagemaker_session=session,
    base_job_name=aws.unique("sdk-flights"),
    hyperparameters={
        "objective": "binary:logistic",
        "num_round": ROUNDS,
        "max_depth": 4,
        "eta": 0.3,
        "eval_metric": "auc",
    },
    output_data_config=configs.OutputDataConfig(s3_output_path=models),
    compute=configs.Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=5),
    stopping_condition=configs.StoppingCondition(max_runtime_in_seconds=600),
)
rows = configs.InputData(channel_name="train", data_source=train_uri, content_type="text/csv")
trainer.train(input_data_config=[rows], logs=False)

# %% [markdown]
# `ModelBuilder` takes the trainer's model. `build` creates a model, and `deploy` makes the other two requests and waits. We ask, and delete the endpoint.

# %%
second = aws.unique("sdk-flights")
builder = ModelBuilder(
    model=trainer,
    image_uri=image,
    role_arn=aws.role,
    sagemaker_session=session,
    log_level=logging.WARNING,
)
builder.build(model_name=second)
endpoint = builder.deploy(
    endpoint_name=second,
    instance_type="ml.m5.large",
    initial_instance_count=1,
)
answer = endpoint.invoke(body="6,0,0,719", content_type="text/csv")
print(f"the second model says {float(answer.body.read()):.0%}")
endpoint.delete()

# %% [markdown]
# The SDK calls the same operations, so the errors that you just read look the same.
#
# ## How this course works
#
# - **Checks** run practice cases. You read what was called, what came back, and what kind of thing was expected. "Practice cases hold" means only that these
#   cases are right. It earns no points yet.
# - **`judge("m00_ex1")`** judges your answer on unseen cases. Only this counts in your progress. You can get a part of the points. You may run it as often as
#   you like.
# - **Hints** come when you ask. `hint("m00_ex1")` opens one at a time: a small push, then where to look, then nearly the code. They cost nothing.
# - **Costs**: at {fact:price-ml-m5-large-hosting} dollars an hour, the endpoint above would cost about 83 dollars a month. The next cell shows what runs now:

# %%
for endpoint in sagemaker.list_endpoints()["Endpoints"]:
    print("endpoint", endpoint["EndpointName"], endpoint["EndpointStatus"])
if aws.local:
    print("by the local AWS's ledger:", aws.local.running())

# %% [markdown]
# Your endpoint still runs, so on AWS it would still cost money. Three more things to know:
#
# - **The local AWS** is not AWS. It has no data centre, no queue for computers and no bill. If it does not know an operation, it says so. Set
#   `COURSE_BACKEND=aws`, and the same notebook uses your account.
# - **The exam**: the course prepares for AWS Certified Machine Learning Engineer – Associate. Its first version, MLA-C01, ended in English on
#   {fact:exam-c01-last-english-day}. You can still take it in {fact:exam-c01-languages}. The next version, MLA-C02, is in beta and planned for
#   {fact:exam-c02-general}.
# - **Closed to new accounts**: since {fact:closed-features-day} new accounts cannot start using Model Monitor, Clarify, Debugger or Ground Truth. The exam
#   still asks about their ideas. Later lessons run these ideas here.
#
# ## Who called whom
#
# You made dozens of requests. Most came from the waiters, which asked whether the work was done. Services also called each other. The job read its data from
# S3 and stored its model there, under its own name. AWS records requests in a service called CloudTrail. The local AWS records them too.

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
# Read the table by rows. Each row is a caller, with its number of requests to each service. `sts` is the service that says who you are. With
# `iam` the SDK looks at what the role may do.
#
# There are two kinds of callers: you, and the work that SageMaker did for you. In a real system you must choose the right service for each piece of work. This
# table says what decides.
#
# | the work wants (`wants`) | service | what decides |
# |---|---|---|
# | `"files"`: keep data, models, outputs | S3 | every object by its key, at any size |
# | `"tables"`: know which tables the files hold | Glue | its crawler reads the files, and its catalog keeps their columns |
# | `"answers"`: ask in SQL | Athena or Redshift | up to 20 `people`: Athena, which reads the files as they are and bills each query. More people: Redshift, a data warehouse that is always on. The border of 20 is this course's own; AWS names none |
# | `"access"`: say who may read | S3 or Lake Formation | whole objects: S3, with a policy. Single `columns` of a table: Lake Formation |
# | `"image"`: keep container images | ECR | jobs and endpoints take their program from there |
# | `"model"`: train and serve | SageMaker | jobs and endpoints, as above |
# | `"code"`: run code without keeping a server | Lambda, Glue or SageMaker | written for `spark`: a Glue job. Else Lambda, up to its limit of {fact:lambda-minutes} `minutes`. Longer: a SageMaker processing job |
# | `"steps"`: run steps in order | SageMaker or Step Functions | if all `services` are SageMaker: its Pipelines. If any other is among them: Step Functions |
# | `"signal"`: act on an event or a time of day | EventBridge | it watches and calls; it does no work itself |

# %% [markdown] exercise="m00_ex2"
# Write `choose_service(need)`. It returns the name of the service, a `str` spelled as in the table: `"S3"`, `"Glue"`, `"Athena"`, `"Redshift"`,
# `"Lake Formation"`, `"ECR"`, `"Step Functions"`, `"EventBridge"`, `"Lambda"` or `"SageMaker"`.
#
# A need is a dictionary with all six fields, such as
# `{"wants": "tables", "people": 4, "minutes": 90, "spark": False, "services": ["Glue"], "columns": False}`. For this one the answer is `"Glue"`. You need not
# handle other wishes.
#
# Your function is judged on forty unseen needs. Some of them differ from another in one field only.


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
# - trained a model with a training job, deployed it to an endpoint, and asked it;
# - learned that a wrong line of numbers gets an answer too;
# - told an error of the model's program from an error of SageMaker;
# - read from the log who called whom, and sorted work among ten services.
#
# ## Recall
#
# 1. What is left of a training job when it has ended?
# 2. Why does a request not contain the label?
# 3. A `ModelError` has the original status 415. Who said it, and what would you change?
# 4. When does an endpoint begin to cost money, and when does it stop?
# 5. Twelve analysts ask some questions about files in S3 each week. Which service do you choose, and what would change your choice?
#
# <details><summary>Answers</summary>
#
# - To 1: `model.tar.gz` in S3, its logs in CloudWatch, and its description. The computer is gone.
# - To 2: the label is what the model must predict.
# - To 3: the program in the container said it. You change the content type of the request.
# - To 4: it begins when its computer starts, before `InService`. It stops when you delete the endpoint.
# - To 5: Athena. If many more people ask all day, Redshift is the steadier choice.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# Company code and exam material often use version 2 of the SDK. There the requests above become:
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
# The next cell ends everything that still runs. The endpoint goes first, because it costs money.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Where do the columns come from? Which of them may a model see two hours before departure? Go on with
# [data preparation](../m02_data_preparation/m02_1_prediction_time.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
