# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Let the better model in, and the bad one out
#
# The travel app uses your model of late flights. A colleague says that he has a better one.
#
# Services, metrics, limits and prices are AWS's, unless the text says "this course's".
#
# **By the end you can**
#
# - decide from an experiment whether to ship, keep or wait (exercise 8.2.1)
# - release a model so that a bad one takes itself back (exercise 8.2.2)
# - choose a scaling policy by what it costs (exercise 8.2.3)
# - find out why an endpoint does not serve (exercise 8.2.4)
# - write the function between an app and an endpoint (exercise 8.2.5)
#
# **Prerequisites**: [a model that answers while you change it](../m08_realtime/m08_1_realtime.ipynb).
#
# **Time**: 150 minutes, with a break before "Scaling", and 40 more for the stretch exercise.
#
# **Services**: SageMaker endpoints, CloudWatch alarms, application auto scaling, S3, CloudWatch Logs; by name Lambda.
#
# **Cost**: \$0 here. On AWS about one dollar for three hours of up to three instances (at {fact:price-ml-m5-large-hosting} dollars an hour each, November
# 2026).
#
# ## Three models
#
# Flights now have two more times, in hours: `asked`, when the app asks, and `known`, when the outcome is known.

# %%
import json
import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError, WaiterError
from given.autoscale import replay
from given.endpoints import endpoint_of, log_lines
from given.outcomes import flown, lines
from given.pictures import releases_picture
from given.rehearsal import Refused, Throttled, TimedOut, Unavailable, rehearsed
from given.schedule import COLUMNS, WEATHER
from given.training import start_training
from given.watch import alarms_set, asked_while_updating, minute, total
from matplotlib import pyplot as plt

from course import check, connect, hint, judge, show, variant
from course.exercises import broken_endpoints

aws = connect("m08_2")
sagemaker, cloudwatch = aws.client("sagemaker"), aws.client("cloudwatch")
aws

# %% [markdown]
# With fewer flights the models train faster, but their scores vary more.

# %% tags=["parameters"]
SEED = 2
FLIGHTS = 8_000
ROUNDS = 20

# %% [markdown]
# We train three models. `schedule`, the live one, learns from empty weather columns, `weather` from full ones. So both take the same request. `wide` learns by
# mistake from two columns more.

# %%
flights = flown(aws.data("flights"), aws.data("weather"))
learn = flights[flights.month <= 6].sample(FLIGHTS, random_state=SEED)
july = flights[flights.month == 7]
tables = {
    "schedule": learn[["late", *COLUMNS]].copy(),
    "weather": learn[["late", *COLUMNS]],
    "wide": learn[["late", *COLUMNS, "asked", "month"]],
}
tables["schedule"][WEATHER] = np.nan

image = aws.image("xgboost", "3.0-5")
jobs = {key: start_training(aws, image, ROUNDS, tables[key], key) for key in tables}
artifacts = {}
for key, name in jobs.items():
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name)
    ended = sagemaker.describe_training_job(TrainingJobName=name)
    artifacts[key] = ended["ModelArtifacts"]["S3ModelArtifacts"]
    container = {"Image": image, "ModelDataUrl": artifacts[key]}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, PrimaryContainer=container)

# %% [markdown]
# Importing the SageMaker Python SDK takes some seconds. Its *shapes* are the parts of a request.

# %%
import logging

from sagemaker.core import shapes
from sagemaker.core.resources import Endpoint, EndpointConfig

logging.disable(logging.WARNING)  # the SDK reports every step

# %% [markdown]
# ## Two variants
#
# An endpoint may hold several *production variants*, each a model on its own instances. Their *weights*, here 9 and 1, divide the traffic. This is an *A/B
# test*.

# %%
endpoint, both = aws.unique("late-flights"), aws.unique("late-flights-both")
rented = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
live = {"variant_name": "Live", "model_name": jobs["schedule"], "initial_variant_weight": 9}
new = {"variant_name": "New", "model_name": jobs["weather"], "initial_variant_weight": 1}
variants = [shapes.ProductionVariant(**one, **rented) for one in (live, new)]
EndpointConfig.create(endpoint_config_name=both, production_variants=variants)
served = Endpoint.create(endpoint_name=endpoint, endpoint_config_name=both)
served.wait_for_status("InService", poll=1)


