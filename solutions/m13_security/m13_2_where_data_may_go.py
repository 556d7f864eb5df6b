# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Where data may go
#
# On Wednesday Marco's new script looked up the weather of each flight on a free web page. It sent the whole row, with the passenger's name. No policy was
# wrong: the job might read the data, and the network let it out. Now the team must say *where its data may go*, and prove it.
#
# **By the end you can**
#
# - lock a bucket by its encryption and its policy (exercise 13.2.1)
# - find and mend what is wrong in a network without internet (exercise 13.2.2)
# - take persons out of columns and free text (exercise 13.2.3)
# - build a place for health data by numbered requirements (exercise 13.2.4)
#
# **Prerequisites**: policies and roles, in [who may do what](../m13_security/m13_1_who_may_do_what.ipynb).
#
# **Time**: 75 minutes.
#
# **Services**: KMS, S3, VPC, Secrets Manager, SageMaker training and Processing.
#
# **Cost**: \$0 here. On AWS about half a dollar: an interface endpoint costs {fact:vpc-endpoint-hour} cent for each begun hour. There you need the rights to make roles, keys
# and VPCs.
#
# ## Set up

# %%
import json

from given import access, network, policies, privacy
from sagemaker.core.training.configs import Compute, InputData, Networking, OutputDataConfig
from sagemaker.train import ModelTrainer

from course import check, connect, hint, judge, variant
from course.exercises import closed_networks

aws = connect("m13_2")
s3, kms, sagemaker = aws.client("s3"), aws.client("kms"), aws.client("sagemaker")
print(aws)

# %% [markdown]
# `ROWS` is how many flights the training job learns from.

# %% tags=["parameters"]
ROWS = 1_000
SEED = 13

# %% [markdown]
# ## Encryption that one can prove
#
# S3 encrypts every object. By default it uses a key of its own (*SSE-S3*, `AES256`), and anybody who may read the object gets it in clear. With *SSE-KMS* the
# reader needs a second permission: `kms:Decrypt` on the key. We store one object in each way. The role that reads them may do everything in S3, and nothing in
# KMS:

# %%
key = access.key(aws)
vault = access.bucket(aws, "vault")
s3.put_object(Bucket=vault, Key="sse-s3.csv", Body=b"1,2\n")
under = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
s3.put_object(Bucket=vault, Key="sse-kms.csv", Body=b"1,2\n", **under)
reading = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
reader = access.session(aws, access.role(aws, "reader", access.document(reading)))
for name in ("sse-s3.csv", "sse-kms.csv"):
    print(name, access.answer(reader.client("s3").get_object, Bucket=vault, Key=name)[:90])

# %% [markdown]
# Now we take the key away from everybody:

# %%
kms.disable_key(KeyId=key)
names = ("sse-s3.csv", "sse-kms.csv")
said = [access.answer(s3.get_object, Bucket=vault, Key=each)[:90] for each in names]
kms.enable_key(KeyId=key)
print(*said, sep="\n")

# %% [markdown]
# What to notice:
#
# - You may do everything in this account, and you could not read it either. So a disabled key closes all copies at once: objects, models, backups.
# - Each use of the key is an event in CloudTrail. SSE-S3 leaves none.
# - A deleted key takes its data along. So the deletion waits at least seven days.
#
# The same key goes into a job's request. `OutputDataConfig.KmsKeyId` is for the model, `ResourceConfig.VolumeKmsKeyId` for the disk of the instance.
#
# ## On the way to S3
#
# Encryption *in transit* is TLS, the S of HTTPS. S3 also answers without it, unless a bucket policy refuses: the condition key `aws:SecureTransport` is then
# `false`.
#
# ## What an upload may say
#
# For encryption at rest a bucket has a *default*. It holds for uploads that say nothing. An upload may still name another KMS key, or `AES256`, in a header.
# Only a policy refuses that. Two headers are condition keys: `s3:x-amz-server-side-encryption` and `s3:x-amz-server-side-encryption-aws-kms-key-id`.
#
# :::{important}
# Policies see the request as it was sent, before the default is added. A plain `put_object` sends no header.
# :::
#
# `StringNotEquals` also holds when the header is missing. So a `Deny` with it alone refuses the upload that says nothing. Add `Null` with `"false"`, "the header
# is there", to the same statement: then both must hold.
#
# These calls set the default and the policy. The second replaces the policy that was there:
#
# ```python
# default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
# rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
# s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
# s3.put_bucket_policy(Bucket=bucket, Policy=text)
# ```
#
# `policies.deny(action, resource, condition)` makes a statement, and `policies.policy(statement, ...)` a policy, as a `dict`.

