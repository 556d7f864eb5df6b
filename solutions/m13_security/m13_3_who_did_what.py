# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Who did what
#
# On Monday a colleague deleted the model that a roll-back needed. On Tuesday an access key of the team was found in a public notebook. Now people ask us four
# questions. The team's lead asks: *who was it?* The data protection officer asks: *what did the key reach?* The engineer on call asks: *how do I hear of the next one
# at once?* And everybody asks: *how did the key get out?*
#
# **By the end you can**
#
# - find the person behind a session, by the event history (exercise 13.3.1)
# - list what a leaked key and its sessions reached, by a trail (exercise 13.3.2)
# - write a rule that tells you of the next incident, and of nothing else (exercise 13.3.3)
# - take a key out of a job, and let only this job's role read it (exercise 13.3.4)
#
# **Prerequisites**: roles, sessions and policies, in [who may do what](m13_1_who_may_do_what.ipynb).
#
# **Time**: 70 minutes.
#
# **Services**: CloudTrail, S3, Athena, EventBridge, SQS, Config, Secrets Manager, IAM, STS, SageMaker.
#
# **Cost**: \$0 here. On AWS less than 10 cents: data events and Config cost a little. There you need the rights to make users, roles and trails.
#
# **AWS's facts**: the event history goes back {fact:cloudtrail-history-days} days, in one region, and has management events only. An event comes about
# {fact:cloudtrail-minutes} minutes after its call, sometimes 15. Data events cost money. **This course's own rules** are the forms of the answers, and the two
# rows of exercise 13.3.3.
#
# ## Set up

# %%
import gzip
import json

from given import access, incident
from given.athena_query import query

from course import check, connect, hint, judge

aws = connect("m13_3")
sagemaker, s3 = aws.client("sagemaker"), aws.client("s3")
cloudtrail, events = aws.client("cloudtrail"), aws.client("events")
print(aws)

# %% [markdown]
# `OBJECTS` is how many files the thief reads.

# %% tags=["parameters"]
OBJECTS = 4

# %% [markdown]
# ## From a session to a person
#
# We play Monday. Dana is a user. She assumes the role of the team, and deletes a model. She gives the session the name of a colleague:

# %%
deleting = {"Effect": "Allow", "Action": ["sagemaker:DeleteModel", "s3:*"], "Resource": "*"}
team = access.role(aws, "team", access.document(deleting))
dana = incident.user(aws, "dana", "sts:AssumeRole", "s3:GetObject")


def model(**options) -> str:
    name, container = aws.unique("late-flights"), {"Image": aws.image("xgboost", "3.0-5")}
    named = {"ModelName": name, "ExecutionRoleArn": aws.role}
    sagemaker.create_model(**named, PrimaryContainer=container, **options)
    return name


lost = model()
session = access.session(dana, team, RoleSessionName="marco")
print(access.answer(session.client("sagemaker").delete_model, ModelName=lost))

# %% [markdown]
# *CloudTrail* writes a *record* of each call. `LookupEvents` finds records by one attribute, newest first, at most 50 at a time. A *paginator* asks again until it
# has all:


# %%
def records(key: str, value: str) -> list[dict]:
    asked = [{"AttributeKey": key, "AttributeValue": value}]
    pages = cloudtrail.get_paginator("lookup_events").paginate(LookupAttributes=asked)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


for record in records("ResourceName", lost):
    who = record["userIdentity"]
    print(record["eventTime"], record["eventName"], record.get("errorCode"))
    print(json.dumps(who, indent=1))

# %% [markdown]
# What to notice in `userIdentity`:
#
# - `arn` ends with `marco`. That is the name of the session, and the caller chose it. It proves nothing.
# - `sessionContext.sessionIssuer.arn` is the role.
# - `accessKeyId` is the temporary key of this one session. It begins with `ASIA`; a user's long-term key begins with `AKIA`.
#
# So who got this temporary key? The answer of `AssumeRole` is in its record, without the secrets:

