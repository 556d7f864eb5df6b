# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Read the bill
#
# The bill of the month has come, and it is three times that of the month before. Nobody has done anything special. The team's lead asks four questions. *Who spent
# it? What can go at once? How do we hear of it next time, before the money is gone? And what do we buy for the whole year?*
#
# **By the end you can**
#
# - divide a bill among teams by tags (exercise 14.1.1)
# - find what nobody uses, and close it, and nothing else (exercise 14.1.2)
# - make a budget that warns, and that stops new jobs (exercise 14.1.3)
# - decide how much of a year's load to commit to (exercise 14.1.4)
#
# **Prerequisites**: endpoints and their metrics, in [a real-time endpoint](../m08_realtime/m08_1_realtime.ipynb); policies, in
# [who may do what](../m13_security/m13_1_who_may_do_what.ipynb).
#
# **Time**: two hours, with a break before "Hear of the next one".
#
# **Services**: Cost Explorer, Price List, Budgets, SNS, CloudWatch, SageMaker, Secrets Manager, VPC, S3.
#
# **Cost**: \$0 here. On AWS this notebook does not help you yet: a bill comes about a day later, and tags count from the next day.
#
# ## Set up

# %%
import json

from given import account, bill

from course import check, connect, hint, judge
from course.plots import show

aws = connect("m14_1")
ce, sagemaker, s3 = aws.client("ce"), aws.client("sagemaker"), aws.client("s3")
print(aws)

# %% [markdown]
# `SEED` draws the account that we tidy up, and the load of a year.

# %% tags=["parameters"]
SEED = 14

# %% [markdown]
# ## What one thing costs
#
# AWS has a price for each *usage type* in each region. The *Price List* has them all. You ask with filters:

# %%
prices = bill.prices(aws, instanceName="ml.m5.large")
for usage_type, (price, unit) in prices.items():
    print(usage_type, price, "dollars for", unit)

# %% [markdown]
# An hour costs the same in a job and in an endpoint. The difference is how many hours there are. A training job is billed from its start to its end, in seconds. An
# *endpoint is billed from its creation to its deletion*, even if nobody calls it:

# %%
hour = prices["USE1-Host:ml.m5.large"][0]
print(f"a job of 3 minutes each day: {30 * 3 / 60 * hour:6.2f} dollars a month")
print(f"an endpoint:                 {30 * 24 * hour:6.2f} dollars a month")

# %% [markdown]
# So look for what *lasts*: endpoints, notebooks, stored data, *warm pools* (instances that a job keeps for the next one) and *NAT gateways* (by which private
# networks reach the internet). Jobs end by themselves.
#
# ## Who spent it
#
# *Cost Explorer* has the lines of the bill. You ask for a time, a granularity and metrics, and group by at most two things: dimensions, such as `SERVICE` and
# `USAGE_TYPE`, or tags. Here is the month so far, which includes all that you did on this local AWS:

# %%
month = bill.this_month(aws)
by = [{"Type": "DIMENSION", "Key": "SERVICE"}]
asked = {"TimePeriod": month, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
    for group in each["Groups"]:
        cost = group["Metrics"]["UnblendedCost"]["Amount"]
        print(each["TimePeriod"]["Start"], *group["Keys"], cost)

# %% [markdown]
# What to notice:
#
# - `End` is exclusive: that day does not count. Amounts are texts.
# - A grouped answer has `Groups` in each element of `ResultsByTime`. A time over two months has two elements, as the next cell shows.
# - Each request to Cost Explorer costs {fact:cost-explorer-request-cents} cent. You will see it in the next answer. So ask once, and keep the answer.
#
# Teams share this account. Their resources have a *tag* `team`, most of them. A tag does not count in the bill until it is activated as a *cost allocation
# tag*. Then it counts for usage from that time on. We make some KMS keys (a dollar a month each) for two teams, and one without a tag. We activate the tag, and let
# five weeks pass, which takes a moment on the local AWS. The second team comes later:

# %%
bill.pass_days(aws, 1)
bill.keys_of_teams(aws, {"delays": 3, None: 1})
bill.activate(aws, "team")
bill.pass_days(aws, 20)
bill.keys_of_teams(aws, {"fares": 1})
bill.pass_days(aws, 15)
by = [{"Type": "TAG", "Key": "team"}, {"Type": "DIMENSION", "Key": "SERVICE"}]
asked["TimePeriod"] = {"Start": month["Start"], "End": bill.this_month(aws)["End"]}
for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
    for group in each["Groups"]:
        cost = group["Metrics"]["UnblendedCost"]["Amount"]
        print(each["TimePeriod"]["Start"], group["Keys"], cost)

# %% [markdown]
# The key of a group is `team$delays`. The key `team$` is for all costs without the tag. These are usage from before the tag was active, requests, and what
# somebody forgot to tag. Somebody must pay for them, too. A fair rule: each team pays a part of them in proportion to what it spent itself.

# %% [markdown] exercise="m14_1_ex1"
# Write `by_team(start, end)`. It returns what each team pays for a time, a `dict` from team to US dollars (`float`). `start` and `end` are texts such as
# `"2026-03-01"`.
#
# | costs | are paid by |
# |---|---|
# | with a value of the tag `team` | this team |
# | without the tag, or with an empty value | all teams, in proportion to their own costs of this time |
#
# The time can touch several months. Add them up first, and divide then. If no team has costs, return `{}`.
#
# An example: team `a` has costs of 2 dollars in June and 1 in July, team `b` has 1 dollar in July. 8 dollars in June have no tag. Then `a` pays 9, and `b` pays 3.
#
# Long answers of Cost Explorer come in pages. Ours are short.


# %% answer="m14_1_ex1"
def by_team(start: str, end: str) -> dict:
    """What each team pays, in US dollars."""
    ### BEGIN SOLUTION
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": "team"}]
    asked = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
    own = {}
    for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
        for group in each["Groups"]:
            team = group["Keys"][0].partition("$")[2]
            own[team] = own.get(team, 0.0) + float(group["Metrics"]["UnblendedCost"]["Amount"])
    shared = own.pop("", 0.0)
    total = sum(own.values())
    return {team: cost + shared * cost / total for team, cost in own.items() if total}
    ### END SOLUTION


# %% check="m14_1_ex1"
check("m14_1_ex1", by_team=by_team)

# %% [markdown]
# ## What nobody uses
#
# The second team's part of the account is a mess: people have left, and names say nothing. All its names begin with one prefix. We build it, which can take a
# minute:

# %%
prefix = aws.unique("fares")
account.build(aws, prefix, SEED)
print(account.listed(aws, prefix))

# %% [markdown]
# Each kind of thing shows in another place whether it is used:
#
# | what | costs | nobody uses it if | end it by |
# |---|---|---|---|
# | endpoint | each hour of each instance | no variant of it was ever asked: the metric `Invocations` has no data | `delete_endpoint` |
# | warm pool of a training job | each hour, as long as it is kept | the job's `WarmPoolStatus` has the `Status` `Available` | `update_training_job` with `KeepAlivePeriodInSeconds` 0 in `ResourceConfig` |
# | NAT gateway | each hour, and each gigabyte | no route leads to it | `delete_nat_gateway` |
# | secret | 40 cents a month | it has no `LastAccessedDate` | `delete_secret`; `RecoveryWindowInDays` is the time to change your mind |
# | unfinished upload | the storage of its parts | nobody goes on with it; here that is all of them | `abort_multipart_upload` |
#
# The metric is in the namespace `AWS/SageMaker`, with the dimensions `EndpointName` and `VariantName`. So you ask for each variant:

# %%
first = sagemaker.list_endpoints(NameContains=prefix)["Endpoints"][0]
found = sagemaker.describe_endpoint(EndpointName=first["EndpointName"])
for variant in found["ProductionVariants"]:
    name = variant["VariantName"]
    print(first["EndpointName"], name, account.invocations(aws, found, name))

# %% [markdown]
# These are given. `account.invocations` adds up the metric from the endpoint's creation on. `account.routes_to(aws, gateway)` returns the route tables that have a
# route to a NAT gateway. `account.endpoints`, `training_jobs`, `gateways`, `secrets` and `uploads` list what there is: open `given/account.py`.
#
# :::{warning}
# An *S3 object*, a *KMS key* or a *log group* may be needed although nobody has asked for it for a year. What cannot be brought back, do not delete by a metric.
# Move it to a colder storage class, disable it, or ask its owner.
# :::

# %% [markdown] exercise="m14_1_ex2"
# Write `tidy(prefix, bucket)` that ends all in the table that nobody uses.
#
# - Endpoints, training jobs and secrets are those whose names *begin* with `prefix`. Others' names may contain it in another place.
# - NAT gateways are those with the tag `Name` equal to `prefix`, and the state `available`.
# - Unfinished uploads are those in `bucket`, whose keys begin with `folder(prefix)`, which is given.
# - A secret must be recoverable for 30 days.
#
# What is used must go on as before. A second run must change nothing.


# %% answer="m14_1_ex2"
folder = account.folder


def tidy(prefix: str, bucket: str) -> None:
    """End what nobody uses."""
    ### BEGIN SOLUTION
    secrets, ec2, released = aws.client("secretsmanager"), aws.client("ec2"), {"KeepAlivePeriodInSeconds": 0}
    for name in [each for each in account.endpoints(aws, prefix) if each.startswith(prefix)]:
        described = sagemaker.describe_endpoint(EndpointName=name)
        variants = [each["VariantName"] for each in described["ProductionVariants"]]
        if not any(account.invocations(aws, described, each) for each in variants):
            sagemaker.delete_endpoint(EndpointName=name)
    for name in [each for each in account.training_jobs(aws, prefix) if each.startswith(prefix)]:
        pool = sagemaker.describe_training_job(TrainingJobName=name).get("WarmPoolStatus", {})
        if pool.get("Status") == "Available":
            sagemaker.update_training_job(TrainingJobName=name, ResourceConfig=released)
    for gateway in account.gateways(aws, prefix):
        if not account.routes_to(aws, gateway):
            ec2.delete_nat_gateway(NatGatewayId=gateway)
    for secret in account.secrets(aws, prefix):
        if "LastAccessedDate" not in secret:
            secrets.delete_secret(SecretId=secret["ARN"], RecoveryWindowInDays=30)
    for each in account.uploads(aws, bucket, folder(prefix)):
        s3.abort_multipart_upload(Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])
    ### END SOLUTION


