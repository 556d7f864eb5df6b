# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # The same answer for less
#
# The account is tidy: what is left is used. It still costs too much. The team's lead wants half of the bill in the next year, and sets a condition: *no user
# may notice*. Answers must come as fast as now, and scores and models must be as fresh.
#
# **By the end you can**
#
# - move a training job to Spot instances, with checkpoints as far apart as they should be (exercise 14.2.1)
# - choose an instance type by the cost of a thousand requests under a latency limit (exercise 14.2.2)
# - make an endpoint smaller from its metrics, while it answers (exercise 14.2.3)
# - plan the year of a company for half of its bill (exercise 14.2.4)
#
# **Prerequisites**: [read the bill](m14_1_read_the_bill.ipynb); endpoints that scale, in [rollouts](../m08_realtime/m08_2_rollout.ipynb).
#
# **Time**: 150 minutes, with a break after the second exercise.
#
# **Services**: SageMaker (Spot training, Inference Recommender, endpoints), CloudWatch, Application Auto Scaling.
#
# **Cost**: \$0 here. On AWS about a dollar: the load test of Inference Recommender is billed by its instances.
#
# ## Set up
#
# The import of the SDK takes some seconds.

# %%
import logging

from given import company, endpoints, load_test, spot

from course import check, connect, hint, judge
from course.plots import show

aws = connect("m14_2")  # before the import of the SDK, which needs to know the region
from sagemaker.core.helper.session_helper import Session
from sagemaker.train import ModelTrainer, configs

logging.disable(logging.WARNING)  # the SDK reports every step
sagemaker = aws.client("sagemaker")
print(aws)

# %% [markdown]
# `SEED` draws the company that we plan for.

# %% tags=["parameters"]
SEED = 14

# %% [markdown]
# ## Instances that may be taken away
#
# *Spot* instances are what AWS has left at the moment. AWS says that they cost up to 90 % less. In public logs of SageMaker jobs it is about 70 %. In return, AWS
# may take them away at any time. *Managed Spot training* then waits for another instance, and starts your program again.
#
# Your program must be able to go on. SageMaker copies all that it writes to `/opt/ml/checkpoints` to S3 while it runs, and copies it back before it starts again.
# The rest is lost. `given/train.py` saves its weights every `save_every` rounds, and begins with the last weights that it finds. Here is a job of 300 rounds with
# the SDK. We take its instance away after its first checkpoint:

# %%
folder = spot.upload(aws, SEED)
limits = configs.StoppingCondition(max_runtime_in_seconds=600, max_wait_time_in_seconds=3600)
trainer = ModelTrainer(
    training_image=aws.image("sklearn", spot.IMAGE),
    role=aws.role,
    source_code=configs.SourceCode(source_dir="given", entry_script="train.py"),
    compute=configs.Compute(instance_type="ml.m5.large", enable_managed_spot_training=True),
    stopping_condition=limits,
    checkpoint_config=configs.CheckpointConfig(s3_uri=f"{folder}/checkpoints/"),
    hyperparameters={"rounds": 300, "save_every": 50},
    base_job_name=aws.unique("spot"),
    sagemaker_session=Session(default_bucket=aws.bucket),
)
data = configs.InputData(channel_name="rows", data_source=f"{folder}/rows/")
trainer.train(input_data_config=[data], wait=False, logs=False)
job = spot.latest(aws, trainer.base_job_name)
if aws.local:
    spot.await_checkpoint(aws, f"{folder}/checkpoints/")
    aws.local.interrupt(job, outage=spot.OUTAGE)  # seconds
described = spot.wait(aws, job)
for step in described["SecondaryStatusTransitions"]:
    print(step["Status"], "-", step["StatusMessage"])
took, billed = described["TrainingTimeInSeconds"], described["BillableTimeInSeconds"]
print(took, "seconds,", billed, "of them billed")
print(spot.printed(aws, job))

# %% [markdown]
# What to notice:
#
# - The second start goes on after the last checkpoint, not after the last round.
# - Savings are `1 - BillableTimeInSeconds / TrainingTimeInSeconds`. On this local AWS Spot always costs 30 % of the price, in whole
#   seconds. So a job of a few seconds shows a smaller saving.
# - `MaxWaitTimeInSeconds` is the time for all of it: waiting for instances, and training. It must be at least `MaxRuntimeInSeconds`.
# - Without `CheckpointConfig` the job would have begun at round 0 again. It would have ended as usual, and only the bill would have shown it.
#
# ## How often to save
#
# A checkpoint stops the work for some seconds. An interruption loses the work since the last one. So there is a best distance. `company.billed_seconds`
# replays a job on instances that last for drawn times (how they are drawn is this course's own rule), and returns the billed seconds. Here is a job of 5 hours, on
# instances that last 2 hours on average. A checkpoint takes 60 seconds:

# %%
hours = 3600
for minutes in (1, 5, 15, 45, 150, 300):
    drawn = [company.lifetimes(seed, 2 * hours) for seed in range(200)]
    billed = [company.billed_seconds(each, 5 * hours, minutes * 60, 60) for each in drawn]
    print(f"every {minutes:3} minutes: {sum(billed) / len(billed) / hours:6.2f} hours are billed")

# %% [markdown] exercise="m14_2_ex1"
# Write `on_spot(request, facts)`. It returns the request of a training job with these changes:
#
# | what | how |
# |---|---|
# | Spot instances | all of the job, waiting included, may take `facts["wait_hours"]` hours |
# | checkpoints | in S3 at `facts["checkpoints"]` |
# | the hyperparameter `save_every` | the number of rounds between two checkpoints with the least billed time, as a text |
#
# The members are `EnableManagedSpotTraining`, `StoppingCondition` and `CheckpointConfig`. Others stay as they are, and so do other hyperparameters. `facts` also has `rounds` of the job, and in seconds `round_seconds`, `save_seconds` and `lifetime`: the mean of
# how long instances last. Lifetimes are drawn as `company.lifetimes` draws them. `save_every` is from 1 to `rounds`.
#
# An example: 1,000 rounds of 10 seconds, 50 seconds for a checkpoint, and a lifetime of 2 hours. The best is about 80 rounds. Where saving costs nothing, it is 1. For all
# points, checkpoints and interruptions together cost at most a tenth more than with the best distance.
#
# The check runs a job of your request that finds the checkpoint of an interrupted job.


# %% answer="m14_2_ex1"
def on_spot(request: dict, facts: dict) -> dict:
    """The request of a job on Spot instances that saves checkpoints."""
    ### BEGIN SOLUTION
    seconds = (2 * facts["save_seconds"] * facts["lifetime"]) ** 0.5
    rounds = min(max(round(seconds / facts["round_seconds"]), 1), facts["rounds"])
    waits = {"MaxWaitTimeInSeconds": int(facts["wait_hours"] * 3600)}
    return request | {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": request["StoppingCondition"] | waits,
        "CheckpointConfig": {"S3Uri": facts["checkpoints"]},
        "HyperParameters": request["HyperParameters"] | {"save_every": str(rounds)},
    }
    ### END SOLUTION


# %% check="m14_2_ex1"
check("m14_2_ex1", on_spot=on_spot)

# %% [markdown]
# Spot is for what can wait: training, tuning, processing with checkpoints. SageMaker has no Spot endpoints: a user who waits for an answer cannot also wait for an instance.
#
# ## Which instance
#
# A type's name says what it is for. In `ml.c5.xlarge` the `c` is the family, 5 the generation, and `xlarge` the size. Each size has twice as much as the one before,
# for twice the price:
#
# | family | has | for |
# |---|---|---|
# | `t` | little, with bursts | notebooks, tests |
# | `m` | 4 GB for each vCPU | most models on tables |
# | `c` | 2 GB for each vCPU, faster | models that compute much and are small |
# | `r` | 8 GB for each vCPU | large models and tables in memory |
# | `g`, `p` | graphics processors | deep learning; `p` for large training |
# | `inf`, `trn` | AWS's own chips | deep learning, with models compiled for them |
#
# A `g` after the generation, as in `m6g`, means an ARM processor. It is often cheaper, but your image must be built for it.
#
# *Inference Recommender* deploys your model on several types, asks each one more and more, and says what it stood. A `Default` job needs a registered model and an
# example of a request. It takes 45 minutes on AWS, and some seconds here:

# %%
version = load_test.registered(aws)
name = aws.unique("types")
sagemaker.create_inference_recommendations_job(
    JobName=name,
    JobType="Default",
    RoleArn=aws.role,
    InputConfig={
        "ModelPackageVersionArn": version,
        "ContainerConfig": {"SupportedInstanceTypes": ["ml.m5.large", "ml.c5.large"]},
    },
)
print(load_test.table(load_test.wait(aws, name)))