# %%
for record in records("ResourceName", who["accessKeyId"]):
    made = record["responseElements"]["credentials"]["accessKeyId"]
    print(record["eventName"], "made", made, "for", record["userIdentity"]["arn"])

# %% [markdown]
# It was Dana. A session can also assume a role. Then the caller of `AssumeRole` is a session again, and we ask once more. AWS calls this *role chaining*.
#
# A call that failed has a record, too. It has an `errorCode`, and `responseElements` is null. `requestParameters` can also be null then.

# %% [markdown] exercise="m13_3_ex1"
# Write `deleted_by(model)`. It finds the last deletion of a model that succeeded, and returns a `dict`:
#
# | key | value |
# |---|---|
# | `person` | the ARN of the user at the start of the chain |
# | `role` | the ARN of the role that deleted the model; `None` if the user did it without a role |
# | `access_key` | the id of this user's long-term key that was used |
# | `event` | the `eventID` of the deletion |
#
# The chain may have several roles. Calls may have failed. A model may have been deleted, made again, and deleted. More than 50 events may have come since. You
# may use `records`.
#
# The check lets other people delete models in the account, and asks you about each model.


# %% answer="m13_3_ex1"
def deleted_by(model: str) -> dict:
    """Who deleted a model, as which role, with which access key."""
    ### BEGIN SOLUTION
    found = [each for each in records("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = next(each for each in found if "errorCode" not in each)
    identity = deletion["userIdentity"]
    role = identity["sessionContext"]["sessionIssuer"]["arn"] if identity["type"] == "AssumedRole" else None
    while identity["type"] == "AssumedRole":
        opened = records("ResourceName", identity["accessKeyId"])
        identity = next(each for each in opened if each["eventName"] == "AssumeRole")["userIdentity"]
    return {"person": identity["arn"], "role": role, "access_key": identity["accessKeyId"], "event": deletion["eventID"]}
    ### END SOLUTION


# %% check="m13_3_ex1"
check("m13_3_ex1", deleted_by=deleted_by)

# %% [markdown]
# ## What a key was used for
#
# Dana's access key was in the public notebook. To read an object is a *data event*: the event history does not have it. A *trail* writes records to a bucket, where
# you keep them as long as you want. It has data events if you ask for them by a *selector*. We ask for those of our objects:

# %%
logs, trail = incident.log_bucket(aws), aws.unique("all-calls")
cloudtrail.create_trail(Name=trail, S3BucketName=logs, IsMultiRegionTrail=True)
objects = {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{aws.bucket}/{aws.prefix}/"]}
selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [objects]}
cloudtrail.put_event_selectors(TrailName=trail, EventSelectors=[selector])
cloudtrail.start_logging(Name=trail)
print(cloudtrail.get_trail_status(Name=trail)["IsLogging"])

# %% [markdown]
# A trail shows nothing from before it was made. So make it before you need it.
#
# Now the thief comes, with Dana's key. He reads two files, and assumes the role of the team. As this role he reads others. Then he tries to delete one:

# %%
names = [f"{aws.prefix}/passengers/{number}.csv" for number in range(OBJECTS)]
for name in names:
    s3.put_object(Bucket=aws.bucket, Key=name, Body=b"name,seat\n")
key, opened = dana.client("s3"), access.session(dana, team, RoleSessionName="nightly").client("s3")
for name in names[:2]:
    print(access.answer(key.get_object, Bucket=aws.bucket, Key=name))
for name in names[2:]:
    print(access.answer(opened.get_object, Bucket=aws.bucket, Key=name))
for client in (key, opened):
    print(access.answer(client.delete_object, Bucket=aws.bucket, Key=names[-1])[:60])

# %% [markdown]
# A trail writes its *log files* every few minutes. The local AWS has a clock that we can move on:

# %%
if aws.local:
    aws.local.advance(6 * 60)
place = f"s3://{logs}/AWSLogs/{aws.account}/CloudTrail/"
folder = place.removeprefix(f"s3://{logs}/")
for file in s3.list_objects_v2(Bucket=logs, Prefix=folder).get("Contents", []):
    text = gzip.decompress(s3.get_object(Bucket=logs, Key=file["Key"])["Body"].read())
    print(file["Key"].removeprefix(folder), len(json.loads(text)["Records"]), "records")

# %% [markdown]
# Each file is JSON, compressed by gzip. Records are in no order, and one may come twice. You can read the files in Python, or ask *Athena*. `incident.table`
# makes a table over a trail's files, with the columns of AWS's own table:

# %%
table = incident.table(aws, place)
sql = f"""SELECT useridentity.accesskeyid AS key, eventname, errorcode, resource.arn
FROM {table} CROSS JOIN UNNEST(resources) AS t(resource)
WHERE eventsource = 's3.amazonaws.com' AND resource.type = 'AWS::S3::Object'
AND eventname LIKE '%Object' AND useridentity.arn LIKE '%/{team}/%'"""
print(query(aws, sql).to_string(index=False))

# %% [markdown]
# What to notice:
#
# - The element `resources` has the ARN of the object. `requestParameters` has its `key`.
# - The query asks for a *role*. It shows every session of this role, also those of honest people.
# - To follow the leaked key we need the records of `AssumeRole`. In the table, `requestparameters` and `responseelements` are text with JSON:
#   `json_extract_scalar(responseelements, '$.credentials.accessKeyId')`.

# %% [markdown] exercise="m13_3_ex2"
# Write `reached(place, access_key)`. `place` is the folder of a trail's log files, such as `"s3://logs/AWSLogs/123456789012/CloudTrail/"`. It returns the list of
# all pairs `[event name, object ARN]` that the leaked key reached, such as `["GetObject", "arn:aws:s3:::lake/flights/7.csv"]`. Each pair is there once.
#
# | counts | does not count |
# |---|---|
# | calls with `access_key` | calls with another key of the same user |
# | calls of sessions that it opened | other sessions of the same role |
# | calls of sessions that these opened, and so on | calls that failed |
# | `GetObject`, `HeadObject`, `PutObject`, `DeleteObject` | `ListObjects`: it lists a bucket |
#
# Use Python or Athena. The check writes files with records of AWS's form, and hands you their place.


# %% answer="m13_3_ex2"
def reached(place: str, access_key: str) -> list:
    """The pairs of event and object that a key and its sessions reached."""
    ### BEGIN SOLUTION
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    done = []
    for file in (each for page in pages for each in page.get("Contents", [])):
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=file["Key"])["Body"].read())
        done += [each for each in json.loads(text)["Records"] if "errorCode" not in each]
    keys, new = set(), {access_key}
    while new:
        keys |= new
        mine = [each for each in done if each["userIdentity"].get("accessKeyId") in keys]
        opened = [each["responseElements"]["credentials"] for each in mine if each["eventName"] == "AssumeRole"]
        new = {each["accessKeyId"] for each in opened} - keys
    touched = [each for each in mine if "key" in (each["requestParameters"] or {})]
    pairs = {(each["eventName"], each["resources"][0]["ARN"]) for each in touched}
    return [list(pair) for pair in pairs]
    ### END SOLUTION