# %% [markdown] exercise="m13_2_ex1"
# Write `lock(bucket, key)` that sets a bucket's default encryption and its policy. `key` is the ARN of a KMS key. Afterwards:
#
# | request | must be |
# |---|---|
# | an upload that says nothing of encryption | stored under `key` |
# | an upload that names `aws:kms` and `key` | stored so |
# | an upload under another KMS key | refused |
# | an upload with `AES256` | refused |
# | any request without TLS, on the bucket or its objects | refused, for every caller |
# | other requests over TLS | as before |
#
# An upload that names `aws:kms` without a key is not asked for.


# %% answer="m13_2_ex1"
def lock(bucket: str, key: str) -> None:
    """Set the default encryption and the policy of a bucket."""
    ### BEGIN SOLUTION
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    arn, header = f"arn:aws:s3:::{bucket}", "s3:x-amz-server-side-encryption"
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    denied = [policies.deny("s3:*", [arn, f"{arn}/*"], plain)]
    for name, value in {header: "aws:kms", f"{header}-aws-kms-key-id": key}.items():
        other = {"Null": {name: "false"}, "StringNotEquals": {name: value}}
        denied.append(policies.deny("s3:PutObject", f"{arn}/*", other))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policies.policy(*denied)))
    ### END SOLUTION


# %% check="m13_2_ex1"
check("m13_2_ex1", lock=lock)

# %% [markdown]
# ## A network without internet
#
# A *VPC* (virtual private cloud) is a network of your own. Its *subnets* have *route tables*, which say where traffic may leave. With `VpcConfig` a job gets
# network interfaces in your subnets, and everything that it sends goes through them, also to S3. A *security group* is their firewall.
#
# `network.Vpc` builds a VPC, and `vpc.words` has its ids. Here is a private subnet: its table has no way out. `https_out` lets the job's group send to port 443.

# %%
vpc = network.Vpc(aws.client, aws.unique)
vpc.https_out()
services = ("s3", "kms", "secretsmanager", "ec2", "ecr", "logs", "cloudwatch")
work = {"Effect": "Allow", "Action": [f"{each}:*" for each in services], "Resource": "*"}
worker = access.arn(aws, access.role(aws, "worker", access.document(work)))
data = aws.upload(access.late_flights(aws, ROWS, SEED), "flights/part.csv")
models = f"s3://{aws.bucket}/{aws.prefix}/models/"
subnet, group = vpc.words["private_subnet"], vpc.words["jobs"]
wish = access.request(aws, worker, data, models, key)
wish["VpcConfig"] = {"Subnets": [subnet], "SecurityGroupIds": [group]}
print(access.outcome(aws, wish))

# %% [markdown]
# The role may read the data, but the network does not lead there. The words in brackets are the local AWS's own. (On macOS it cannot run such jobs: there the
# checks look only at your answer.)
#
# There are three ways out of a private subnet:
#
# | way | leads to | what must fit |
# |---|---|---|
# | *gateway endpoint* | S3 or DynamoDB, free | the subnet's route table is one of its tables |
# | *interface endpoint* | one other service of AWS | its security group lets the job's group in; *private DNS* is on: then the service's usual name leads to the endpoint |
# | *NAT gateway* | the whole internet | what we want to avoid |
#
# A public subnet with an internet gateway is no way out: SageMaker gives a job's interfaces no public address.
#
# In all three ways the job's own security group must let port 443 out. A group allows by rules: to an address range, to another group, or to a *prefix list*,
# which is the addresses of S3. An endpoint also has a policy. It limits what goes through it, for every caller.
#
# We add the gateway endpoint, and write the job with the SDK. `allowed` means that it ran to its end:

# %%
gateway = {"ServiceName": f"com.amazonaws.{aws.region}.s3", "VpcEndpointType": "Gateway"}
s3_endpoint = vpc.endpoint(gateway | {"RouteTableIds": [vpc.words["private_table"]]})
trainer = ModelTrainer(
    training_image=aws.image("xgboost", "3.0-5"),
    role=worker,
    base_job_name=aws.unique("closed"),
    compute=Compute(instance_type="ml.m5.large", instance_count=1),
    hyperparameters={"objective": "binary:logistic", "num_round": 5},
    output_data_config=OutputDataConfig(s3_output_path=models, kms_key_id=key),
    networking=Networking(
        subnets=[subnet],
        security_group_ids=[group],
        enable_network_isolation=True,
        enable_inter_container_traffic_encryption=True,
    ),
    sagemaker_session=aws.session,
)
flights = InputData(channel_name="train", data_source=data, content_type="text/csv")
print(access.answer(trainer.train, input_data_config=[flights], logs=False))

# %% [markdown]
# Two more switches:
#
# - `enable_network_isolation`: the program in the container reaches nothing outside its job, and has no AWS credentials. SageMaker itself still fetches the data
#   and stores the model. This switch alone would have stopped Marco's script.
# - `enable_inter_container_traffic_encryption`: the instances of one job encrypt what they send each other, which takes time.
#
# So isolation is for programs that need only their channels. A program that calls an API needs an interface endpoint instead.
#
# An auditor finds both in the job's description:

# %%
listed = sagemaker.list_training_jobs(NameContains=trainer.base_job_name)
for each in listed["TrainingJobSummaries"]:
    job = sagemaker.describe_training_job(TrainingJobName=each["TrainingJobName"])
    switches = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")
    print(job["TrainingJobStatus"], [job[each] for each in switches], job["VpcConfig"])
vpc.close()

# %% [markdown]
# ## Secrets
#
# A description shows the job's environment and hyperparameters, too. A password there can be read by everyone who may call `DescribeTrainingJob`, long after
# the job has ended. *Secrets Manager* keeps it, encrypted by KMS. The job gets only its name, and asks with its role when it needs it:

# %%
secrets, name = aws.client("secretsmanager"), aws.unique("mask-key")
secrets.create_secret(Name=name, SecretString="not in any notebook")
wish = access.request(aws, worker, data, models, key) | {"Environment": {"MASK_KEY": name}}
sagemaker.create_training_job(**wish)
shown = sagemaker.describe_training_job(TrainingJobName=wish["TrainingJobName"])
said = access.answer(reader.client("secretsmanager").get_secret_value, SecretId=name)
secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
print(shown["Environment"], said, sep="\n")

# %% [markdown]
# The description shows only the name. It is of no use to the role `reader`, which has no right in Secrets Manager.
#
# Secrets Manager can also replace a secret every month (*rotation*): no code changes.
#
# ## Three networks that do not work
#
# Each night a Processing job masks passenger records: it reads its program and the records from S3, gets the masking key from Secrets Manager, and writes the
# result to S3. Three teams closed its network, and their jobs fail. Each set-up has one wrong value.

# %%
setups = closed_networks.setups(variant("m13_2_ex2"))
for each, said in network.tried(aws, worker, setups).items():
    print(each, said, sep=": ")
print(json.dumps(setups["job-1"], indent=1))

# %% [markdown]
# `setups` has the other two. Words in braces get their values when a set-up is built: `{jobs}` is the job's security group, `{door}` the security group of
# the interface endpoint, `{others}` a foreign one. `{s3_list}` is the prefix list of S3. The subnet `{public_subnet}` with the table `{public_table}` has a route to the
# internet.
#
# A repair is a path and a new value, as in the last notebook. `closed_networks.repaired(setup, {path: value})` returns the changed set-up, and
# `network.tried(aws, worker, {"job-1": changed})` runs it.