# %% [markdown]
# `max_invocations` are requests a minute that an instance stands. `latency_ms` is what 95 % of the answers keep at this rate. `per_thousand` is
# `CostPerInference` for a thousand: what they cost if the instance gets *as much as it stands, all the time*. Your users do not ask like that. Here are the answers that
# were recorded for more types:

# %%
recommendations = load_test.recorded()
print(load_test.table(recommendations))

# %% [markdown] exercise="m14_2_ex2"
# Write `cheapest(recommendations, need)`. It returns a `dict`: the instance `type`, how many `instances`, and what a thousand requests cost with them,
# `per_thousand`, in US dollars. If nothing suits, it returns `None`. `recommendations` is the list `InferenceRecommendations` of
# `describe_inference_recommendations_job`. An instance may get 80 % of `MaxInvocations`, the requests a minute that it stands. As many instances as the peak
# needs run all the time.
#
# | `need` | what it is |
# |---|---|
# | `peak` | requests in the busiest minute |
# | `mean` | requests a minute, on average over all hours |
# | `p95_ms` | limit of the latency |
# | `least` | fewest instances, so that one may fail |
#
# An example: a type for 0.2 dollars an hour stands 1,000 requests a minute. For a peak of 1,900 it takes 3 instances. With a mean of 500, a thousand requests
# cost 0.02 dollars.
#
# A recommendation may be for a serverless endpoint: it has a `ServerlessConfig`, and no `InstanceType`. Leave it out.


# %% answer="m14_2_ex2"
def cheapest(recommendations: list, need: dict) -> dict | None:
    """The type and the number of instances that cost the least."""
    ### BEGIN SOLUTION
    found = []
    for each in recommendations:
        metrics, instance_type = each["Metrics"], each["EndpointConfiguration"].get("InstanceType")
        if instance_type is None or metrics["ModelLatency"] > need["p95_ms"]:
            continue
        count = max(need["least"], -(-need["peak"] // (metrics["MaxInvocations"] * 0.8)))
        thousand = count * metrics["CostPerHour"] / (need["mean"] * 60) * 1000
        found.append({"type": instance_type, "instances": int(count), "per_thousand": thousand})
    return min(found, key=lambda each: each["per_thousand"], default=None)
    ### END SOLUTION


# %% check="m14_2_ex2"
check("m14_2_ex2", cheapest=cheapest)

# %% [markdown]
# ## What the metrics of an endpoint say
#
# A load test guesses. An endpoint that runs *knows*. CloudWatch has these metrics for each variant, each minute, in the namespace `/aws/sagemaker/Endpoints`:
#
# - `CPUUtilization`: 100 for each vCPU that works. An instance with 4 vCPUs can have 400.
# - `MemoryUtilization`: a percentage of the memory, from 0 to 100.
#
# Here is a recorded week of an endpoint on an `ml.m5.2xlarge`:

# %%
week = endpoints.week(SEED)
show(endpoints.plot(week), "CPU by day, memory nearly constant.")
print(week.describe().loc[["mean", "50%", "max"]].round(1))
print(endpoints.TYPES)

# %% [markdown]
# To change the type, you make another endpoint configuration, and update the endpoint. It answers all the time. Two things are easily lost:
#
# - The new configuration has only what you write into it. What the old one had, such as `DataCaptureConfig`, you must copy.
# - The number of instances comes from the configuration again: auto scaling had made three, and there is one. `RetainAllVariantProperties=True` keeps them.
#
# This endpoint has one instance in its configuration. Auto scaling has made two, and it stores what it is asked:

# %%
scaled = endpoints.scaled(aws, aws.unique("sized"))
described = sagemaker.describe_endpoint(EndpointName=scaled)
variant = described["ProductionVariants"][0]
print(variant["VariantName"], "has", variant["CurrentInstanceCount"], "instances")
config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
print(config["ProductionVariants"])
print(config["DataCaptureConfig"])

# %% [markdown] exercise="m14_2_ex3"
# Write two functions.
#
# - `fitting(usage, now, types)` returns the cheapest type on which no minute uses more than 70 % of the vCPUs, or more than 80 % of the memory. `usage` is a table
#   like `week`, of an endpoint on the type `now`. `types` is a `dict` like `endpoints.TYPES`: `vcpus`, `gigabytes` and `hour`, dollars. If no type fits, it returns `now`.
# - `move(endpoint, instance_type)` moves all variants of an endpoint to this type. It returns nothing, and need not wait. Models, number of instances, weights and data
#   capture stay.
#
# An example: on an `ml.m5.xlarge` with 4 vCPUs and 16 GB, the highest `CPUUtilization` is 130 and the highest `MemoryUtilization` 20. So it
# uses 1.3 vCPUs and 3.2 GB at most. An instance with 2 vCPUs and 4 GB fits.


# %% answer="m14_2_ex3"
def fitting(usage, now: str, types: dict) -> str:
    """The cheapest type that is large enough."""
    ### BEGIN SOLUTION
    cpus = usage["CPUUtilization"].max() / 100 / 0.7
    memory = usage["MemoryUtilization"].max() / 100 * types[now]["gigabytes"] / 0.8
    enough = [name for name, each in types.items() if each["vcpus"] >= cpus and each["gigabytes"] >= memory]
    return min(enough, key=lambda name: types[name]["hour"], default=now)
    ### END SOLUTION


def move(endpoint: str, instance_type: str) -> None:
    """Move an endpoint to another instance type."""
    ### BEGIN SOLUTION
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    old = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    variants = [each | {"InstanceType": instance_type} for each in old["ProductionVariants"]]
    kept = {"DataCaptureConfig": old["DataCaptureConfig"]} if "DataCaptureConfig" in old else {}
    name = aws.unique("moved")
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **kept)
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=name, RetainAllVariantProperties=True)
    ### END SOLUTION