def ask(body: str, **target):
    return served.invoke(body=body, content_type="text/csv", **target)


some = lines(july.sample(200, random_state=SEED))
answers = [ask(line) for line in some]
print(pd.Series([answer.invoked_production_variant for answer in answers]).value_counts())
sagemaker.describe_endpoint_config(EndpointConfigName=both)["ProductionVariants"]

# %% [markdown]
# About one in ten went to `New`. `update_weights_and_capacities` changes the weights while the endpoint answers. The variant is drawn for each request, so a
# user may meet both models. With `target_variant` the app chooses the variant itself.
#
# ## Outcomes come later
#
# An outcome is known hours after the prediction. A dashboard counts only flights whose outcome is known. We look at one stormy day:

# %%
storm = july[july.date == "2013-07-10"]
hours = np.arange(10, 31)
asked = [storm[storm.asked < hour] for hour in hours]
known = [day[day.known < hour] for day, hour in zip(asked, hours, strict=True)]
figure, axes = plt.subplots(figsize=(7, 3))
axes.plot(hours, [day.late.mean() for day in known], "k-", label="of the flights known so far")
share = [day.late.mean() for day in asked]
axes.plot(hours, share, "k:", label="of all flights asked about so far, in the end")
axes.set(
    xlabel="hour (from 24 on: the next day)",
    ylabel="share of late flights",
    title="10 July: the late ones arrive late",
    ylim=(0, 0.7),
    xticks=range(10, 31, 4),
)
axes.legend()
show(figure, "Two lines by hour: share of late flights, known so far and in the end.")

# %% [markdown]
# The solid line stays below the dotted one until the night is over, because late flights come in last. So an unfinished day looks too good. Count only *whole*
# days, on which every outcome is known.
#
# ## What each test answers
#
# Both models now predict every flight of July. The error of a flight is (probability - outcome) squared. We divide the mean difference by its *standard error*,
# the usual size of a difference by chance. We do so by flights and by days.


# %%
def probabilities(variant: str) -> list[float]:
    rows, found = lines(july), []
    for begin in range(0, len(rows), 5_000):
        body = "\n".join(rows[begin : begin + 5_000])
        text = ask(body, target_variant=variant).body.read().decode()
        found += [float(number) for number in text.replace(",", " ").split()]
    return found


errors = {name: (july.late - probabilities(name)) ** 2 for name in ("Live", "New")}
difference = errors["Live"] - errors["New"]
daily = difference.groupby(july.date).mean()
for unit, drawn in (("flights", difference), ("days", daily)):
    chance = drawn.std() / math.sqrt(len(drawn))
    better = f"{drawn.mean():.4f} better, {drawn.mean() / chance:.1f} standard errors"
    print(f"by {unit:8}{better} of {len(drawn)} {unit}")
figure, axes = plt.subplots(figsize=(7, 2.8))
colours = ["#2b5c9e" if value > 0 else "white" for value in daily]
axes.bar(daily.index.day, daily, color=colours, edgecolor="black")
axes.set(xlabel="day of July", ylabel="error, old less new")
axes.set_title(f"The new model wins on {(daily > 0).sum()} of {len(daily)} days")
show(figure, "Bars: error of the old model less that of the new one, by day of July.")

# %% [markdown]
# By flights the new model wins far beyond chance. By days it may be chance. Flights of one day share its weather, so they are not independent. The first test
# asks: was it better *in this July*? The second asks: will it be better *on other days*?
#
# Fix the number of days before you start. If you stop at the first large difference (*peeking*), you find one sooner or later, even between equal models.
#
# ### A shadow variant
#
# A *shadow variant* gets a copy of the requests. Its answers are measured and thrown away. So it shows errors, latency and, if its answers are stored, how well
# it predicts. It never shows what users *do* with an answer. It costs a second *fleet* of instances. Ours is `wide`: every request to it fails, and the app
# notices nothing.


