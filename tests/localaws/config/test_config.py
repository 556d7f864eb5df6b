"""Managed rules of Config: compliant and noncompliant resources, evaluation on the clock and on request, and the events."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from course.localaws.config import catalog
from course.localaws.config.store import Rule
from tests.leaked_processes import wait_for
from tests.localaws.iam.callers import document
from tests.localaws.moto import earlier_release
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.subscribed_queues import queue_for_rules

DAY = 86_400
NUMBERS = itertools.count()
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    made = RestartableAws(tmp_path_factory.mktemp("config") / "state")
    record(made)
    yield made
    made.stop()


def record(aws, **group: Any) -> None:
    """Make the configuration recorder and start it."""
    config = aws("config")
    group = group or {"allSupported": True, "includeGlobalResourceTypes": True}
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": group})
    aws("s3").create_bucket(Bucket="config-history")
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config-history"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def put(aws, identifier: str, parameters: dict[str, str] | None = None, **more: Any) -> str:
    """Make a rule, and return its name."""
    name = identifier.lower().replace("_", "-")
    source = {"Owner": "AWS", "SourceIdentifier": identifier}
    given = {"ConfigRuleName": name, "Source": source} | ({"InputParameters": json.dumps(parameters)} if parameters else {})
    aws("config").put_config_rule(ConfigRule=given | more)
    return name


def results(aws, name: str) -> dict[str, str]:
    """Resource -> compliance after an evaluation that begins now."""
    config = aws("config")
    begun = time.time()
    config.start_config_rules_evaluation(ConfigRuleNames=[name])

    def evaluated() -> bool:
        [status] = config.describe_config_rule_evaluation_status(ConfigRuleNames=[name])["ConfigRulesEvaluationStatus"]
        assert "LastErrorMessage" not in status, status
        return "LastSuccessfulEvaluationTime" in status and status["LastSuccessfulEvaluationTime"].timestamp() >= begun

    wait_for(evaluated, f"{name} is evaluated")
    found = config.get_paginator("get_compliance_details_by_config_rule").paginate(ConfigRuleName=name)
    details = [each for page in found for each in page["EvaluationResults"]]
    qualifiers = [(each["EvaluationResultIdentifier"]["EvaluationResultQualifier"], each) for each in details]
    return {qualifier["ResourceId"]: each["ComplianceType"] for qualifier, each in qualifiers}


def bucket(aws, name: str) -> str:
    aws("s3").create_bucket(Bucket=name)
    return name


GOOD, BAD = "COMPLIANT", "NON_COMPLIANT"


def test_models_and_endpoint_configurations(aws):
    sagemaker, kms = aws("sagemaker"), aws("kms")
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    container = {"Image": IMAGE}
    inside = {"VpcConfig": {"Subnets": [subnet], "SecurityGroupIds": [group]}, "EnableNetworkIsolation": True}
    for name, options in (("open", {}), ("closed", inside)):
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, **options)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    for name, count, options in (("one", 1, {}), ("two", 2, {"KmsKeyId": key})):
        variant = {"VariantName": "v", "ModelName": "open", "InitialInstanceCount": count, "InstanceType": "ml.m5.large"}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **options)
    assert results(aws, put(aws, "SAGEMAKER_MODEL_IN_VPC")) == {"open": BAD, "closed": GOOD}
    assert results(aws, put(aws, "SAGEMAKER_MODEL_ISOLATION_ENABLED")) == {"open": BAD, "closed": GOOD}
    assert results(aws, put(aws, "SAGEMAKER_ENDPOINT_CONFIG_PROD_INSTANCE_COUNT")) == {"one": BAD, "two": GOOD}
    rule = "SAGEMAKER_ENDPOINT_CONFIGURATION_KMS_KEY_CONFIGURED"
    assert results(aws, put(aws, rule)) == {"one": BAD, "two": GOOD}
    assert results(aws, put(aws, rule, {"kmsKeyArns": key})) == {"one": BAD, "two": GOOD}
    assert results(aws, put(aws, rule, {"kmsKeyArns": key + "0"})) == {"one": BAD, "two": BAD}


def test_buckets_that_are_public(aws):
    s3 = aws("s3")
    shut, read, write, blocked = (bucket(aws, f"public-{name}") for name in ("shut", "read", "write", "blocked"))
    off = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
    for name, actions in ((read, "s3:GetObject"), (write, "s3:PutObject"), (blocked, "s3:*")):
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=off)
        statement = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": f"arn:aws:s3:::{name}/*"}
        s3.put_bucket_policy(Bucket=name, Policy=document(statement))
    s3.put_public_access_block(Bucket=blocked, PublicAccessBlockConfiguration=off | {"RestrictPublicBuckets": True})

    def of(found: dict[str, str]) -> list[str]:
        return [found[name] for name in (shut, read, write, blocked)]

    assert of(results(aws, put(aws, "S3_BUCKET_PUBLIC_READ_PROHIBITED"))) == [GOOD, BAD, GOOD, GOOD]
    assert of(results(aws, put(aws, "S3_BUCKET_PUBLIC_WRITE_PROHIBITED"))) == [GOOD, GOOD, BAD, GOOD]
    rule = "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"
    assert of(results(aws, put(aws, rule))) == [GOOD, BAD, BAD, BAD]
    assert of(results(aws, put(aws, rule, {"excludedPublicBuckets": f"{read}, {write}"}))) == [GOOD, GOOD, GOOD, BAD]


@pytest.mark.parametrize(
    ("change", "compliance"),
    [
        ({}, GOOD),
        ({"Action": "s3:GetObject"}, BAD),
        ({"Principal": {"AWS": "123456789012"}}, BAD),
        ({"Resource": "{0}/*"}, BAD),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, BAD),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalAccount": "1"}}}, BAD),
        ({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, BAD),
    ],
)
def test_a_bucket_that_denies_requests_without_tls(aws, change, compliance):
    name = bucket(aws, f"tls-{next(NUMBERS)}")
    arn = f"arn:aws:s3:::{name}"
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"], "Condition": plain} | change
    aws("s3").put_bucket_policy(Bucket=name, Policy=document(statement).replace("{0}", arn))
    assert results(aws, put(aws, "S3_BUCKET_SSL_REQUESTS_ONLY"))[name] == compliance


def test_encryption_and_versions_of_buckets(aws):
    s3, key = aws("s3"), aws("kms").create_key()["KeyMetadata"]["Arn"]
    plain, sealed = bucket(aws, "kept-plain"), bucket(aws, "kept-sealed")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=sealed, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket=sealed, VersioningConfiguration={"Status": "Enabled"})

    def of(found: dict[str, str]) -> list[str]:
        return [found[plain], found[sealed]]

    assert of(results(aws, put(aws, "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"))) == [GOOD, GOOD]
    assert of(results(aws, put(aws, "S3_DEFAULT_ENCRYPTION_KMS"))) == [BAD, GOOD]
    assert of(results(aws, put(aws, "S3_DEFAULT_ENCRYPTION_KMS", {"kmsKeyArns": "other"}))) == [BAD, BAD]
    assert of(results(aws, put(aws, "S3_BUCKET_VERSIONING_ENABLED"))) == [BAD, GOOD]


def test_keys(aws):
    kms = aws("kms")
    turned, still, doomed = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3))
    kms.enable_key_rotation(KeyId=turned)
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
    found = results(aws, put(aws, "CMK_BACKING_KEY_ROTATION_ENABLED"))
    assert (found[turned], found[still], doomed in found) == (GOOD, BAD, False)
    found = results(aws, put(aws, "KMS_CMK_NOT_SCHEDULED_FOR_DELETION"))
    assert (found[turned], found[doomed]) == (GOOD, BAD)
    assert results(aws, put(aws, "KMS_CMK_NOT_SCHEDULED_FOR_DELETION", {"kmsKeyIds": turned})) == {turned: GOOD}


def test_policies_and_trails(aws):
    iam = aws("iam")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    admin = iam.create_policy(PolicyName="admin", PolicyDocument=document(everything))["Policy"]
    reader = iam.create_policy(PolicyName="reader", PolicyDocument=document(everything | {"Action": "s3:Get*"}))["Policy"]
    rule = "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"
    assert results(aws, put(aws, rule)) == {admin["PolicyId"]: BAD, reader["PolicyId"]: GOOD}
    iam.create_user(UserName="bounded", PermissionsBoundary=admin["Arn"])
    assert results(aws, put(aws, rule, {"excludePermissionBoundaryPolicy": "true"})) == {reader["PolicyId"]: GOOD}
    assert results(aws, put(aws, "CLOUD_TRAIL_ENABLED")) == {"123456789012": BAD}
    trusted = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": ["s3:GetBucketAcl", "s3:PutObject"]}
    resources = ["arn:aws:s3:::config-history", "arn:aws:s3:::config-history/*"]
    aws("s3").put_bucket_policy(Bucket="config-history", Policy=document(trusted | {"Resource": resources}))
    aws("cloudtrail").create_trail(Name="trail", S3BucketName="config-history")
    aws("cloudtrail").start_logging(Name="trail")
    assert results(aws, put(aws, "CLOUD_TRAIL_ENABLED")) == {"123456789012": GOOD}
    assert results(aws, put(aws, "CLOUD_TRAIL_ENABLED", {"s3BucketName": "other"})) == {"123456789012": BAD}


def test_compliance_of_rules_and_resources(aws):
    config = aws("config")
    bucket(aws, "summed-up")
    name = put(
        aws, "S3_BUCKET_VERSIONING_ENABLED", Scope={"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": "summed-up"}
    )
    assert results(aws, name) == {"summed-up": BAD}
    [found] = config.describe_compliance_by_config_rule(ConfigRuleNames=[name])["ComplianceByConfigRules"]
    assert found["Compliance"] == {
        "ComplianceType": BAD,
        "ComplianceContributorCount": {"CappedCount": 1, "CapExceeded": False},
    }
    resources = config.describe_compliance_by_resource(ResourceType="AWS::S3::Bucket", ResourceId="summed-up")["ComplianceByResources"]
    assert [each["Compliance"]["ComplianceType"] for each in resources] == [BAD]
    details = config.get_compliance_details_by_resource(ResourceType="AWS::S3::Bucket", ResourceId="summed-up")["EvaluationResults"]
    assert "Versioning is not enabled." in [each.get("Annotation") for each in details]
    assert config.get_compliance_summary_by_config_rule()["ComplianceSummary"]["NonCompliantResourceCount"]["CappedCount"] >= 1
    config.delete_evaluation_results(ConfigRuleName=name)
    [found] = config.describe_compliance_by_config_rule(ConfigRuleNames=[name])["ComplianceByConfigRules"]
    assert found["Compliance"]["ComplianceType"] == "INSUFFICIENT_DATA"
    [rule] = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
    config.tag_resource(ResourceArn=rule["ConfigRuleArn"], Tags=[{"Key": "team", "Value": "ml"}])
    assert config.list_tags_for_resource(ResourceArn=rule["ConfigRuleArn"])["Tags"] == [{"Key": "team", "Value": "ml"}]
    config.delete_config_rule(ConfigRuleName=name)
    with pytest.raises(ClientError, match="NoSuchConfigRuleException"):
        config.describe_config_rules(ConfigRuleNames=[name])


def test_details_by_resource_are_paged_without_loss(aws):
    buckets = [bucket(aws, f"paged-{number}") for number in range(12)]  # more than a page
    rules = [put(aws, "S3_BUCKET_VERSIONING_ENABLED"), put(aws, "S3_DEFAULT_ENCRYPTION_KMS")]
    for rule in rules:
        results(aws, rule)
    pages = aws("config").get_paginator("get_compliance_details_by_resource").paginate(ResourceType="AWS::S3::Bucket")
    found = [each["EvaluationResultIdentifier"]["EvaluationResultQualifier"] for page in pages for each in page["EvaluationResults"]]
    shown = [(each["ConfigRuleName"], each["ResourceId"]) for each in found]
    assert {(rule, name) for rule in rules for name in buckets} <= {*shown}
    assert len({*shown}) == len(shown)


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        ({"Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_LOGGING_ENABLED"}}, "NotSupportedByLocalAws", "S3_BUCKET_VERSIONING"),
        (
            {"Source": {"Owner": "AWS", "SourceIdentifier": "SAGEMAKER_NOTEBOOK_NO_DIRECT_INTERNET_ACCESS"}},
            "NotSupportedByLocalAws",
            "no notebook instances",
        ),
        ({"Source": {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": "arn"}}, "NotSupportedByLocalAws", "CUSTOM_LAMBDA"),
        (
            {"Source": {"Owner": "AWS", "SourceIdentifier": "SAGEMAKER_MODEL_IN_VPC"}, "InputParameters": '{"x": "y"}'},
            "InvalidParameterValueException",
            "Unknown parameters",
        ),
        (
            {"Source": {"Owner": "AWS", "SourceIdentifier": "SAGEMAKER_MODEL_IN_VPC"}, "InputParameters": "{"},
            "InvalidParameterValueException",
            "Invalid json",
        ),
        (
            {"Source": {"Owner": "AWS", "SourceIdentifier": "SAGEMAKER_MODEL_IN_VPC"}, "Scope": {"TagKey": "a"}},
            "NotSupportedByLocalAws",
            "Scope by tags",
        ),
    ],
)
def test_rules_that_are_not_evaluated_are_refused_by_name(aws, rule, code, words):
    with pytest.raises(ClientError, match=words) as error:
        aws("config").put_config_rule(ConfigRule={"ConfigRuleName": "refused"} | rule)
    assert error.value.response["Error"]["Code"] == code


def test_evaluations_of_others_and_macie_are_refused(aws):
    with pytest.raises(ClientError, match="NotSupportedByLocalAws"):
        aws("config").put_evaluations(ResultToken="t", TestMode=True)
    with pytest.raises(ClientError, match="query it with Athena"):
        aws("macie2").enable_macie()


def test_a_rule_needs_a_recorder_and_sees_what_it_records(tmp_path):
    aws = RestartableAws(tmp_path / "state")
    try:
        with pytest.raises(ClientError, match="NoAvailableConfigurationRecorderException"):
            put(aws, "S3_BUCKET_VERSIONING_ENABLED")
        record(aws, resourceTypes=["AWS::SageMaker::Model"])
        unrecorded, periodic = put(aws, "S3_BUCKET_VERSIONING_ENABLED"), put(aws, "S3_BUCKET_PUBLIC_READ_PROHIBITED")
        assert results(aws, periodic) == {"config-history": GOOD}
        [found] = aws("config").describe_compliance_by_config_rule(ConfigRuleNames=[unrecorded])["ComplianceByConfigRules"]
        assert found["Compliance"]["ComplianceType"] == "INSUFFICIENT_DATA"
    finally:
        aws.stop()


def test_rules_are_evaluated_on_the_clock_and_tell_eventbridge_of_changes(tmp_path):
    aws = RestartableAws(tmp_path / "state")
    try:
        record(aws)
        queue, arn = queue_for_rules(aws("sqs"), "changes")
        pattern = {"source": ["aws.config"], "detail-type": ["Config Rules Compliance Change"]}
        aws("events").put_rule(Name="compliance", EventPattern=json.dumps(pattern))
        aws("events").put_targets(Rule="compliance", Targets=[{"Id": "q", "Arn": arn}])
        changes, periodic = put(aws, "S3_BUCKET_VERSIONING_ENABLED"), put(aws, "CMK_BACKING_KEY_ROTATION_ENABLED")
        assert results(aws, changes) == {"config-history": BAD}
        aws.restart()
        aws("s3").put_bucket_versioning(Bucket="config-history", VersioningConfiguration={"Status": "Enabled"})
        key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
        aws.handle.advance(2 * DAY)
        found = aws("config").describe_compliance_by_config_rule(ConfigRuleNames=[changes, periodic])["ComplianceByConfigRules"]
        assert {each["ConfigRuleName"]: each["Compliance"]["ComplianceType"] for each in found} == {changes: GOOD, periodic: BAD}
        shown: list[tuple[str, str]] = []

        def receive() -> bool:
            messages = aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            details = [json.loads(each["Body"])["detail"] for each in messages]
            shown.extend((each["resourceId"], each["newEvaluationResult"]["complianceType"]) for each in details)
            return len(shown) >= 3

        wait_for(receive, "three changes are sent")
        assert sorted(shown) == sorted([("config-history", BAD), ("config-history", GOOD), (key, BAD)])
    finally:
        aws.stop()


def test_a_caller_needs_the_action_on_the_rule(aws):
    iam, name = aws("iam"), put(aws, "S3_BUCKET_VERSIONING_ENABLED")
    [rule] = aws("config").describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
    iam.create_user(UserName="auditor")
    key = iam.create_access_key(UserName="auditor")["AccessKey"]
    config = aws("config", key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError, match="not authorized to perform: config:StartConfigRulesEvaluation"):
        config.start_config_rules_evaluation(ConfigRuleNames=[name])
    statement = {"Effect": "Allow", "Action": "config:StartConfigRulesEvaluation", "Resource": rule["ConfigRuleArn"]}
    iam.put_user_policy(UserName="auditor", PolicyName="p", PolicyDocument=document(statement))
    config.start_config_rules_evaluation(ConfigRuleNames=[name])
    with pytest.raises(ClientError, match="not authorized to perform: config:DescribeConfigurationRecorders"):
        config.describe_configuration_recorders()


def test_rules_of_an_earlier_release_are_taken_over(tmp_path):
    source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}
    rules = [{"ConfigRuleName": "kept", "Source": source}]
    rules.append({"ConfigRuleName": "left", "Source": source | {"SourceIdentifier": "S3_BUCKET_LOGGING_ENABLED"}})
    state, target = earlier_release.unpack(tmp_path), "StarlingDoveService.PutConfigRule"
    earlier_release.journal(state, *(earlier_release.request("config", target, {"ConfigRule": rule}) for rule in rules))
    aws = RestartableAws(state)
    try:
        record(aws)
        wait_for(lambda: aws("config").describe_config_rules()["ConfigRules"], "rules are taken over")
        assert [each["ConfigRuleName"] for each in aws("config").describe_config_rules()["ConfigRules"]] == ["kept"]
        assert results(aws, "kept")["kept"] in (GOOD, BAD)
    finally:
        aws.stop()


def test_every_rule_in_the_table_has_a_check_and_a_trigger():
    table = yaml.safe_load(Path(catalog.__file__).with_name("rules.yaml").read_text())
    assert all(callable(rule.check) and rule.types for rule in catalog.rules().values())
    assert not table["rules"].keys() & table["refused"].keys()
    assert {entry["trigger"] for entry in table["rules"].values()} <= {"changes", "periodic", "both"}


def test_a_rule_of_a_state_folder_of_november_2026_is_read():
    rule = Rule("us-east-1", "open", "arn", "config-rule-abc123", {"Source": {}})
    assert Rule.load(json.dumps(json.loads(rule.dump()) | {"created": 1.0})) == rule
