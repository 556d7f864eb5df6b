# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Who may do what
#
# On Monday a roll-back failed: a colleague had tidied up, and deleted the model that it needed. On Tuesday somebody found an access key of the team in a public
# notebook. Both times the same question came up: *what could this person do, and why?* Nobody knew, because everybody worked with one role that may do everything.
#
# **By the end you can**
#
# - write the policy of a training job that can do its work, and nothing else (exercise 13.1.1)
# - say by conditions what a person may start, and as which role (exercise 13.1.2)
# - find and mend what refuses a call, without opening more (exercise 13.1.3)
# - count what a leaked access key reaches, and make it less (exercise 13.1.4)
#
# **Prerequisites**: training jobs, in [built-in XGBoost](../m04_training/m04_1_builtin_xgboost.ipynb); a first policy, in [features in two
# stores](../m03_feature_store/m03_1_feature_groups.ipynb).
#
# **Time**: 70 minutes.
#
# **Services**: IAM, STS, KMS, S3, SageMaker training, CloudTrail.
#
# **Cost**: \$0 here. On AWS less than 5 cents: a KMS key costs {fact:kms-key-month} dollar a month, by the hour. There you need the rights to make roles and KMS keys.
#
# ## Set up

# %%
import json

from given import access, nightly

from course import check, connect, hint, judge, variant
from course.exercises import broken_access

aws = connect("m13_1")
iam, sagemaker = aws.client("iam"), aws.client("sagemaker")
print(aws, aws.client("sts").get_caller_identity()["Arn"], sep="\n")

# %% [markdown]
# `ROWS` is how many flights the training job learns from.

# %% tags=["parameters"]
ROWS = 2_000
SEED = 13

# %% [markdown]
# ## Who deleted the model?
#
# We play Monday again, as the team first saw it: the colleague Marco assumes the team's role, and deletes a model.

# %%
everything = {"Effect": "Allow", "Action": ["sagemaker:*", "s3:*", "iam:PassRole"], "Resource": "*"}
team = access.role(aws, "team", access.document(everything))
model = aws.unique("late-flights-live")
container = {"Image": aws.image("xgboost", "3.0-5")}
sagemaker.create_model(ModelName=model, ExecutionRoleArn=aws.role, PrimaryContainer=container)
marco = access.session(aws, team, RoleSessionName="marco")
marco.client("sagemaker").delete_model(ModelName=model)
print(marco.client("sts").get_caller_identity()["Arn"])

# %% [markdown]
# A role has no password. A *principal* (a user, a session of a role, or a service) that the role *trusts* can *assume* it (`AssumeRole`). It gets temporary
# keys for a *session*, which expire. Each session has a name, which its events show. The caller chooses this name, so it proves nothing, unless the trust
# policy checks it (`sts:RoleSessionName`). The event of `AssumeRole` says who really called.
#
# *CloudTrail* records the calls of an account. Its history goes back {fact:cloudtrail-history-days} days. You ask by one attribute at a time:

# %%
trail = aws.client("cloudtrail")
for key, value in {"EventName": "DeleteModel", "Username": "marco"}.items():
    asked = [{"AttributeKey": key, "AttributeValue": value}]
    for event in trail.lookup_events(LookupAttributes=asked, MaxResults=3)["Events"]:
        record = json.loads(event["CloudTrailEvent"])
        print(key, event["EventTime"], event["EventName"], record["userIdentity"]["arn"])