# %% [markdown] exercise="m13_2_ex2"
# Make `repairs`, a `dict` with the keys `"job-1"` to `"job-3"`. `repairs[job]` is `{path: value}`: one path, down to one value, that lets its job complete. What
# may go through, and nothing else:
#
# | part | lets through |
# |---|---|
# | `network` | the job, in the private subnet; its program needs the network |
# | `job_egress` | port 443 to `{s3_list}` and to `{door}` |
# | `door_ingress` | port 443 from `{jobs}` |
# | `s3_endpoint` | S3 from the private table: list the bucket, read `code/` and the `folder`, write `masked/` |
# | `secrets_endpoint` | Secrets Manager, by its usual name (private DNS), with the group `{door}` |
# | `bucket` | reading and writing through `{s3_endpoint}` only |


# %% answer="m13_2_ex2"
repairs = ...  # TODO: job -> {path: value}

### BEGIN SOLUTION
SOUND = {
    "s3_endpoint.RouteTableIds.0": "{private_table}",
    "network.VpcConfig.Subnets.0": "{private_subnet}",
    "network.EnableNetworkIsolation": False,
    "secrets_endpoint.ServiceName": "com.amazonaws.{region}.secretsmanager",
    "secrets_endpoint.SecurityGroupIds.0": "{door}",
    "secrets_endpoint.PrivateDnsEnabled": True,
    "door_ingress.0.UserIdGroupPairs.0.GroupId": "{jobs}",
    "bucket.Statement.0.Condition.StringNotEquals.aws:SourceVpce": "{s3_endpoint}",
}
WORDS = {"udp": "tcp", "{dynamodb_list}": "{s3_list}", "{others}": "{door}"}
WORDS |= {"s3:PutObjectAcl": "s3:PutObject", "s3:ListBucketVersions": "s3:ListBucket"}
repairs = {}
for each, setup in setups.items():
    places = [f"arn:aws:s3:::{{bucket}}{end}" for end in ("", "/code/*", "/masked/*", "/*")]
    folder = f"arn:aws:s3:::{{bucket}}/{setup['folder']}/*"
    for path, value in closed_networks.leaves(setup).items():
        right = SOUND.get(path, WORDS.get(value, value) if isinstance(value, str) else value)
        if ".Resource" in path and value not in places:
            right = folder
        if right != value:
            repairs[each] = {path: right}
### END SOLUTION

# %% check="m13_2_ex2"
check("m13_2_ex2", repairs=repairs)

# %% [markdown]
# ## What is personal
#
# The safest data is what you do not have. *PII* (personally identifiable information) is what leads to a person: name, e-mail address, phone, card or passport
# number. Four things can be done:
#
# | | what |
# |---|---|
# | *drop* | leave the column out |
# | *mask* | `[PHONE]` instead of the number |
# | *generalise* | the decade instead of the birth date |
# | *pseudonymise* | a code instead of the number: the same for all records of one person |
#
# A pseudonym needs a *key*. Somebody publishes the SHA-256 of phone numbers, and calls it anonymous. Anybody can hash all numbers of an area, and compare:

# %%
import hashlib
import hmac

published = hashlib.sha256(b"212-555-0147").hexdigest()
tries = (f"212-555-{number:04}" for number in range(10_000))
print(next(each for each in tries if hashlib.sha256(each.encode()).hexdigest() == published))
print(hmac.new(b"a key that stays in the vault", b"212-555-0147", hashlib.sha256).hexdigest()[:16])

# %% [markdown]
# *HMAC* is a hash with a key. Without the key nobody can try. With it somebody can, so a pseudonym is still personal data.
#
# *Macie* finds PII in your buckets. *Comprehend* finds it in a text, and can redact it. Here we use patterns. The last digit of a card number is a check digit,
# by a rule called Luhn. Other long numbers seldom pass it:

# %%
for number in ("4111 1111 1111 1111", "4111 1111 1111 1112"):
    print(number, privacy.luhn(number))

# %% [markdown] exercise="m13_2_ex3"
# Write `protect(record, key)`. `record` has the texts `name`, `passport`, `birth_date` (as `1984-03-12`), `email`, `flight` and `note`. Return a `dict` with
# these members only:
#
# | member | is |
# |---|---|
# | `passenger` | the first 16 hexadecimal digits of HMAC-SHA256 of the passport number, in capitals without spaces, under `key` |
# | `born` | the first year of the decade, an `int`: `1980` |
# | `flight` | as it is |
# | `note` | with `[EMAIL]`, `[PHONE]`, `[CARD]`, `[PASSPORT]` and `[NAME]` instead of what is personal |
#
# - Phones: `+` and 8 to 15 digits, with or without single spaces or hyphens between them. Or groups of 3, 3 and 4 digits *with* a space or a hyphen between the
#   groups: `212-555-0147`, not `2125550147`.
# - Cards: 13 to 19 digits that pass `privacy.luhn`, with or without single spaces or hyphens between them.
# - The name and the passport number as in the record, in small or capital letters.
# - All other numbers and codes stay. A part of a longer number is neither a phone nor a card.


# %% answer="m13_2_ex3"
def protect(record: dict, key: str) -> dict:
    """A record without its person."""
    ### BEGIN SOLUTION
    import re

    passport = record["passport"].replace(" ", "").upper()
    code = hmac.new(key.encode(), passport.encode(), hashlib.sha256).hexdigest()[:16]
    note = re.sub(r"[\w.+-]+@[a-z0-9-]+(?:\.[a-z]+)+", "[EMAIL]", record["note"])
    national = r"(?<![\d-])\d{3}[ -]\d{3}[ -]\d{4}(?![\d-])"
    note = re.sub(rf"\+\d(?:[ -]?\d){{7,14}}(?!\d)|{national}", "[PHONE]", note)
    card = r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)"
    note = re.sub(card, lambda match: "[CARD]" if privacy.luhn(match[0]) else match[0], note)
    for mark, value in {"[NAME]": record["name"], "[PASSPORT]": record["passport"]}.items():
        note = re.sub(re.escape(value), mark, note, flags=re.IGNORECASE)
    born = int(record["birth_date"][:4]) // 10 * 10
    return {"passenger": code, "born": born, "flight": record["flight"], "note": note}
    ### END SOLUTION


# %% check="m13_2_ex3"
check("m13_2_ex3", protect=protect)

# %% [markdown]
# Even masked rows can lead to a person: the only passenger of 1930 on a small flight. Count how many share each combination of columns, and drop the rare ones.
#
# ## Health data
#
# The airline wants to predict who needs a wheelchair. That is *health data*, and laws ask for more: GDPR in Europe, and HIPAA for hospitals and insurers in the
# USA. So the team writes requirements, and *tries each one out*:
#
# | | requirement |
# |---|---|
# | 1 | The job lists and reads `data`, and writes to `models`. |
# | 2 | Objects are read by the job's role only, and only through the VPC endpoint. |
# | 3 | Nothing works without TLS. |
# | 4 | The bucket can never become public. |
# | 5 | The KMS key: the job's role uses it, for objects in S3. The administrator may only describe it, replace its policy and delete it. Nobody has any other right. |
# | 6 | Through the endpoint no other bucket can be read or written. |
# | 7 | The job is in the subnet. Its program has no network, traffic between instances is encrypted, and the model is under the key. |
#
# One more is *residency*, the country of the data. You choose it by the region of bucket and key.
#
# `aws:PrincipalArn` is the ARN of the caller's role. `aws:SourceVpce` is the id of the endpoint through which a request came; other requests have none. The
# public access block has four settings: `BlockPublicAcls`, `IgnorePublicAcls`, `BlockPublicPolicy` and `RestrictPublicBuckets`.