# %% check="m14_2_ex3"
check("m14_2_ex3", fitting=fitting, move=move)

# %% [markdown]
# Which type fits the recorded week? The endpoint `scaled` moves to it:

# %%
try:
    smaller = fitting(week, "ml.m5.2xlarge", endpoints.TYPES)
    move(scaled, smaller)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=scaled)
    moved = sagemaker.describe_endpoint(EndpointName=scaled)["ProductionVariants"][0]
    print(smaller, endpoints.TYPES[smaller], "instances:", moved["CurrentInstanceCount"])
except NotImplementedError:
    print("Exercise 14.2.3 is not solved yet, so nothing moves.")

# %% [markdown]
# A large instance that fits today is no reserve for tomorrow: auto scaling adds instances in minutes. On AWS, *Compute Optimizer* finds endpoints
# that nobody asks, but it sizes only EC2 instances and the like. So these metrics are yours to read. If another type is refused, look at your *service quotas*: each type
# has its own.
#
# ## The year of a company
#
# Now for the whole year. There are five workloads. Each has a limit that its users know:
#
# | workload | today | its limit | could be |
# |---|---|---|---|
# | `website` | an endpoint with much to spare | 95 % of the answers in 100 ms, in all but 80 hours of the year | another `type`; auto scaling from `low` to `high` instances |
# | `scores` | an endpoint that is asked all night | no score is older than `fresh_hours` | a transform job `every_hours`; 0 is the endpoint |
# | `training` | on demand, every 6 hours | the model is no older than `fresh_hours`, but for 1 % of the trainings | less often (`every_hours`); on `spot`, with a checkpoint each `save_minutes`, 0 for none |
# | `airports` | a model for each airport, all in memory | 95 % of the answers in 400 ms | instances `shared` by all models: rare models are loaded when they are asked; 0 is one instance for each model |
# | `helpdesk` | an endpoint | 95 % of the answers in `p95_ms` | another `kind`: serverless, or asynchronous. Both scale to zero |
#
# `given/company.py` replays a year, hour by hour: load, interruptions and prices. How waiting grows with the load, and what scales when, are this course's own rules:

# %%
facts = company.company(SEED)
now = company.replay(facts, company.today(facts))
print(now.round(1))
print(f"{company.dollars(now):,.0f} dollars a year")
for workload, choices in company.options(facts).items():
    print(workload, len(choices), "options, such as", choices[-1])

# %% [markdown]
# A replay takes a part of a plan, too. So you can compare the options of one workload with each other:

# %%
for choice in company.options(facts)["airports"][:6]:
    row = company.replay(facts, {"airports": choice}).loc["airports"]
    kept = "kept" if row.kept else "broken"
    print(choice, f"{row.dollars:8,.0f} dollars", f"{row.measured:6,.0f} ms", kept)

# %% [markdown]
# `company.next_year(facts, growth, seed)` returns the facts of another year: each hour of the website has `growth` times the load, and differs a little if there is
# a seed. A plan that only just keeps a limit in one year can break it in the next.