# %%
def model_variant(key: str, name: str) -> dict:
    rented = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return {"VariantName": name, "ModelName": jobs[key], "InitialVariantWeight": 1.0} | rented


def configuration(**members) -> str:
    name = aws.unique("late-flights")
    sagemaker.create_endpoint_config(EndpointConfigName=name, **members)
    return name


shadowed = configuration(
    ProductionVariants=[model_variant("schedule", "Live")],
    ShadowProductionVariants=[model_variant("wide", "Shadow")],
)
sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=shadowed)
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
answers = [ask(line) for line in some[:60]]
print(f"{len(answers)} answers to the app")
for name in ("Live", "Shadow"):
    failed = total(cloudwatch, endpoint, name, "Invocation4XXErrors", requests=60)
    print(f"{name:7} {failed:.0f} errors of at least 60 requests")

# %% [markdown] exercise="m08_2_ex1"
# Write `decide(experiment)`. It returns the word of the first row that fits. The order and the two standard errors are this course's own.
#
# | your decision | when |
# |---|---|
# | `expose` | users are measured, but they cannot have seen the new model's answers |
# | `wait` | there are fewer whole days than planned |
# | `ship` | over the whole days, each counted once, the new model is better by at least two standard errors |
# | `keep` | in all other cases |
#
# An experiment looks like this:
#
# ```python
# {
#     "planned_days": 14,
#     "new_is": "variant",  # or "shadow"
#     "measured": "outcomes",  # or "users": an error of what users did
#     "days": [
#         {
#             "old": {"asked": 640, "known": 640, "error": 0.171, "spread": 0.25},
#             "new": {"asked": 71, "known": 70, "error": 0.168, "spread": 0.24},
#         },
#     ],
# }
# ```
#
# `asked` counts requests, `known` the outcomes that have arrived. `error` and `spread` are mean and standard deviation of a flight's error. With this one day in
# `days` it is `"wait"`. Forty unseen experiments are judged.


# %% answer="m08_2_ex1"
def decide(experiment: dict) -> str:
    ### BEGIN SOLUTION
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if all(model["known"] == model["asked"] for model in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in whole])
    return "ship" if won.mean() >= 2 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
    ### END SOLUTION


# %% check="m08_2_ex1"
check("m08_2_ex1", decide=decide)

# %% [markdown]
# ## A release that takes itself back
#
# A *deployment configuration* limits the harm of a bad update. The new fleet first gets a small share of the traffic, the *canary*: at most
# {fact:canary-most-percent} %. (`LINEAR`, with a `LinearStepSize`, takes several steps, `ALL_AT_ONCE` one.) It *bakes*: it is watched for a while. If an alarm
# goes off, all traffic goes back to the old fleet.
#
# `put_metric_alarm` makes an alarm. CloudWatch puts the values of all requests together by the minute:
#
# | metric | what it tells |
# |---|---|
# | `Invocation4XXErrors`, `Invocation5XXErrors` | 1 for a request that the container refused (4XX) or failed at (5XX); `Average` is a share |
# | `ModelLatency` | **microseconds**; percentiles as `ExtendedStatistic`, e.g. `"p50"` |
#
# An alarm with the *dimensions* `EndpointName` and `VariantName` watches *both* fleets. The old fleet's many good answers hide a canary's errors. A third
# dimension, `EndpointConfigName`, selects the new fleet alone.
#
# - A model that just started may have one bad minute.
# - When nobody asks, there is no data. With `TreatMissingData` as `notBreaching`, that counts as good.
# - A fault shows up to eight minutes after the new fleet's first request (this course's number).
#
# The update below takes the shadow away. `asked_while_updating` moves the clock of the local AWS forward.