# %% [markdown] exercise="m13_2_ex4"
# Write `design(site)` that returns the documents of such a place, a `dict`. `site` has texts: `region`, `account`, `bucket`, `data` and `models` (folders),
# `key`, `job_role` and `admin_role` (ARNs), `endpoint`, `subnet` and `group` (ids).
#
# | member | is |
# |---|---|
# | `public_access_block` | the `PublicAccessBlockConfiguration` of the bucket |
# | `bucket_policy`, `key_policy` | policies, with a list as `Statement` |
# | `endpoint_policy` | the policy of the S3 endpoint |
# | `job` | `VpcConfig`, `EnableNetworkIsolation`, `EnableInterContainerTrafficEncryption` and `OutputDataConfig` (`KmsKeyId` only) of CreateTrainingJob |
#
# Both roles may do everything in S3 and KMS by their own policies: yours only limit them. But the key's policy must also allow. The bucket's default encryption
# is set. `policies.allow(who, action, resource, condition)` helps.


# %% answer="m13_2_ex4"
def design(site: dict) -> dict:
    """The documents of a place for health data."""
    ### BEGIN SOLUTION
    bucket, deny, allow = f"arn:aws:s3:::{site['bucket']}", policies.deny, policies.allow
    both, objects = [bucket, f"{bucket}/*"], ["s3:GetObject", "s3:PutObject"]
    reader = {"ArnNotEquals": {"aws:PrincipalArn": site["job_role"]}}
    way = {"StringNotEquals": {"aws:SourceVpce": site["endpoint"]}}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    s3_only = {"StringEquals": {"kms:ViaService": f"s3.{site['region']}.amazonaws.com"}}
    read = [deny("s3:GetObject", f"{bucket}/*", each) for each in (reader, way)]
    use = allow(site["job_role"], ["kms:Decrypt", "kms:GenerateDataKey"], "*", s3_only)
    manage = [f"kms:{each}" for each in ("DescribeKey", "PutKeyPolicy", "ScheduleKeyDeletion")]
    blocks = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    job = {"VpcConfig": {"Subnets": [site["subnet"]], "SecurityGroupIds": [site["group"]]}}
    job |= {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True}
    return {
        "public_access_block": dict.fromkeys(blocks, True),
        "bucket_policy": policies.policy(deny("s3:*", both, plain), *read),
        "key_policy": policies.policy(use, allow(site["admin_role"], manage, "*")),
        "endpoint_policy": policies.policy(allow("*", [*objects, "s3:ListBucket"], both)),
        "job": job | {"OutputDataConfig": {"KmsKeyId": site["key"]}},
    }
    ### END SOLUTION


# %% check="m13_2_ex4"
check("m13_2_ex4", design=design)

# %% [markdown]
# ## In this notebook we have
#
# - proved encryption, and locked a bucket;
# - run a job without internet, and mended three networks;
# - kept a secret out of a description;
# - masked records, and built a place for health data.
#
# ## Recall
#
# 1. An object lies under SSE-S3, and a role may read it. What more does it need?
# 2. Why does a policy that asks for the header `aws:kms` refuse a plain upload, although the bucket's default is KMS?
# 3. A job is in a public subnet with an internet gateway. Why does it still not reach S3?
# 4. Which jobs cannot use network isolation?
# 5. Why is a hash of a phone number not anonymous?
#
# <details><summary>Answers</summary>
#
# - 1: nothing. Only SSE-KMS asks for a second permission.
# - 2: policies see the request before the default is added, and the upload sends no header.
# - 3: SageMaker gives its interfaces no public address.
# - 4: those whose program calls an API or a database.
# - 5: there are few enough numbers to hash them all.
#
# </details>
#
# ## Clean up
#
# This deletes what we have made.

# %%
print(access.delete(aws))
aws.cleanup()

# %% [markdown]
# ## Next
#
# Go on with the calls that others made: [who did what](../m13_security/m13_3_who_did_what.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