# %% [markdown] exercise="m14_2_ex4"
# Write `plan(facts)` that returns a plan for the *next* year: a `dict` like `company.today(facts)`, with an option for each workload and the `commitment` of a
# Savings Plan, in dollars an hour.
#
# - `facts` are those of last year. In the next year the website has as much load, or up to a tenth more: nobody knows. Its limit must hold all the same.
# - A Savings Plan has the discount `company.DISCOUNT`. It pays for endpoints, transform jobs and training on demand. `replay(...).attrs["planned"]` are their
#   dollars of each hour at list prices.
# - A workload that breaks its limit costs what it costs today.
#
# Nearly all companies can have half of their bill. For all points, your plan costs at most 5 % more than the best. It may take 30 seconds.


# %% answer="m14_2_ex4"
def plan(facts: dict) -> dict:
    """A plan for the next year."""
    ### BEGIN SOLUTION
    years = [company.next_year(facts, growth, 0) for growth in (1.0, 1.05, 1.1)]
    planned = {}
    for workload, options in company.options(facts).items():
        costs = []
        for option in options:
            tried = [company.replay(year, {workload: option}).loc[workload] for year in years]
            if all(each.kept for each in tried):
                costs.append((tried[0].dollars, len(costs), option))
        planned[workload] = min(costs)[-1]
    eligible = company.replay(years[0], planned).attrs["planned"]
    discount = company.DISCOUNT
    planned["commitment"] = float(sorted(eligible)[int(len(eligible) * discount)]) * (1 - discount)
    return planned
    ### END SOLUTION


# %% check="m14_2_ex4"
check("m14_2_ex4", plan=plan)

# %% [markdown]
# What did each decision save? We change one workload at a time:

# %%
try:
    chosen = plan(facts)
    for workload in company.WORKLOADS:
        one = company.replay(facts, company.today(facts) | {workload: chosen[workload]})
        saved = company.dollars(now) - company.dollars(one)
        print(f"{workload:9} saves {saved:8,.0f} dollars", chosen[workload])
    after = company.dollars(company.replay(facts, chosen), chosen["commitment"])
    print(f"With all of it and the commitment: {after / company.dollars(now):.0%} of the bill")
except NotImplementedError:
    print("Exercise 14.2.4 is not solved yet.")

# %% [markdown]
# What to notice:
#
# - Each workload has its own way to cost less: a smaller or a shared instance, fewer runs, Spot. No single price does it.
# - The commitment comes last: it is for what is left. It also makes the next change harder, because you have promised.
# - Ask what users really need. "Every six hours" was a habit: nobody had asked whether a model may be a day old.
#
# ## In this notebook we have
#
# - seen a job on Spot instances go on after an interruption, and computed how often to save;
# - chosen a type by what a thousand requests cost for *our* load;
# - moved an endpoint to another type without losing what it had;
# - halved a company's bill within its limits.
#
# ## Recall
#
# 1. A Spot job without checkpoints was interrupted. What does AWS do?
# 2. Instances last four times as long as before. How much further apart should checkpoints be?
# 3. A type has the lowest `CostPerInference`. Why may another one be cheaper for you?
# 4. `CPUUtilization` is 150 on an instance with 8 vCPUs. Is it busy?
# 5. After an update your endpoint has one instance instead of three. What was missing?
#
# <details><summary>Answers</summary>
#
# - 1: it waits for another instance, and starts the program from the beginning.
# - 2: twice as far: the best distance grows with the square root.
# - 3: the cost is for an instance that is asked as much as it stands. With little load, a smaller one costs less.
# - 4: no: it uses one and a half of eight vCPUs.
# - 5: `RetainAllVariantProperties`.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.sklearn import SKLearn
#
# estimator = SKLearn(
#     "train.py", source_dir="given", framework_version="1.4-2", role=aws.role,
#     instance_type="ml.m5.large", hyperparameters={"rounds": 300, "save_every": 50},
#     use_spot_instances=True, max_run=600, max_wait=3600,
#     checkpoint_s3_uri=f"{folder}/checkpoints/",
# )
# estimator.fit({"rows": f"{folder}/rows/"})
# ```
#
# `Predictor(endpoint).update_endpoint(initial_instance_count=2, instance_type="ml.m5.large")` moves an endpoint of one model. It takes the number of
# instances from you.
#
# ## Clean up

# %%
endpoints.remove(aws)
load_test.remove(aws)
aws.cleanup()

# %% [markdown]
# ## Next
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
