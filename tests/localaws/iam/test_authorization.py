"""SageMaker checks the caller's policies before every operation: with boto3, over HTTP."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError
from botocore.model import Shape

from course.localaws.core.clock import Clock
from course.localaws.core.credentials import ACCOUNT
from course.localaws.iam.identity import Identity
from course.localaws.sagemaker.core import permissions
from tests.localaws.iam.callers import allow, deny, document
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.parameter_strategies import model as operation_model
from tests.localaws.parameter_strategies import operations

ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
FULL = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
NUMBERS = itertools.count()
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PLACE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    state = tmp_path_factory.mktemp("authorization") / "state"
    state.mkdir(mode=0o700)
    identity = Identity(state, ACCOUNT, Clock())
    root = identity.issue_as(f"arn:aws:iam::{ACCOUNT}:root")
    identity.close()
    aws = RestartableAws(state)
    aws.root = {"access_key": root.principal.access_key, "secret": root.secret, "token": root.token}
    aws("s3").create_bucket(Bucket="course-data")
    yield aws
    aws.stop()


class Someone:
    """A caller with its own policies."""

    def __init__(self, aws, arn: str, name: str, keys: dict) -> None:
        self.aws, self.arn, self.name, self.keys = aws, arn, name, keys
        self.sagemaker = aws("sagemaker", **keys)

    def may(self, *statements) -> Someone:
        self.aws("iam").put_role_policy(RoleName=self.name, PolicyName="own", PolicyDocument=document(*statements))
        return self


def session(aws, *statements, **options) -> Someone:
    """Returns a session of a new role with an inline policy of these statements."""
    name = f"role-{next(NUMBERS)}"
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT, "Service": "sagemaker.amazonaws.com"}})
    arn = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, **options)["Role"]["Arn"]
    if statements:
        aws("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    answer = aws("sts").assume_role(RoleArn=arn, RoleSessionName="s1")
    given = answer["Credentials"]
    keys = {"access_key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
    return Someone(aws, answer["AssumedRoleUser"]["Arn"], name, keys)


def training(name: str, **changes) -> dict:
    request = {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": SKLEARN, "TrainingInputMode": "File", "ContainerEntrypoint": ["/bin/true"]},
        "OutputDataConfig": {"S3OutputPath": "s3://course-data/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    return request | changes


def model(name: str, **changes) -> dict:
    return {"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": SKLEARN}} | changes


def named(stem: str = "m") -> str:
    return f"{stem}-{next(NUMBERS)}"


def refused(call, status: int = 400, **request) -> str:
    """Returns the message of AWS's access denied error."""
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDeniedException", status), error
    return error["Error"]["Message"]


def words(someone: Someone, action: str, resource: str = "") -> str:
    where = f" on resource: {resource}" if resource else ""
    return f"User: {someone.arn} is not authorized to perform: {action}{where}"


# Policies


def test_a_role_that_lacks_the_action(aws):
    reader = session(aws, allow(["sagemaker:Describe*", "iam:PassRole"]))
    name = named("Job")
    assert refused(reader.sagemaker.create_training_job, **training(name)) == (
        words(reader, "sagemaker:CreateTrainingJob", f"{PLACE}:training-job/{name.lower()}")
        + " because no identity-based policy allows the sagemaker:CreateTrainingJob action"
    )
    with pytest.raises(ClientError, match="Requested resource not found"):  # nothing was created
        reader.sagemaker.describe_training_job(TrainingJobName=name)


def test_an_action_without_a_resource(aws):
    nobody = session(aws)
    assert refused(nobody.sagemaker.list_models) == (
        words(nobody, "sagemaker:ListModels") + " because no identity-based policy allows the sagemaker:ListModels action"
    )
    # A List operation has no resource, so a policy on a named resource does not allow it.
    scoped = session(aws, allow("sagemaker:*", f"{PLACE}:model/*"))
    refused(scoped.sagemaker.list_models)
    assert session(aws, allow("sagemaker:List*")).sagemaker.list_models()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_explicit_deny_beats_the_managed_policy(aws):
    careful = session(aws, deny("sagemaker:DeleteModel"))
    aws("iam").attach_role_policy(RoleName=careful.name, PolicyArn=FULL)
    name = named()
    careful.sagemaker.create_model(**model(name))
    assert refused(careful.sagemaker.delete_model, ModelName=name) == (
        words(careful, "sagemaker:DeleteModel", f"{PLACE}:model/{name}") + " with an explicit deny in an identity-based policy"
    )
    careful.sagemaker.describe_model(ModelName=name)