# %% check="m14_1_ex2"
check("m14_1_ex2", tidy=tidy)

# %% [markdown]
# Now we tidy up the account that we have built, and compare what its endpoints and secrets cost a day:

# %%
before = bill.a_day(aws, prefix)
try:
    tidy(prefix, aws.bucket)
except NotImplementedError:
    print("Exercise 14.1.2 is not solved yet, so nothing is tidied up.")
print(before, "before,", bill.a_day(aws, prefix), "after")
print(account.listed(aws, prefix))

# %% [markdown]
# What is left is used. The training jobs are still listed, because jobs are never removed: only their pools have ended.
#
# ## Hear of the next one
#
# Cost Explorer shows what was spent. *Budgets* tells you by itself. A budget has a limit, a filter, and *notifications*: at a percentage of the limit, of the
# *actual* costs or of the *forecast* until the end of the month. AWS evaluates budgets about three times a day.
#
# A notification can go to an e-mail address or to an SNS topic. The policy of the topic must allow the service `budgets.amazonaws.com` to publish. Otherwise AWS
# sends nothing, and nobody hears of that either. An *action* does something: it attaches a policy to a role, for instance one that refuses new jobs. For
# this, Budgets assumes a role of its own. Here is a budget that counts all costs, with its message:

# %%
topic, inbox = bill.topic(aws, "bills")
everything = {"BudgetName": aws.unique("all"), "BudgetType": "COST", "TimeUnit": "MONTHLY"}
everything["BudgetLimit"] = {"Amount": "0.01", "Unit": "USD"}
alert = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 50}
who = [{"SubscriptionType": "SNS", "Address": topic}]
aws.client("budgets").create_budget(
    AccountId=aws.account,
    Budget=everything,
    NotificationsWithSubscribers=[{"Notification": alert, "Subscribers": who}],
)
publishing = {"Effect": "Allow", "Principal": {"Service": "budgets.amazonaws.com"}}
publishing |= {"Action": "sns:Publish", "Resource": topic}
bill.set_statements(aws, topic, [*bill.statements_of(aws, topic), publishing])
bill.pass_days(aws, 1)
print(bill.message(aws, inbox))

# %% [markdown]
# The limit was 1 cent, so the message came on the same day. (It shows half of the limit, rounded to cents.) A topic has one policy: `statements_of` returns what is in it, and `set_statements` replaces all of it.
#
# Which policy should an action attach? One that refuses what makes new costs, and lets people end what runs:

# %%
stop, refusing = bill.stop_policy(aws)
print(stop, json.dumps(refusing, indent=1), sep="\n")

# %% [markdown] exercise="m14_1_ex3"
# Write `guard(plan)` that makes a budget for a team. `plan` has the texts `name`, `team`, `topic` (ARN), `policy` (ARN of a managed policy), `role` (the name
# of the team's role), `acting` (ARN of the role that Budgets assumes), and the number `limit` in dollars.
#
# | part | is |
# |---|---|
# | the budget | named `name`, `limit` dollars a month, of the costs whose tag `team` has the value `team` |
# | notifications to `topic` | when the actual costs are above 80 % of the limit; when the forecast is above 100 % |
# | the topic's policy | also lets Budgets publish, for this account's budgets only: the condition key `aws:SourceAccount` is `aws.account`. What it allowed before stays |
# | an action, without approval | when the actual costs are above 100 %: attach `policy` to `role` |
#
# In the budget, `FilterExpression` is `{"Tags": {"Key": ..., "Values": [...]}}`, and beside it stands `"Metrics": ["UnblendedCost"]`. `create_budget_action`
# makes an action; its type is `APPLY_IAM_POLICY`. It needs a subscriber, too: take the topic.


# %% answer="m14_1_ex3"
def guard(plan: dict) -> None:
    """Make a budget that warns a team, and stops new jobs."""
    ### BEGIN SOLUTION
    named, topic = {"AccountId": aws.account}, [{"SubscriptionType": "SNS", "Address": plan["topic"]}]
    budget = {"BudgetName": plan["name"], "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    budget["BudgetLimit"] = {"Amount": str(plan["limit"]), "Unit": "USD"}
    budget["FilterExpression"] = {"Tags": {"Key": "team", "Values": [plan["team"]]}}
    above, budget["Metrics"] = {"ComparisonOperator": "GREATER_THAN"}, ["UnblendedCost"]
    limits = {"ACTUAL": 80, "FORECASTED": 100}
    alerts = [above | {"NotificationType": kind, "Threshold": at} for kind, at in limits.items()]
    sent = [{"Notification": each, "Subscribers": topic} for each in alerts]
    budgets = aws.client("budgets")
    budgets.create_budget(**named, Budget=budget, NotificationsWithSubscribers=sent)
    action = {"NotificationType": "ACTUAL", "ActionType": "APPLY_IAM_POLICY", "ApprovalModel": "AUTOMATIC"}
    action["ActionThreshold"] = {"ActionThresholdValue": 100, "ActionThresholdType": "PERCENTAGE"}
    attached = {"PolicyArn": plan["policy"], "Roles": [plan["role"]]}
    action |= {"Definition": {"IamActionDefinition": attached}, "ExecutionRoleArn": plan["acting"]}
    budgets.create_budget_action(**named, BudgetName=plan["name"], **action, Subscribers=topic)
    allowed = {"Effect": "Allow", "Principal": {"Service": "budgets.amazonaws.com"}}
    allowed |= {"Action": "sns:Publish", "Resource": plan["topic"]}
    allowed["Condition"] = {"StringEquals": {"aws:SourceAccount": aws.account}}
    bill.set_statements(aws, plan["topic"], [*bill.statements_of(aws, plan["topic"]), allowed])
    ### END SOLUTION


# %% check="m14_1_ex3"
check("m14_1_ex3", guard=guard)

# %% [markdown]
# A budget does not stop what already runs: an action only attaches a policy. And it looks three times a day, so a large job can spend much in between. For that there
# are *service quotas*, such as the number of instances of a type: they refuse at once.
#
# ## What the year will cost
#
# `GetCostForecast` goes on with what was spent in the last weeks. It needs some days of history:

# %%
days = bill.next_days(aws, 30)
try:
    forecast = ce.get_cost_forecast(TimePeriod=days, Metric="UNBLENDED_COST", Granularity="MONTHLY")
    print(forecast["Total"]["Amount"][:8], "dollars in the next 30 days")
except ce.exceptions.DataUnavailableException as error:
    print(error)

# %% [markdown]
# Compare it with what the endpoints cost a day: a forecast knows only the past, and in most of these weeks they did not exist.
#
# There are three ways to pay for an instance:
#
# | way | price | risk |
# |---|---|---|
# | *on demand* | the list price, by the second | none |
# | *Savings Plan* | less, for a promised amount an hour, for one or three years | you pay the promise also in hours without load |
# | *Spot* | least | AWS may take the instance away: the next notebook |
#
# A *SageMaker Savings Plan* is a *commitment* in dollars an hour. In each hour it pays for usage at the plan's prices. What is above is on demand. What is not used
# of it is lost. It holds for the instances of jobs and endpoints of any type and region. It does not hold for Spot, storage, data and requests. Here is the load of a year in
# dollars an hour at list prices:

# %%
load = bill.year(SEED)
print(load.describe().loc[["mean", "min", "50%", "max"]].round(2))
words = "Dollars an hour by kind: hosting follows the day, training comes at night."
show(bill.plot(load), words)

# %% [markdown] exercise="m14_1_ex4"
# Write `commitment(load, discount)` that returns the commitment with the least cost of the year, in dollars an hour. `load` is a table like the one above: one row
# for each hour, with the columns `hosting`, `training`, `spot` and `storage`. `discount` is between 0 and 1, such as 0.3.
#
# With a discount of 0.3, one dollar of commitment pays for 1 / 0.7 = 1.43 dollars at list prices. An example: 10 dollars of `hosting` in each of four hours, and
# nothing else. The best commitment is 7.
#
# The year's cost with your commitment may be at most 0.1 % above the least.


# %% answer="m14_1_ex4"
def commitment(load, discount: float) -> float:
    """The best commitment, in dollars an hour."""
    ### BEGIN SOLUTION
    eligible = load["hosting"] + load["training"]
    return float(eligible.quantile(discount)) * (1 - discount)
    ### END SOLUTION


# %% check="m14_1_ex4"
check("m14_1_ex4", commitment=commitment)

# %% [markdown]
# How good is it? We compare it with three simple ideas:

# %%
eligible = load["hosting"] + load["training"]
rivals = {"nothing": 0.0, "the mean": eligible.mean() * 0.7, "the maximum": eligible.max() * 0.7}
try:
    rivals["yours"] = commitment(load, 0.3)
except NotImplementedError:
    print("Exercise 14.1.4 is not solved yet.")
for name, each in rivals.items():
    print(f"{name:12} {bill.year_cost(load, each, 0.3):10,.0f} dollars a year")

# %% [markdown]
# What to notice:
#
# - The best commitment is below the mean. With a discount of 30 %, a dollar of load that is promised and not used loses 70 cents. A dollar of load on demand
#   loses only the discount, 30 cents. With discounts above 50 % it is the other way round.
# - First tidy up and make things smaller, and *then* commit. A promise for waste is waste for a year.
# - On AWS *Compute Optimizer* and *Trusted Advisor* also look for idle and oversized resources. Cost Explorer recommends commitments from your last 7 to 60 days. The
#   local AWS has none of the three.
#
# ## In this notebook we have
#
# - read prices and the bill, and divided it among teams;
# - closed five kinds of leaks without breaking what is used;
# - made a budget that warns early, and that stops new jobs;
# - forecast a month, and decided on a commitment for a year.
#
# ## Recall
#
# 1. An endpoint was not asked for a month. What does it cost?
# 2. You activate the tag `team` today. What does the bill of last month say by team?
# 3. A budget is in alarm, and nobody got the message. Where do you look first?
# 4. A budget's action has attached its policy. Does the endpoint that spent the money still run?
# 5. Why is the best commitment not the mean of the load?
#
# <details><summary>Answers</summary>
#
# - 1: as much as one that was asked all the time: each hour of each instance.
# - 2: nothing: a tag counts from its activation on.
# - 3: at the policy of the topic: it must allow `budgets.amazonaws.com`.
# - 4: yes: the policy refuses new things, and ends nothing.
# - 5: with a discount of 30 %, load that is promised and not used loses 70 cents a dollar, and load on demand only 30 cents.
#
# </details>
#
# ## Clean up

# %%
account.remove(aws)
bill.remove(aws, everything["BudgetName"])
aws.cleanup()

# %% [markdown]
# ## Next
#
# What is left is used. [The same answer for less](m14_2_the_same_for_less.ipynb) makes it cost half.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