# %%
alarm = {"AlarmName": aws.unique("late-flights-5xx"), "Namespace": "AWS/SageMaker"}
dimensions = {"EndpointName": endpoint, "VariantName": "Live"}
alarm["Dimensions"] = [{"Name": name, "Value": value} for name, value in dimensions.items()]
alarm |= {"MetricName": "Invocation5XXErrors", "Statistic": "Average", "Threshold": 0.2}
alarm |= {"Period": 60, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
canary = shapes.TrafficRoutingConfig(
    type="CANARY",
    canary_size=shapes.CapacitySize(type="CAPACITY_PERCENT", value=30),
    wait_interval_in_seconds=30,  # until all traffic follows; in practice many minutes
)
watched = shapes.Alarm(alarm_name=alarm["AlarmName"])
guarded = shapes.DeploymentConfig(
    blue_green_update_policy=shapes.BlueGreenUpdatePolicy(traffic_routing_configuration=canary),
    auto_rollback_configuration=shapes.AutoRollbackConfig(alarms=[watched]),
)
alone = aws.unique("late-flights-alone")
EndpointConfig.create(endpoint_config_name=alone, production_variants=variants[:1])
served.endpoint_config_name = alone
with alarms_set(cloudwatch, [alarm]):
    served.update(deployment_config=guarded)
    if aws.local:
        asked_while_updating(aws, endpoint, lambda: ask(some[0]), 20)
    served.wait_for_status("InService", poll=1)
sagemaker.describe_endpoint(EndpointName=endpoint)["LastDeploymentConfig"]

# %% [markdown] exercise="m08_2_ex2"
# Write `guard(release)`. It returns `{"alarms": [...], "deployment": {...}}`: requests for `put_metric_alarm`, and a `DeploymentConfig` that names them all, as
# a `dict` like the output above. `TerminationWaitInSeconds`, beside the routing, keeps the old fleet for a while. An alarm has the members of `alarm` above. A release
# looks like this:
#
# ```python
# {
#     "endpoint": "late-flights-7", "variant": "Live",
#     "config": "late-flights-8",  # the new configuration
#     "requests_per_minute": 300,
#     "usual": {"client_errors": 0.02, "server_errors": 0.001,  # shares
#               "p50_ms": 40.0, "p90_ms": 76.0},
#     "most_hurt": 150,  # requests answered badly before a bad model is taken back
#     "minutes": 40,  # within which a good model must be through, termination wait included
# }
# ```
#
# | what | rule |
# |---|---|
# | a bad model | fails at a third of its requests or more (4XX or 5XX), or needs at least four times as long |
# | the deployment | blue/green only, sizes in `CAPACITY_PERCENT` |
# | judged by | replays of unseen releases, good and bad, and one real release (`probe`) |


# %% answer="m08_2_ex2"
def guard(release: dict) -> dict:
    ### BEGIN SOLUTION
    usual, names = release["usual"], ("EndpointName", "VariantName", "EndpointConfigName")
    dimensions = [{"Name": name, "Value": release[key]} for name, key in zip(names, ("endpoint", "variant", "config"), strict=True)]
    common = {"Namespace": "AWS/SageMaker", "Dimensions": dimensions, "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2}
    common |= {"ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"}
    watched = {
        "Invocation4XXErrors": {"Statistic": "Average", "Threshold": usual["client_errors"] + 0.1},
        "Invocation5XXErrors": {"Statistic": "Average", "Threshold": usual["server_errors"] + 0.1},
        "ModelLatency": {"ExtendedStatistic": "p50", "Threshold": 2000 * usual["p50_ms"]},
    }
    alarms = [common | {"AlarmName": f"{release['config']}-{metric}", "MetricName": metric} | more for metric, more in watched.items()]
    percent = max(1, min(50, math.floor(100 * release["most_hurt"] / (4 * release["requests_per_minute"]))))
    routing = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": percent}, "WaitIntervalInSeconds": 900}
    deployment = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm["AlarmName"]} for alarm in alarms]},
    }
    return {"alarms": alarms, "deployment": deployment}
    ### END SOLUTION


# %% check="m08_2_ex2"
check("m08_2_ex2", guard=guard)