def test_an_allow_of_some_resources(aws):
    developer = session(aws, allow("sagemaker:*TrainingJob", f"{PLACE}:training-job/dev-*"), allow("iam:PassRole", ROLE))
    mine, theirs = named("DEV-job"), named("prod-job")
    developer.sagemaker.create_training_job(**training(mine))
    developer.sagemaker.describe_training_job(TrainingJobName=mine)
    aws("sagemaker").get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=mine, WaiterConfig={"Delay": 1})
    assert f"training-job/{theirs} because no" in refused(developer.sagemaker.create_training_job, **training(theirs))


def test_a_version_is_identified_by_its_group_and_number(aws):
    reader = session(aws, allow("sagemaker:DescribeModelPackage", f"{PLACE}:model-package/mine/*"))
    for version in ("Mine/1", f"{PLACE}:model-package/mine/1"):
        with pytest.raises(ClientError, match="model-package/mine/1 does not exist"):
            reader.sagemaker.describe_model_package(ModelPackageName=version)
    assert f"{PLACE}:model-package/theirs/1 because no" in refused(reader.sagemaker.describe_model_package, ModelPackageName="theirs/1")


def test_a_caller_may_be_allowed_to_register_and_not_to_approve(aws):
    group = named("group")
    aws("sagemaker").create_model_package_group(ModelPackageGroupName=group)
    version = aws("sagemaker").create_model_package(ModelPackageGroupName=group, SourceUri="s3://somewhere")["ModelPackageArn"]
    approves = {"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}}
    scientist = session(aws, allow("sagemaker:*"), deny("sagemaker:UpdateModelPackage", **approves))
    scientist.sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Rejected")
    assert "explicit deny" in refused(scientist.sagemaker.update_model_package, ModelPackageArn=version, ModelApprovalStatus="Approved")


def test_permission_is_required_for_every_resource_of_a_request(aws):
    name, config, endpoint = named(), named("config"), named("endpoint")
    aws("sagemaker").create_model(**model(name))
    variant = {"VariantName": "a", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    aws("sagemaker").create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    deployer = session(aws, allow("sagemaker:CreateEndpoint", f"{PLACE}:endpoint/*"))
    assert f"resource: {PLACE}:endpoint-config/{config} because" in refused(
        deployer.sagemaker.create_endpoint, EndpointName=endpoint, EndpointConfigName=config
    )


def test_a_boundary(aws):
    iam = aws("iam")
    text = document(allow("sagemaker:*Model*"), deny("sagemaker:DeleteModel"))
    boundary = iam.create_policy(PolicyName="only-models", PolicyDocument=text)["Policy"]["Arn"]
    bounded = session(
        aws, allow(["sagemaker:ListModels", "sagemaker:ListTrainingJobs", "sagemaker:DeleteModel"]), PermissionsBoundary=boundary
    )
    bounded.sagemaker.list_models()
    assert refused(bounded.sagemaker.list_training_jobs).endswith(
        " because no permissions boundary allows the sagemaker:ListTrainingJobs action"
    )
    assert refused(bounded.sagemaker.delete_model, ModelName="m").endswith(" with an explicit deny in a permissions boundary")
    # When neither allows the action, the error names the identity-based policy.
    assert " because no identity-based policy allows" in refused(bounded.sagemaker.list_endpoints)


def limited(aws, someone: Someone, **policies) -> Someone:
    """Returns another session of a caller's role, with the same ARN and these session policies."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{someone.name}"
    given = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", **policies)["Credentials"]
    keys = {"access_key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
    return Someone(aws, someone.arn, someone.name, keys)


def test_session_policies(aws):
    lister = session(aws, allow(["sagemaker:ListModels", "sagemaker:ListEndpoints", "sagemaker:DeleteModel"]))
    text = document(allow(["sagemaker:ListModels", "sagemaker:ListTrainingJobs"]), deny("sagemaker:DeleteModel"))
    inline = limited(aws, lister, Policy=text)
    inline.sagemaker.list_models()
    lister.sagemaker.list_endpoints()  # a session with the same ARN and without session policies
    assert refused(inline.sagemaker.list_endpoints).endswith(" because no session policy allows the sagemaker:ListEndpoints action")
    assert refused(inline.sagemaker.delete_model, ModelName="m").endswith(" with an explicit deny in a session policy")
    # A session policy grants nothing by itself.
    assert refused(inline.sagemaker.list_training_jobs).endswith(
        " because no identity-based policy allows the sagemaker:ListTrainingJobs action"
    )
    managed = aws("iam").create_policy(PolicyName="endpoints", PolicyDocument=document(allow("sagemaker:ListEndpoints")))["Policy"]["Arn"]
    both = limited(aws, lister, Policy=text, PolicyArns=[{"arn": managed}])
    both.sagemaker.list_models()
    both.sagemaker.list_endpoints()
    aws("iam").create_policy_version(PolicyArn=managed, PolicyDocument=document(allow("s3:*")), SetAsDefault=True)
    assert "no session policy" in refused(both.sagemaker.list_endpoints)
    aws("iam").delete_policy_version(PolicyArn=managed, VersionId="v1")
    aws("iam").delete_policy(PolicyArn=managed)
    both.sagemaker.list_models()
    assert "no session policy" in refused(both.sagemaker.list_endpoints)


def test_a_change_takes_effect_with_the_next_call(aws):
    changing = session(aws)
    policy = aws("iam").create_policy(PolicyName="changing", PolicyDocument=document(allow("sagemaker:ListModels")))["Policy"]["Arn"]
    changes = [
        (lambda: changing.may(allow("sagemaker:ListModels")), True),
        (lambda: changing.may(allow("sagemaker:ListEndpoints")), False),
        (lambda: aws("iam").attach_role_policy(RoleName=changing.name, PolicyArn=policy), True),
        (
            lambda: aws("iam").create_policy_version(
                PolicyArn=policy, PolicyDocument=document(deny("sagemaker:ListModels")), SetAsDefault=True
            ),
            False,
        ),
        (lambda: aws("iam").detach_role_policy(RoleName=changing.name, PolicyArn=policy), False),
        (lambda: aws("iam").attach_role_policy(RoleName=changing.name, PolicyArn=FULL), True),
    ]
    refused(changing.sagemaker.list_models)
    for change, allowed in changes:
        change()
        if allowed:
            changing.sagemaker.list_models()
        else:
            refused(changing.sagemaker.list_models)


@pytest.mark.nightly  # roles are changed by their own operations by day
def test_a_stack_changes_roles_too(aws):
    caller = session(aws)
    refused(caller.sagemaker.list_models)
    properties = {"PolicyName": "stacked", "Roles": [caller.name], "PolicyDocument": json.loads(document(allow("sagemaker:List*")))}
    template = {"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": properties}}}
    aws("cloudformation").create_stack(StackName=named("stack"), TemplateBody=json.dumps(template))
    caller.sagemaker.list_models()


# Callers


def test_a_user_and_the_session_of_a_user(aws):
    iam = aws("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = Someone(aws, f"arn:aws:iam::{ACCOUNT}:user/ann", "ann", {"access_key": key["AccessKeyId"], "secret": key["SecretAccessKey"]})
    given = aws("sts", **ann.keys).get_session_token()["Credentials"]
    token = aws("sagemaker", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert refused(ann.sagemaker.list_models).startswith(words(ann, "sagemaker:ListModels"))
    assert refused(token.list_models).startswith(words(ann, "sagemaker:ListModels"))
    iam.create_group(GroupName="listers")
    iam.put_group_policy(GroupName="listers", PolicyName="list", PolicyDocument=document(allow("sagemaker:List*")))
    iam.add_user_to_group(GroupName="listers", UserName="ann")
    ann.sagemaker.list_models()
    token.list_models()


def test_the_root_user_may_do_everything(aws):
    root = aws("sagemaker", **aws.root)
    name = named()
    root.create_model(**model(name, Tags=[{"Key": "team", "Value": "risk"}]))
    root.delete_model(ModelName=name)


def test_a_role_that_was_deleted_may_do_nothing(aws):
    gone = session(aws, allow())
    gone.sagemaker.list_models()
    aws("iam").delete_role_policy(RoleName=gone.name, PolicyName="own")
    aws("iam").delete_role(RoleName=gone.name)
    assert "because no identity-based policy allows" in refused(gone.sagemaker.list_models)


# Permissions besides the operation's own action


def test_passing_a_role(aws):
    trainer = session(aws, allow("sagemaker:*"))
    lacking = words(trainer, "iam:PassRole", ROLE) + " because no identity-based policy allows the iam:PassRole action"
    assert refused(trainer.sagemaker.create_training_job, **training(named("job"))) == lacking
    assert refused(trainer.sagemaker.create_model, **model(named())) == lacking
    trainer.may(allow("sagemaker:*"), allow("iam:PassRole", ROLE, StringEquals={"iam:PassedToService": "glue.amazonaws.com"}))
    assert refused(trainer.sagemaker.create_model, **model(named())) == lacking
    trainer.may(allow("sagemaker:*"), allow("iam:PassRole", ROLE, StringEquals={"iam:PassedToService": "sagemaker.amazonaws.com"}))
    trainer.sagemaker.create_model(**model(named()))
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    assert f"resource: {other} because" in refused(trainer.sagemaker.create_model, **model(named(), ExecutionRoleArn=other))


def test_a_role_that_may_be_passed_but_does_not_exist(aws):
    with pytest.raises(ClientError, match="Could not assume role") as raised:
        aws("sagemaker").create_training_job(**training(named("job"), RoleArn=f"arn:aws:iam::{ACCOUNT}:role/nowhere"))
    assert raised.value.response["Error"]["Code"] == "ValidationException"


def test_tags_of_what_is_created(aws):
    tags = [{"Key": "team", "Value": "risk"}]
    tagger = session(aws, allow(["sagemaker:CreateModel", "iam:PassRole"]))
    name = named()
    assert refused(tagger.sagemaker.create_model, **model(name, Tags=tags)) == (
        words(tagger, "sagemaker:AddTags", f"{PLACE}:model/{name}")
        + " because no identity-based policy allows the sagemaker:AddTags action"
    )
    creating = allow("sagemaker:AddTags", StringEquals={"sagemaker:TaggingAction": "CreateModel"})
    tagger.may(allow(["sagemaker:CreateModel", "iam:PassRole"]), creating)
    tagger.sagemaker.create_model(**model(name, Tags=tags))
    refused(tagger.sagemaker.add_tags, ResourceArn=f"{PLACE}:model/{name}", Tags=tags)


def test_conditions_on_tags_of_the_request(aws):
    ours = {"StringEquals": {"aws:RequestTag/team": "risk"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}
    member = session(aws, allow(["sagemaker:CreateModel", "sagemaker:AddTags"], **ours), allow("iam:PassRole"))

    def create(**tags: str) -> dict:
        return model(named(), Tags=[{"Key": key, "Value": value} for key, value in tags.items()])

    member.sagemaker.create_model(**create(team="risk", stage="dev"))
    for wrong in (create(team="fraud"), create(team="risk", owner="me"), model(named())):
        refused(member.sagemaker.create_model, **wrong)


def test_conditions_on_tags_of_the_resource(aws):
    ours, theirs = named(), named()
    aws("sagemaker").create_model(**model(ours, Tags=[{"Key": "team", "Value": "risk"}]))
    aws("sagemaker").create_model(**model(theirs))
    statement = allow("sagemaker:*", StringEquals={"aws:ResourceTag/team": "${aws:PrincipalTag/team}"})
    member = session(aws, statement, Tags=[{"Key": "team", "Value": "risk"}])
    member.sagemaker.describe_model(ModelName=ours)
    refused(member.sagemaker.describe_model, ModelName=theirs)
    aws("sagemaker").add_tags(ResourceArn=f"{PLACE}:model/{theirs}", Tags=[{"Key": "team", "Value": "risk"}])
    member.sagemaker.describe_model(ModelName=theirs)
    member.may(allow("sagemaker:*"), deny("sagemaker:DeleteModel", StringNotEquals={"sagemaker:ResourceTag/team": "risk"}))
    member.sagemaker.delete_model(ModelName=theirs)


@pytest.mark.parametrize(
    ("condition", "changes", "allowed"),
    [
        ({"ForAllValues:StringLike": {"sagemaker:InstanceTypes": "ml.m5.*"}}, {}, True),
        ({"ForAllValues:StringLike": {"sagemaker:InstanceTypes": "ml.c5.*"}}, {}, False),
        ({"NumericLessThanEquals": {"sagemaker:MaxRuntimeInSeconds": "60"}}, {}, True),
        ({"NumericLessThanEquals": {"sagemaker:MaxRuntimeInSeconds": "59"}}, {}, False),
        ({"Bool": {"sagemaker:InterContainerTrafficEncryption": "true"}}, {"EnableInterContainerTrafficEncryption": True}, True),
        ({"Bool": {"sagemaker:InterContainerTrafficEncryption": "true"}}, {}, False),
        (
            {"ArnEquals": {"sagemaker:OutputKmsKey": KEY}},
            {"OutputDataConfig": {"S3OutputPath": "s3://course-data/out", "KmsKeyId": KEY}},
            True,
        ),
        ({"ArnEquals": {"sagemaker:OutputKmsKeyArn": KEY}}, {}, False),
        ({"ArnEquals": {"sagemaker:VolumeKmsKey": KEY}}, {}, False),
        ({"Null": {"sagemaker:VpcSubnets": "true"}}, {}, True),
        ({"Null": {"sagemaker:VpcSubnets": "false"}}, {}, False),
        (
            {"ForAnyValue:StringEquals": {"sagemaker:VpcSubnets": "subnet-1a"}},
            {"VpcConfig": {"SecurityGroupIds": ["sg-1a"], "Subnets": ["subnet-1a", "subnet-2b"]}},
            True,
        ),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, {}, True),
        ({"Null": {"sagemaker:TargetModel": "true"}}, {}, True),  # training jobs have no such key
    ],
)
def test_conditions_on_the_request(aws, condition, changes, allowed):
    trainer = session(aws, allow("sagemaker:CreateTrainingJob", **condition), allow("iam:PassRole"))
    # A job that the policies allow fails in a later check.
    request = training(named("job"), RoleArn=f"arn:aws:iam::{ACCOUNT}:role/nowhere", **changes)
    if allowed:
        with pytest.raises(ClientError, match="Could not assume role"):
            trainer.sagemaker.create_training_job(**request)
    else:
        refused(trainer.sagemaker.create_training_job, **request)


@pytest.mark.parametrize("key", ["sagemaker:DirectGatedModelAccess", "sagemaker:Nothing", "sagemaker:OutputKmsKeyArn", "aws:SomethingNew"])
@pytest.mark.parametrize("statement", [allow, deny])
def test_a_condition_that_cannot_be_evaluated_refuses(aws, key, statement):
    blind = session(aws, allow(), statement("sagemaker:CreateTrainingJob", StringNotEquals={key: "x"}) | {"Sid": "Blind"})
    request = training(named("job"), OutputDataConfig={"S3OutputPath": "s3://course-data/out", "KmsKeyId": "alias/a-key"})
    assert refused(blind.sagemaker.create_training_job, **request).endswith(
        f"because policy role_{blind.name}_own, statement Blind: the condition key {key} cannot be evaluated by the local AWS"
    )


def test_a_variable_with_a_default_in_a_resource(aws):
    one, other = named(), named()
    for name in (one, other):
        aws("sagemaker").create_model(**model(name))
    personal = session(aws, allow("sagemaker:DescribeModel", f"{PLACE}:model/${{aws:PrincipalTag/model, '{one}'}}"))
    personal.sagemaker.describe_model(ModelName=one)
    refused(personal.sagemaker.describe_model, ModelName=other)
    aws("iam").tag_role(RoleName=personal.name, Tags=[{"Key": "model", "Value": other}])
    personal.sagemaker.describe_model(ModelName=other)
    refused(personal.sagemaker.describe_model, ModelName=one)


# The runtime, and operations that need no permission


def test_the_runtime_asks_as_well(aws):
    caller = session(aws, allow("sagemaker:InvokeEndpoint", f"{PLACE}:endpoint/mine"))
    runtime = aws("sagemaker-runtime", **caller.keys)
    assert refused(runtime.invoke_endpoint, 403, EndpointName="Theirs", Body=b"1").startswith(
        words(caller, "sagemaker:InvokeEndpoint", f"{PLACE}:endpoint/theirs") + " because"
    )
    with pytest.raises(ClientError, match="Endpoint mine of account") as raised:
        runtime.invoke_endpoint(EndpointName="mine", Body=b"1")
    assert raised.value.response["Error"]["Code"] == "ValidationError"


def test_what_is_not_supported_says_so_to_everyone(aws):
    with pytest.raises(ClientError, match="not supported by the local AWS"):
        session(aws).sagemaker.list_domains()


# ModelTrainer

PROGRAM = """
import sys
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, OutputDataConfig

trainer = ModelTrainer(
    training_image=sys.argv[1], role=sys.argv[2], base_job_name="refused", compute=Compute(instance_type="ml.m5.large", instance_count=1),
    output_data_config=OutputDataConfig(s3_output_path="s3://course-data/out"),
)
print("TRAINER")
trainer.train(wait=False, logs=False)
"""


@pytest.mark.nightly  # the SDK imports slowly
def test_model_trainer_of_a_role_that_lacks_only_create_training_job(aws, tmp_path):
    learner = session(aws, {"Effect": "Allow", "NotAction": "sagemaker:CreateTrainingJob", "Resource": "*"})
    keys = {
        "AWS_ACCESS_KEY_ID": learner.keys["access_key"],
        "AWS_SECRET_ACCESS_KEY": learner.keys["secret"],
        "AWS_SESSION_TOKEN": learner.keys["token"],
    }
    environment = {**os.environ, **aws.handle.environment(), **keys, "HOME": str(tmp_path)}
    role = f"arn:aws:iam::{ACCOUNT}:role/{learner.name}"
    done = subprocess.run([sys.executable, "-c", PROGRAM, SKLEARN, role], env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode != 0 and "TRAINER" in done.stdout, done.stderr
    printed = re.sub(r"\s+", " ", done.stderr)
    assert "AccessDeniedException" in printed
    assert f"{words(learner, 'sagemaker:CreateTrainingJob')} on resource: {PLACE}:training-job/refused-" in printed
    assert "because no identity-based policy allows the sagemaker:CreateTrainingJob action" in printed


# The tables


@cache
def inputs() -> dict[str, Shape | None]:
    return {operation: operation_model(service, operation).input_shape for service, operation in operations()}


def has(shape: Shape | None, path: str) -> bool:
    """Returns whether a request has the member at a path and the member is a value or a list of values."""
    for member in path.split("."):
        while shape.type_name == "list":
            shape = shape.member
        if shape.type_name != "structure" or member not in shape.members:
            return False
        shape = shape.members[member]
    while shape.type_name == "list":
        shape = shape.member
    return shape.type_name not in ("structure", "map")


def table(name: str) -> dict:
    return yaml.safe_load(Path(permissions.__file__).with_name(name).read_text())


def test_the_tables_name_members_that_requests_have():
    tables = table("permissions.yaml")
    asked = [
        (operation, path)
        for template, names in tables["resources"].items()
        for path in re.findall(r"{(.*?)}", template)
        for operation in names
    ]
    asked += [(operation, path) for path, names in tables["passed_roles"].items() for operation in names]
    conditions = table("condition_keys.yaml")["conditions"].values()
    asked += [(operation, path) for entry in conditions for path, names in entry.get("from", {}).items() for operation in names]
    assert [(operation, path) for operation, path in asked if not has(inputs()[operation], path)] == []


def test_every_operation_that_names_its_resource_is_in_the_table():
    named = {operation for names in table("permissions.yaml")["resources"].values() for operation in names}
    verbs = ("Create", "Describe", "Delete", "Update", "Stop", "Start")
    # Operations that AWS's reference does not list yet, or lists without a resource.
    unknown = re.compile(
        r"ClusterExtension|ClusterOperation|EndpointPolicy|InferenceGateway|InferenceRouter|JobSchemaVersion|LineageGroup|TrainingSession|UpdateRecord"
    )
    asked = {operation for operation in inputs() if operation.startswith(verbs) and not unknown.search(operation)}
    assert asked - named == set()