# %% [markdown]
# What to notice:
#
# - Ask first *who* did it, then *what else* that session did.
# - On AWS an event comes about {fact:cloudtrail-minutes} minutes after the call, so this cell may print nothing there.
# - The history has *management events*. Reading an object or invoking an endpoint is a *data event*: CloudTrail records it only if a
#   trail asks for it.
#
# ## How a request is decided
#
# Every request is an *action* on a *resource*, by a principal. Four kinds of policies matter here (an organization can add more):
#
# | policy | attached to | gives rights? | limits? |
# |---|---|---|---|
# | identity-based | a user, group or role | yes | by `Deny` |
# | resource-based | a bucket, a key, a role (its trust) | yes, to the principals in it | by `Deny` |
# | permissions boundary | a user or role | no | yes |
# | session policy | one session, given at `AssumeRole` | no | yes |
#
# - A `Deny` that applies wins, wherever it is.
# - Otherwise something must allow the request: within one account, the identity policy or the resource's.
# - Boundary and session policy must allow it *as well*. Alone they give nothing. (One exception: a resource's policy that names the session itself, and not its
#   role.)
# - Two resources are special. A KMS key: IAM policies count only if the key policy lets the account use them. A role: nobody can assume it unless its trust policy
#   allows it.
#
# We give a role a wide identity policy and a narrow session policy, and read the errors:

# %%
reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{aws.bucket}/*"}
narrow = access.session(aws, team, Policy=access.document(reading))
for who, session in {"team": marco, "narrow": narrow}.items():
    print(who, access.answer(session.client("sagemaker").list_models, MaxResults=1))
    print(who, access.answer(session.client("kms").create_key))

# %% [markdown]
# The error names the action, the resource, and the *kind* of policy: `no identity-based policy allows`, `no session policy allows`, `no permissions boundary
# allows`, `no resource-based policy allows`, or `with an explicit deny in` one of them. Read this first.
#
# ## What a training job needs
#
# A job does not work with your rights. SageMaker assumes its *execution role*, and the job can do what the role can. So can any program that somebody brings to
# the job. We store flights under a KMS key of our own, and start a job whose role may only read objects:

# %%
key = access.key(aws)
data, models = f"{aws.prefix}/flights/2013", f"{aws.prefix}/models/late"
rows = access.late_flights(aws, ROWS, SEED).to_csv(index=False, header=False)
under = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
place = {"Bucket": aws.bucket, "Key": f"{data}/part.csv"}
aws.client("s3").put_object(**place, Body=rows.encode(), **under)
folders = (f"s3://{aws.bucket}/{data}/", f"s3://{aws.bucket}/{models}/")
trainer = access.role(aws, "trainer", access.document(reading))
print(access.outcome(aws, access.request(aws, access.arn(aws, trainer), *folders, key)))

# %% [markdown]
# The role can read every object of the bucket, and cannot list them. Listing is an action on the *bucket*, and the folder is only in the request: a
# *condition* on `s3:prefix` limits it. Now it may list as well:

# %%
bucket = f"arn:aws:s3:::{aws.bucket}"
listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket}
listing["Condition"] = {"StringLike": {"s3:prefix": f"{data}/*"}}
wider = access.document(reading, listing)
iam.put_role_policy(RoleName=trainer, PolicyName="own", PolicyDocument=wider)
print(access.outcome(aws, access.request(aws, access.arn(aws, trainer), *folders, key)))

# %% [markdown]
# The role may read the object, and may not use its KMS key. S3 asks KMS *in the name of the role*: `kms:Decrypt` to read an object, `kms:GenerateDataKey` to write one. In such
# a request the *condition key* `kms:ViaService` is `s3.<region>.amazonaws.com`. A condition `StringEquals` on it lets the role use the KMS key through S3 only.

# %% [markdown] exercise="m13_1_ex1"
# Write `job_policy(job)` that returns the policy of a job's execution role, a `dict`. `job` has the texts `region`, `account`, `bucket`, `data` and `models` (such
# as `flights/2013` and `models/late`), and `key`, the ARN of a KMS key. It allows this, and nothing else:
#
# | may | on |
# |---|---|
# | list | `s3://<bucket>/<data>/`: the objects in this folder |
# | read | the objects in it |
# | write | objects in the folder `<models>/` |
# | use the KMS key | to read and write objects, through S3 in this region |
# | `logs:CreateLogStream`, `logs:PutLogEvents` | the log group `/aws/sagemaker/TrainingJobs` |
#
# The ARN for the last row is `arn:aws:logs:<region>:<account>:log-group:<group>:*`.


# %% answer="m13_1_ex1"
def job_policy(job: dict) -> dict:
    """The policy of a job's execution role."""
    ### BEGIN SOLUTION
    bucket, region = f"arn:aws:s3:::{job['bucket']}", job["region"]
    group = f"arn:aws:logs:{region}:{job['account']}:log-group:/aws/sagemaker/TrainingJobs:*"
    inside = {"StringLike": {"s3:prefix": f"{job['data']}/*"}}
    through = {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}
    rows = [
        ("s3:ListBucket", bucket, {"Condition": inside}),
        ("s3:GetObject", f"{bucket}/{job['data']}/*", {}),
        ("s3:PutObject", f"{bucket}/{job['models']}/*", {}),
        (["kms:Decrypt", "kms:GenerateDataKey"], job["key"], {"Condition": through}),
        (["logs:CreateLogStream", "logs:PutLogEvents"], group, {}),
    ]
    statements = [{"Action": action, "Resource": where, **more} for action, where, more in rows]
    allowed = [{"Effect": "Allow", **each} for each in statements]
    return {"Version": "2012-10-17", "Statement": allowed}
    ### END SOLUTION


# %% check="m13_1_ex1"
check("m13_1_ex1", job_policy=job_policy)

# %% [markdown]
# On AWS a role for your own container also reads its image from ECR: `ecr:GetAuthorizationToken` on `*`, and `ecr:BatchCheckLayerAvailability`,
# `ecr:GetDownloadUrlForLayer` and `ecr:BatchGetImage` on the repository. A job whose volume is under a KMS key (`VolumeKmsKeyId`) needs `kms:CreateGrant` on it.
#
# ## Which role a job may use
#
# Three people work on the model. This is what each of them may do. We write the policy of the first:
#
# | person | may | may not |
# |---|---|---|
# | data scientist | start and watch training jobs | touch endpoints, delete models |
# | engineer who deploys | create models and endpoints, roll back | read passenger data, change roles |
# | auditor | describe and list everything, read CloudTrail | change or invoke anything |
#
# To start a job you name its role, and you need `iam:PassRole` on that role. PassRole is not an API call: AWS checks this permission when you call
# `CreateTrainingJob`. Here is why the policy must name a role. The data scientist may only start jobs, and pass *any* role:

# %%
starting = {"Effect": "Allow", "Resource": "*"}
starting["Action"] = ["sagemaker:CreateTrainingJob", "iam:PassRole"]
scientist = access.role(aws, "scientist", access.document(starting))
person = access.session(aws, scientist, RoleSessionName="dana")
print("herself:", access.answer(person.client("s3").get_object, **place)[:60])
wish = access.request(aws, access.arn(aws, team), f"s3://{aws.bucket}/none/", folders[1], key)
print("by a job:", access.answer(person.client("sagemaker").create_training_job, **wish)[:60])

# %% [markdown]
# She may not read an object. But she may start a job as the team's role. The second answer is no AccessDenied: IAM let the request pass, and it failed only
# because the folder `none/` is empty. A program in a job as this role could read every bucket and delete every model. *If you may pass a role, you can use it.*
#
# The other half is how a job runs. SageMaker's condition keys tell a policy what is in the request: `sagemaker:InstanceTypes`, `sagemaker:VolumeKmsKeyArn`,
# `sagemaker:OutputKmsKeyArn`, `sagemaker:NetworkIsolation`, `sagemaker:VpcSubnets`. This statement lets no job start outside a VPC:

# %%
outside = {"Effect": "Deny", "Action": "sagemaker:CreateTrainingJob", "Resource": "*"}
outside["Condition"] = {"Null": {"sagemaker:VpcSubnets": "true"}}
policy = access.document(starting, outside)
iam.put_role_policy(RoleName=scientist, PolicyName="own", PolicyDocument=policy)
print(access.answer(person.client("sagemaker").create_training_job, **wish))

# %% [markdown]
# A key can be missing from a request, or have several values. Then the operator decides:
#
# | operator | the key is missing | several values |
# |---|---|---|
# | `StringEquals`, `ArnEquals` | does not hold | for keys with one value |
# | `StringNotEquals`, `ArnNotEquals` | holds | for keys with one value |
# | `ForAllValues:StringEquals` | holds | all must match |
# | `ForAnyValue:StringEquals` | does not hold | one match is enough |
# | `Null` with `"true"` | holds | does not hold |

# %% [markdown] exercise="m13_1_ex2"
# Write `scientist_policy(team)` that returns the policy of a team's data scientist. `team` has `region`, `account`, `project`, `instances` (a list of types),
# `key` and `role` (ARNs). The person may do this, and nothing else:
#
# | may | only |
# |---|---|
# | `sagemaker:CreateTrainingJob` | jobs named `<project>-…`, on instances that are *all* in `instances`, with a volume under `key` |
# | `sagemaker:DescribeTrainingJob`, `sagemaker:StopTrainingJob` | jobs named `<project>-…` |
# | `iam:PassRole` | `role`, to SageMaker: `iam:PassedToService` is `sagemaker.amazonaws.com` |
#
# The ARN of a job is `arn:aws:sagemaker:<region>:<account>:training-job/<name>`. A job may have instance groups of several types. The score is the
# share of the forbidden requests that is refused, less the share of the needed requests that is refused.


# %% answer="m13_1_ex2"
def scientist_policy(team: dict) -> dict:
    """The policy of a data scientist."""
    ### BEGIN SOLUTION
    jobs = f"arn:aws:sagemaker:{team['region']}:{team['account']}:training-job/{team['project']}-*"
    create = {"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": jobs}
    create["Condition"] = {
        "ForAllValues:StringEquals": {"sagemaker:InstanceTypes": team["instances"]},
        "ArnEquals": {"sagemaker:VolumeKmsKeyArn": team["key"]},
    }
    actions = ["sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"]
    watch = {"Effect": "Allow", "Action": actions, "Resource": jobs}
    give = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": team["role"]}
    give["Condition"] = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return {"Version": "2012-10-17", "Statement": [create, watch, give]}
    ### END SOLUTION


# %% check="m13_1_ex2"
check("m13_1_ex2", scientist_policy=scientist_policy)

# %% [markdown]
# ## Three calls that are refused
#
# Three nightly calls write a file under a KMS key, and read it back. After Monday the team made all policies narrow, and now all three are refused. Each call has a role of
# its own, with an identity policy that is wide and correct. Three more policies limit the call: the role's *boundary*, a bucket policy and a key policy. In each
# call, one of these three has one wrong value.

# %%
setups = broken_access.setups(variant("m13_1_ex3"))
made = {name: nightly.built(aws, name, setup) for name, setup in setups.items()}
for name, each in made.items():
    print(name, nightly.sent(aws, each), sep=": ")
print(json.dumps(setups["call-1"], indent=1))

# %% [markdown]
# `setups` has the other two. Words in braces, such as `{bucket}`, are filled in when a set-up is built: `{role}` is the role of the call, `{colleague}` is another
# role. Four things in the policies are new:
#
# | in a policy | is |
# |---|---|
# | `aws:PrincipalArn` | who asks: of a session, the ARN of its role |
# | `aws:RequestedRegion` | the region that is called |
# | `kms:EncryptionContext:aws:s3:arn` | the object for which S3 uses the KMS key |
# | the principal `arn:aws:iam::{account}:root` | the account: all in it whose own policies allow it |
#
# A repair is a path to one text, and its right value. A part of a path that is a number counts the elements of a list, from 0: `bucket.Statement.0.Effect`. This
# tries one:
#
# ```python
# changed = broken_access.repaired(setups["call-1"], {path: value})
# print(nightly.sent(aws, nightly.built(aws, "call-1", changed)))
# ```

# %% [markdown] exercise="m13_1_ex3"
# Make `repairs`, a `dict` with the keys `"call-1"` to `"call-3"`. `repairs[call]` is `{path: value}`: one path, down to one text, and the value that lets the call
# pass. Write words in braces as they are. What must stay closed:
#
# | policy | must allow nothing but this |
# |---|---|
# | boundary | `s3:GetObject` and `s3:PutObject` in the object's folder; `kms:Decrypt` and `kms:GenerateDataKey` of `{key}`, in `{region}` |
# | bucket | (by its `Deny`s) requests over TLS, writing under `{key}` by `aws:kms`, reading by `{role}` |
# | key | `{role}`: the same two actions, through S3, for objects of the folder. The account: to manage the key |


# %% answer="m13_1_ex3"
repairs = ...  # TODO: call -> {path: value}

### BEGIN SOLUTION
SOUND = {
    "aws:SecureTransport": "false",
    "s3:x-amz-server-side-encryption": "aws:kms",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "{key}",
    "aws:PrincipalArn": "{role}",
    "aws:RequestedRegion": "{region}",
    "kms:ViaService": "s3.{region}.amazonaws.com",
    "kms:Encrypt": "kms:GenerateDataKey",
    "s3:PutObjectAcl": "s3:PutObject",
}
USED = {"{colleague}": "{role}", "kms:DescribeKey": "kms:Decrypt"}
repairs = {}
for name, setup in setups.items():
    inside = f"arn:aws:s3:::{{bucket}}/{setup['object'].partition('/')[0]}/*"
    for path, value in broken_access.leaves(setup).items():
        place, number = path.split(".")[0], path.split(".")[2:3]
        right = SOUND.get(value, SOUND.get(path.rpartition(".")[2], value))
        if value.startswith("arn:aws:s3") and place != "bucket":
            right = inside
        elif value in USED and "kms:ViaService" in str(setup[place]["Statement"][int(number[0])]):
            right = USED[value]
        if right != value:
            repairs[name] = {path: right}
### END SOLUTION

# %% check="m13_1_ex3"
check("m13_1_ex3", repairs=repairs)

# %% [markdown]
# ## What a leaked access key reaches
#
# On Tuesday the access key was in a public notebook. Its *blast radius* is all pairs of an action and an ARN that it can reach. Say it was a key of the role
# `trainer`. `SimulatePrincipalPolicy` answers without making the requests: it evaluates the policies of a user or role, and the boundary.

# %%
arns = [f"{bucket}/{data}/part.csv", f"{bucket}/{models}/model.tar.gz"]
principal = {"PolicySourceArn": access.arn(aws, trainer)}
actions = ["s3:GetObject", "s3:DeleteObject"]
answer = iam.simulate_principal_policy(**principal, ActionNames=actions, ResourceArns=arns)
for result in answer["EvaluationResults"]:
    print(result["EvalActionName"], result["EvalDecision"])
    for each in result["ResourceSpecificResults"]:
        print(" ", each["EvalResourceDecision"], each["EvalResourceName"])

# %% [markdown]
# The simulator does not look up the policies of buckets and KMS keys, and you supply the values of condition keys. Read `EvalResourceDecision`, one for each ARN.
# `EvalDecision` is only a summary: it says `allowed` if all ARNs are.
#
# How to make it less? A trail with data events shows what an access key was *used* for. Take away the rest. A user's access key reaches all that the user may do.
# So give a program no such key, but a session of a role, opened with a *session policy*: its temporary key reaches only what both allow, also if it leaks. A
# session policy has at most {fact:session-policy-characters} characters.

# %% [markdown] exercise="m13_1_ex4"
# Write two functions.
#
# - `reach(role_arn, actions, arns)` returns the list of all pairs `[action, arn]` that the role reaches by its policies and its boundary, each pair once.
# - `session_policy(used)` returns a session policy, a `dict`. `used` is a list of such pairs, in any order: about twenty, of a dozen objects in S3. Every used
#   pair must work; of all others (reading, writing, deleting) as few as possible. The check writes your policy as compact JSON, without spaces.
#
# An example: of `used = [["s3:GetObject", a], ["s3:GetObject", b], ["s3:PutObject", b]]` the pair `["s3:PutObject", a]` must be refused.


# %% answer="m13_1_ex4"
def reach(role_arn: str, actions: list, arns: list) -> list:
    """The pairs of action and ARN that a role reaches."""
    ### BEGIN SOLUTION
    asked = {"PolicySourceArn": role_arn, "ActionNames": actions, "ResourceArns": arns}
    pages = iam.get_paginator("simulate_principal_policy").paginate(**asked)
    return [
        [result["EvalActionName"], each["EvalResourceName"]]
        for page in pages
        for result in page["EvaluationResults"]
        for each in result["ResourceSpecificResults"]
        if each["EvalResourceDecision"] == "allowed"
    ]
    ### END SOLUTION


def session_policy(used: list) -> dict:
    """A session policy that allows what was used."""
    ### BEGIN SOLUTION
    actions_of = {}
    for action, arn in used:
        actions_of.setdefault(arn, set()).add(action)
    arns_of = {}
    for arn, actions in actions_of.items():
        arns_of.setdefault(tuple(sorted(actions)), []).append(arn)
    statements = [{"Action": list(each), "Resource": arns} for each, arns in arns_of.items()]
    allowed = [{"Effect": "Allow", **each} for each in statements]
    return {"Version": "2012-10-17", "Statement": allowed}
    ### END SOLUTION


# %% check="m13_1_ex4"
check("m13_1_ex4", reach=reach, session_policy=session_policy)

# %% [markdown]
# In a real leak, do this before anything else: deactivate the user's access key. The sessions that it opened go on until they expire, so refuse them as well: a
# `Deny` for their roles, for sessions that began before now (`DateLessThan` on `aws:TokenIssueTime`). Then ask CloudTrail what they did.
#
# ## In this notebook we have
#
# - asked CloudTrail who deleted a model, and what else that session did;
# - read from an error which kind of policy refuses a call;
# - written the policy of a job, and that of a person who starts jobs;
# - mended a bucket policy, a boundary and a key policy;
# - counted what an access key reaches, and made it less.
#
# ## Recall
#
# 1. Somebody may start jobs and pass any role. What may they do?
# 2. A boundary allows `s3:*`, and the identity policy is empty. May the role read an object?
# 3. A role may read an object, and gets AccessDenied for `kms:Decrypt`. Which policies can be at fault?
# 4. Why does `ForAnyValue` not keep large instances away?
# 5. A leaked access key read passenger records for a week. Where do you see which?
#
# <details><summary>Answers</summary>
#
# - 1: everything that is allowed to any role that trusts SageMaker.
# - 2: no: a boundary only limits.
# - 3: its identity policy, its boundary, the session policy, and the key policy.
# - 4: one small instance among the large ones is enough for it.
# - 5: in a trail that records data events; the event history has none.
#
# </details>
#
# ## Clean up
#
# `aws.cleanup()` ends what costs money in SageMaker. We delete roles, policies, KMS keys and buckets ourselves. A KMS key waits seven days, in which you
# can cancel its deletion, and costs nothing.

# %%
print(access.delete(aws))
aws.cleanup()

# %% [markdown]
# ## Next
#
# Go on with encryption and networks: [where data may go](../m13_security/m13_2_where_data_may_go.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