# %% [markdown]
# Now we release `wide`, then `weather`, with your guard.

# %%
usual = {"client_errors": 0.0, "server_errors": 0.0, "p50_ms": 50.0, "p90_ms": 150.0}
release = {"endpoint": endpoint, "variant": "Live", "usual": usual, "requests_per_minute": 20}
releases = {}
try:
    for key in ("wide", "weather") if aws.local else ():
        new = configuration(ProductionVariants=[model_variant(key, "Live")])
        made = guard(release | {"config": new, "most_hurt": 20, "minutes": 30})
        update = {"EndpointConfigName": new, "DeploymentConfig": made["deployment"]}
        with alarms_set(cloudwatch, made["alarms"]):
            sagemaker.update_endpoint(EndpointName=endpoint, **update)
            releases[key] = asked_while_updating(aws, endpoint, lambda: ask(some[0]), 20)
        now = sagemaker.describe_endpoint(EndpointName=endpoint)
        which = "new" if now["EndpointConfigName"] == new else "old"
        print(f"{key}: {now['EndpointStatus']}, {which} model.", now.get("FailureReason", ""))
except NotImplementedError:
    print("Answer exercise 8.2.2 first; then both releases stand here.")
except (KeyError, TypeError, ClientError, ParamValidationError) as error:
    print("Your guard of exercise 8.2.2 was not accepted:", error)
releases_picture(releases)

# %% [markdown]
# `FailureReason` says why the old model came back. On the left, `wide` has its share for the few minutes that the alarm waits. On the right, `weather` bakes
# without failures, and takes over.
#
# ## Scaling
#
# *Application auto scaling* changes the number of a variant's instances. A *target tracking* policy keeps a metric near a target, with two alarms. After
# {fact:tracking-out-minutes} minutes above the target it adds instances (*scale out*). After {fact:tracking-in-minutes} minutes below nine tenths of it, it
# removes some (*scale in*).

# %%
scaling = aws.client("application-autoscaling")
target = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{endpoint}/variant/Live",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
per_instance = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
tracking = {"TargetValue": 10.0, "PredefinedMetricSpecification": per_instance}
tracking |= {"ScaleOutCooldown": 60, "ScaleInCooldown": 300}
kind = {"PolicyName": "requests", "PolicyType": "TargetTrackingScaling"}
scaling.put_scaling_policy(**target, **kind, TargetTrackingScalingPolicyConfiguration=tracking)

counts, load = [], [0] * 3 + [24] * 6 + [0] * 18 if aws.local else []
for requests in load:
    minute(lambda: ask(some[0]), requests, aws.local.advance)
    now = sagemaker.describe_endpoint(EndpointName=endpoint)
    counts.append(now["ProductionVariants"][0]["CurrentInstanceCount"])
of_variant = {"ServiceNamespace": "sagemaker", "ResourceId": target["ResourceId"]}
done = scaling.describe_scaling_activities(**of_variant)["ScalingActivities"]
for activity in reversed(done):
    print(f"{activity['StatusCode']}: {activity['Description']}")
scaling.deregister_scalable_target(**target)
print("instances:", *counts)

# %% [markdown]
# With a target of 10, 24 requests a minute need three instances. On AWS an instance takes minutes to start. `ScaleOutCooldown` prevents a second order for
# those still starting, `ScaleInCooldown` a second removal.
#
# *Scheduled actions* suit traffic that follows the time of day. *Step scaling* suits big jumps. A newer metric, `ConcurrentRequestsPerModel`, is counted every
# {fact:concurrent-metric-seconds} seconds and notices sooner.
#
# ## Which metric, which target
#
# Target tracking assumes that a metric halves when the instances double. `InvocationsPerInstance`, the requests a minute for each instance, does.
# `ModelLatency` does not: it is flat while nobody waits, and jumps when all wait. `CPUUtilization`, in percent, is right where requests differ much in work for
# the processors. If the model waits for another service, the processors are idle at any load.
#
# We replay a day of a busier endpoint. The dotted line *flaps*: latency jumps, and many instances are ordered. Then latency falls, and they are removed.