# %% check="m13_3_ex2"
check("m13_3_ex2", reached=reached)

# %% [markdown]
# ## How it is now
#
# CloudTrail says who did what. *Config* says how things are now. A *managed rule* of Config checks resources, and calls each compliant or not. It needs a
# *recorder*, which notes the settings of resources:

# %%
incident.recorder(aws, logs)
model()
rules = {aws.unique("trail-on"): "CLOUD_TRAIL_ENABLED"}
rules[aws.unique("isolated")] = "SAGEMAKER_MODEL_ISOLATION_ENABLED"
for name, identifier in rules.items():
    source = {"Owner": "AWS", "SourceIdentifier": identifier}
    aws.client("config").put_config_rule(ConfigRule={"ConfigRuleName": name, "Source": source})
for name, found in incident.findings(aws, list(rules)).items():
    print(rules[name], found)

# %% [markdown]
# The account has a trail that is on. Our model may use the network, because nobody set `EnableNetworkIsolation`. Config says what is wrong. Who made it so is in
# CloudTrail, in the record of `CreateModel`.
#
# ## Hear of the next one
#
# *EventBridge* gets the record of each call that changes something, if a trail is on. A *rule* has an *event pattern*, and sends the events that match to a
# *target*. Ours is a queue of the engineer on call:

# %%
source = {"source": ["aws.sagemaker"], "detail-type": ["AWS API Call via CloudTrail"]}
pattern = source | {"detail": {"eventName": ["DeleteModel"]}}
rule = aws.unique("hear")
events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
queue = incident.inbox(aws, rule)
for client in (session.client("sagemaker"), dana.client("sagemaker")):
    access.answer(client.delete_model, ModelName=model())
for record in incident.received(aws, queue, 2):
    print(record["eventName"], record["userIdentity"]["type"], record.get("errorCode"))

# %% [markdown]
# The rule also hears of calls that were refused. (On AWS the events come some seconds later.) The record is in `detail`. A pattern has a list for each field. One
# entry of the list must match, and all fields must match:
#
# | in the list of a field | matches |
# |---|---|
# | `"text"` | this value |
# | `{"anything-but": "text"}` | any other value, if the field is there |
# | `{"exists": False}` | a field that is not there |
# | `{"prefix": "text"}` | a value that begins so |
#
# `"$or": [{...}, {...}]` takes the place of a field: one of these patterns must match. `test_event_pattern` tries a pattern without a rule.

# %% [markdown] exercise="m13_3_ex3"
# Write `alarm_pattern(deploy_role)`, which returns an event pattern, a `dict`. `deploy_role` is the ARN of the role that may delete models. It matches the events
# of this table, and no others:
#
# | service | calls | by | which |
# |---|---|---|---|
# | SageMaker | `DeleteModel`, `DeleteEndpoint` | anybody but the deploy role: other roles, users, root | succeeded |
# | CloudTrail | `StopLogging`, `DeleteTrail`, `UpdateTrail`, `PutEventSelectors` | anybody, the deploy role, too | succeeded or refused |
#
# Other services have a `DeleteModel`, too. A program may send an event with the same `detail`, but its `source` cannot begin with `aws.`. The check tests your
# pattern on new events.


# %% answer="m13_3_ex3"
def alarm_pattern(deploy_role: str) -> dict:
    """A pattern of events that somebody should hear of."""
    ### BEGIN SOLUTION
    other = [{"anything-but": deploy_role}, {"exists": False}]
    deletion = {
        "eventSource": ["sagemaker.amazonaws.com"],
        "eventName": ["DeleteModel", "DeleteEndpoint"],
        "errorCode": [{"exists": False}],
        "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": other}}},
    }
    weaker = {
        "eventSource": ["cloudtrail.amazonaws.com"],
        "eventName": ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"],
    }
    return {
        "source": ["aws.sagemaker", "aws.cloudtrail"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"$or": [deletion, weaker]},
    }
    ### END SOLUTION


# %% check="m13_3_ex3"
check("m13_3_ex3", alarm_pattern=alarm_pattern)

# %% [markdown]
# Somebody who may stop the trail can hide. Give this right to few people. Let the trail write to a bucket of another account, where they cannot change its files.
#
# ## How the key got out
#
# No program had the key. Dana had set it as an environment variable of a Processing job. `DescribeProcessingJob` shows the environment, and a colleague printed
# a description in the public notebook. *Secrets Manager* keeps such a key, and a job gets only the name of the *secret*. The job's role needs the right to read
# it:

# %%
secrets, name = aws.client("secretsmanager"), aws.unique("weather")
secret = secrets.create_secret(Name=name, SecretString="first key")["ARN"]
reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
role = access.role(aws, "reader", access.document(reading))
reader = access.session(aws, role).client("secretsmanager")
print(secret, reader.get_secret_value(SecretId=name)["SecretString"], sep="\n")
secrets.put_secret_value(SecretId=name, SecretString="second key")
print(reader.get_secret_value(SecretId=name)["SecretString"])
print(access.answer(reader.delete_secret, SecretId=name))

# %% [markdown]
# What to notice:
#
# - The ARN ends with a hyphen and six characters that AWS chooses. A policy with the name alone matches nothing. With `-*` it also matches secrets whose names
#   begin like this one.
# - The secret got a new value, and nothing else had to change. That is what you do first after a leak.

# %% [markdown] exercise="m13_3_ex4"
# Write `hide(request)`. `request` is one of `CreateProcessingJob`, with the key of a weather service in `Environment["WEATHER_KEY"]`. The function returns a
# request for the same job:
#
# | what | after `hide` |
# |---|---|
# | the key | is the whole value of a new secret, and nowhere in the request |
# | `Environment["WEATHER_SECRET"]` | has the name of the secret. The job's program reads its key there |
# | the job's role, `RoleArn` | may read this secret, and do nothing else in Secrets Manager. What it could do before, it still can |
#
# Some requests have the key once more, in one of the `ContainerArguments`. The program needs its other arguments, but not this one.
#
# The check runs the jobs of two teams, with different keys.


# %% answer="m13_3_ex4"
def hide(request: dict) -> dict:
    """A request for the same job, whose key is in Secrets Manager."""
    ### BEGIN SOLUTION
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), f"{request['ProcessingJobName']}-key"
    arn = secrets.create_secret(Name=name, SecretString=key)["ARN"]
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    role = request["RoleArn"].rpartition("/")[2]
    policy = {"PolicyName": "weather-key", "PolicyDocument": access.document(reading)}
    aws.client("iam").put_role_policy(RoleName=role, **policy)
    program["ContainerArguments"] = [each for each in program["ContainerArguments"] if key not in each]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program}
    ### END SOLUTION


# %% check="m13_3_ex4"
check("m13_3_ex4", hide=hide)

# %% [markdown]
# The old key is still valid, and old descriptions still show it. So replace it at the weather service, too. A role needs no keys at all inside AWS: use secrets for
# what is outside.
#
# ## In this notebook we have
#
# - followed access keys from a session to a person;
# - made a trail with data events, and read its files with Python and with Athena;
# - let Config say what is not as it should be;
# - written a rule that hears of deletions, and of a weaker trail;
# - moved a key from a job's description to Secrets Manager.
#
# ## Recall
#
# 1. A record's ARN ends with the name of a colleague. Was it this colleague?
# 2. You made a trail today. Can it tell which objects were read last week?
# 3. Why does a policy for a secret need its ARN, and not its name?
# 4. Why does `anything-but` on the role not match a user?
# 5. A model has no network isolation. Which service tells you so, and which tells you who made it?
#
# <details><summary>Answers</summary>
#
# - 1: not for sure: the caller chooses a session's name. Follow the access key.
# - 2: no: a trail begins when it is made, and the event history has no data events.
# - 3: the ARN ends with six characters that are not in the name.
# - 4: a user's record has no `sessionIssuer`, and `anything-but` needs the field.
# - 5: Config; and CloudTrail, by the record of `CreateModel`.
#
# </details>
#
# ## Clean up
#
# A trail, Config and a secret cost money until they are deleted. So we delete them. We also delete the users with their keys.

# %%
secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
print(incident.delete(aws))
aws.cleanup()

# %% [markdown]
# ## Next
#
# This was the last notebook of the lesson. Next come costs: what all of this would cost on AWS, and how to pay less.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