# %%
yesterday = json.loads(Path("given/yesterday.json").read_text())
common = {"out_cooldown": 240, "in_cooldown": 300, "min": 2, "max": 12}
tried = {
    "100 requests a minute": {"metric": "InvocationsPerInstance", "target": 100.0} | common,
    "ModelLatency 800 ms": {"metric": "ModelLatency", "target": 800.0} | common,
}
figure, axes = plt.subplots(figsize=(8, 3))
for (label, policy_tried), style in zip(tried.items(), ("k-", "r:"), strict=True):
    told = replay(yesterday, policy_tried)
    label += f": {told['cost']:.0f} dollars, {sum(told['late']):.0f} answers late"
    axes.plot(told["instances"], style, label=label)
traffic = np.array(yesterday["requests"]) / 100
axes.plot(traffic, color="0.75", label="requests a minute / 100", zorder=0)
axes.set(xlabel="minute", ylabel="instances", ylim=(0, 17), yticks=range(0, 17, 4))
axes.set_title("One metric follows the traffic, the other flaps")
axes.legend(fontsize=8, loc="upper left")
show(figure, "Lines by minute: instances under two policies, and requests.")

# %% [markdown] exercise="m08_2_ex3"
# Write `policy(brief)`. It returns the policy with which the *next* days cost least, instances and late answers together. It has the six keys of those in
# `tried`. The metric is one of the three named here; `ModelLatency` is in milliseconds. Cooldowns are whole seconds, and `1 <= min <= max <= 12`. Your function
# may call `replay(brief, policy)["cost"]`, the cost of the brief's own day. A brief is like `yesterday`:
#
# | member | meaning |
# |---|---|
# | `requests`, `flights` | for each of 720 minutes: requests, and flights in each of them on average |
# | `request_ms`, `flight_ms` | an instance's time for a request, and for each flight in it; `cpu_share` of it is processor time |
# | `late_after_ms` | an answer that takes longer is late |
# | `late_usd`, `instance_usd` | cost of a late answer, and of an instance for an hour |
# | `start_minutes` | until a new instance has started |
#
# Six unseen endpoints are judged, on other days. A cost within 2.5 % of the best earns all points. You have ten seconds for a brief.


# %% answer="m08_2_ex3"
def policy(brief: dict) -> dict:
    ### BEGIN SOLUTION
    seconds = (brief["request_ms"] + brief["flight_ms"] * np.median(brief["flights"])) / 1000
    costs = {}
    for busy in (0.25, 0.35, 0.45, 0.55, 0.65, 0.75):
        for metric, aim in (("InvocationsPerInstance", 60 * busy / seconds), ("CPUUtilization", 6 + 100 * busy * brief["cpu_share"])):
            for least in (1, 2, 4, 6):
                one = {"metric": metric, "target": float(aim), "out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
                one |= {"min": least, "max": 12}
                costs[replay(brief, one)["cost"]] = one
    return costs[min(costs)]
    ### END SOLUTION


# %% check="m08_2_ex3"
check("m08_2_ex3", policy=policy)

# %% [markdown]
# ## Four endpoints that do not serve
#
# Four colleagues wanted to serve `weather`. Each made one mistake in the container. `Environment` holds settings of its program. An artifact is a `.tar.gz`
# with the model's file at its top.
#
# A `Failed` endpoint did not pass the *ping health check*: its server did not answer `/ping`. A server that does may still fail at requests. The rest is in the
# log group `/aws/sagemaker/Endpoints/<name>`.

# %%
logs = aws.client("logs")
wanted, wide = artifacts["weather"], artifacts["wide"]
containers = broken_endpoints.containers(aws, variant("m08_2_ex4"), wanted, wide)
names = {case: aws.unique(case) for case in containers}
for case, container in containers.items():
    endpoint_of(sagemaker, aws.role, names[case], container)
for case, name in names.items():
    with suppress(WaiterError):
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    now = sagemaker.describe_endpoint(EndpointName=name)
    print(case, now["EndpointStatus"], now.get("FailureReason", "")[:90])
    if now["EndpointStatus"] == "InService":
        serving = Endpoint.get(name)
        try:
            print("   ", serving.invoke(body=some[0], content_type="text/csv").body.read())
        except ClientError as error:
            print("   ", error.response["Error"]["Code"])
print("\nThe end of the log of case-1:")
print(*(line[:300] for line in log_lines(logs, names["case-1"])[-8:]), sep="\n")

# %% [markdown] exercise="m08_2_ex4"
# Print the other logs, too, and `containers["case-1"]`. Four of these six causes occur:
#
# | cause | what went wrong |
# |---|---|
# | `archive` | the model's file is not where the program looks |
# | `columns` | a model of other columns |
# | `corrupt` | the file is no model |
# | `image` | an image for another kind of model |
# | `program` | it asks for a script that is not there |
# | `setting` | a value of the wrong kind |
#
# Make two `dict`s with the keys `"case-1"` to `"case-4"`. For a container killed for lack of memory, the values would be:
#
# - in `diagnoses`: `{"cause": "memory", "line": "Killed"}`
# - in `repairs`: `{"Environment.MAX_CONTENT_LENGTH": "1000"}`
#
# `cause` is a word of the table. `line` has words of a log line that shows the cause. They must be in no other endpoint's log. Leave out times of day and
# addresses. A repair is the smallest change. `None` removes a member. Other paths are `Image` and `ModelDataUrl`.
#
# `weather` was made of `artifacts` and `image` above.
#
# Your repaired containers must answer as `weather` does. A change that touches more than the fault loses half of its points.

# %% answer="m08_2_ex4"
diagnoses = ...  # TODO: case -> {"cause": ..., "line": ...}
repairs = ...  # TODO: case -> {path: value}

### BEGIN SOLUTION
SIGNS = {
    "There is no model file": ("archive", {"ModelDataUrl": artifacts["weather"]}),
    "Feature size of csv": ("columns", {"ModelDataUrl": artifacts["weather"]}),
    "cannot be loaded by XGBoost": ("corrupt", {"ModelDataUrl": artifacts["weather"]}),
    "image serves a script": ("image", {"Image": image}),
    "There is no inference.py": ("program", {"Environment.SAGEMAKER_PROGRAM": None}),
    "invalid literal for int()": ("setting", {"Environment.SAGEMAKER_MODEL_SERVER_WORKERS": "1"}),
}
diagnoses, repairs = {}, {}
for case, name in names.items():
    sign = next(sign for sign in SIGNS if sign in "\n".join(log_lines(logs, name)))
    diagnoses[case] = {"cause": SIGNS[sign][0], "line": sign}
    repairs[case] = SIGNS[sign][1]
### END SOLUTION

# %% check="m08_2_ex4"
check("m08_2_ex4", diagnoses=diagnoses, repairs=repairs)

# %% [markdown]
# ## The application around it
#
# Between the app and the endpoint there is a small program, often a *Lambda* function. It gets an *event* in JSON. The endpoint wants lines of CSV.
#
# - **Time.** The app waits at most a second and a half, boto3 {fact:boto3-read-seconds} seconds. So a try may not take all the time.
# - **Retries.** A throttled, unavailable or hanging endpoint may answer the next try. But if it is down, retries keep it down. So keep a *retry budget* between
#   events. A retry takes from it, and an answer pays a little back. When it is empty, do not retry.
#
# `given/rehearsal.py` imitates Lambda and the endpoint. `@rehearsed` plays a script to a handler. This one works only while all goes well:
#
# ```python
# @rehearsed
# def impatient(event: dict, context) -> dict:
#     found = json.loads(event["body"])["flights"]
#     rows = [["" if one[name] is None else str(one[name]) for name in COLUMNS] for one in found]
#     answer = context.invoke("\n".join(",".join(row) for row in rows), context.remaining_ms())
#     late = [float(number) for number in answer.split()]
#     return {"statusCode": 200, "body": json.dumps({"late": late, "source": "model"})}
# ```

# %% [markdown] exercise="m08_2_ex5"
# Write `handler(event, context)`, with `@rehearsed` above it. It responds as `impatient` does. `late` holds a probability for each flight. `source` is
# `"model"` or `"fallback"`. The fallback is 0.237, the year's share of late flights, for each flight.
#
# | member of `context` | meaning |
# |---|---|
# | `invoke(body, timeout_ms)` | raises `Throttled`, `Unavailable`, `TimedOut`, or `Refused`, which no retry will change |
# | `wait(ms)` | lets time pass |
# | `remaining_ms()` | no response may come after it has run out |
# | `kept` | a `dict` that stays for the next event |
#
# If the model gives no answer, also after `Refused`, answer 200 with the fallback. Bodies that are no JSON, or not `{"flights": [...]}` with at least one
# flight and all of `COLUMNS` in each, get status 400 without a call.
#
# Nearly all answers take less than 250 ms. In an outage of 30 events, call the endpoint at most 1.5 times an event on average (this course's limit). Before it,
# and after 24 good events again, two failed tries are followed by a third while there is time.


# %% answer="m08_2_ex5"
@rehearsed
def handler(event: dict, context) -> dict:
    ### BEGIN SOLUTION
    try:
        found = json.loads(event["body"])["flights"]
        rows = [",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in found]
    except (ValueError, KeyError, TypeError):
        rows = []
    if not rows:
        return {"statusCode": 400, "body": "expected flights"}
    kept, wait, late = context.kept, 50, None
    kept.setdefault("retries", 10.0)
    while late is None:
        try:
            late = [float(number) for number in context.invoke("\n".join(rows), min(300, context.remaining_ms() - 20)).split()]
            kept["retries"] = min(10.0, kept["retries"] + 0.5)
        except Refused:
            break
        except (Throttled, Unavailable, TimedOut):
            if kept["retries"] < 1 or context.remaining_ms() < wait + 280:
                break
            kept["retries"] -= 1
            context.wait(wait)
            wait *= 2
    answer = {"late": late or [0.237] * len(rows), "source": "model" if late else "fallback"}
    return {"statusCode": 200, "body": json.dumps(answer)}
    ### END SOLUTION


# %% check="m08_2_ex5"
check("m08_2_ex5", handler=handler)

# %% [markdown]
# ## In this notebook we have
#
# - compared two models, and released one under a guard;
# - chosen a scaling policy;
# - repaired four endpoints, and written the function in front of one.
#
# ## Recall
#
# 1. Why does an unfinished day look too good?
# 2. A new model is better by 7 standard errors by flights, by 1 by days. What do you know?
# 3. What does a shadow variant never show?
# 4. Which dimension makes an alarm look at the new fleet alone?
# 5. Why does target tracking on latency flap?
#
# <details><summary>Answers</summary>
#
# - To 1: the late flights' outcomes are still to come.
# - To 2: it was better on these days. Other days are nearly unknown.
# - To 3: what users do with its answers.
# - To 4: `EndpointConfigName`.
# - To 5: latency does not halve when the instances double.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.predictor import Predictor
# from sagemaker.serializers import CSVSerializer
# from sagemaker.session import Session, production_variant
#
# name, weights = f"{endpoint}-2", {jobs["schedule"]: 9, jobs["weather"]: 1}
# variants = [production_variant(model, "ml.m5.large", 1, model, weights[model]) for model in weights]
# Session().endpoint_from_production_variants(name, variants)
# predictor = Predictor(name, serializer=CSVSerializer())
# print(predictor.predict(some[0], target_variant=jobs["weather"]))
# predictor.delete_endpoint()
# ```
#
# Version 2 has no classes for shadows, deployment guardrails and scaling: use `boto3`.
#
# ## Clean up
#
# Deleting an endpoint leaves its scalable target and alarms. Ours are gone already.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# Go on with [ways to serve without an endpoint that runs day and night](../m09_deployment_options/m09_1_without_a_server.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
