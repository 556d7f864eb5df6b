"""Budgets through boto3: what they track, when they notify, and what their actions do. KMS keys are the usage: a dollar a month each."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.budgets import periods, thresholds
from course.localaws.core.credentials import ACCOUNT
from tests.leaked_processes import wait_for
from tests.localaws.moto import earlier_release
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.subscribed_queues import subscribe

HOUR, DAY = 3600.0, 86_400.0
DENY = "arn:aws:iam::aws:policy/AWSDenyAll"


def now(aws: RestartableAws) -> datetime:
    return datetime.fromtimestamp(aws.handle.advance(0), UTC)


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def aws(tmp_path) -> Iterator[RestartableAws]:
    """A local AWS at noon of the second day of a month."""
    aws = RestartableAws(tmp_path / "state")
    at = (now(aws).replace(day=1) + timedelta(days=32)).replace(day=2, hour=12, minute=0, second=0, microsecond=0)
    aws.handle.advance(at.timestamp() - aws.handle.advance(0))
    yield aws
    aws.stop()


def budget(amount: str = "2", **more: Any) -> dict:
    return {"BudgetName": "course", "BudgetLimit": {"Amount": amount, "Unit": "USD"}, "TimeUnit": "MONTHLY", "BudgetType": "COST"} | more


def alert(kind: str = "ACTUAL", threshold: float = 80, **more: Any) -> dict:
    return {"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": threshold} | more


def create(aws: RestartableAws, given: dict, *alerts: tuple[dict, str]) -> None:
    with_subscribers = [
        {"Notification": each, "Subscribers": [{"SubscriptionType": "SNS", "Address": address}]} for each, address in alerts
    ]
    aws("budgets").create_budget(AccountId=ACCOUNT, Budget=given, NotificationsWithSubscribers=with_subscribers)


def described(aws: RestartableAws, name: str = "course") -> dict:
    return aws("budgets").describe_budget(AccountId=ACCOUNT, BudgetName=name)["Budget"]


def spent(aws: RestartableAws, name: str = "course") -> float:
    return float(described(aws, name)["CalculatedSpend"]["ActualSpend"]["Amount"])


def topic(aws: RestartableAws, allowed: bool = True) -> tuple[str, str]:
    """The ARN of a topic and the URL of a queue that is subscribed to it."""
    sns, sqs = aws("sns"), aws("sqs")
    arn, queue = sns.create_topic(Name="bills")["TopicArn"], sqs.create_queue(QueueName="bills")["QueueUrl"]
    subscribe(sns, sqs, arn, queue)
    if allowed:
        statement = {"Effect": "Allow", "Principal": {"Service": "budgets.amazonaws.com"}, "Action": "sns:Publish", "Resource": arn}
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document(statement))
    return arn, queue


def messages(aws: RestartableAws, queue: str) -> list[dict]:
    found = aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(each["Body"]) for each in found]


def keys(aws: RestartableAws, many: int, **more: Any) -> list[str]:
    return [aws("kms").create_key(**more)["KeyMetadata"]["KeyId"] for _ in range(many)]


def days_of(at: datetime) -> int:
    first = at.replace(day=1)
    return ((first + timedelta(days=32)).replace(day=1) - first).days


def test_a_budget_tracks_the_costs_of_its_month_from_the_next_evaluation_on(aws):
    keys(aws, 3)
    create(aws, budget())
    assert spent(aws) == 0
    aws.handle.advance(4 * HOUR)  # to 16:00, an evaluation
    at = now(aws)
    assert spent(aws) == pytest.approx(3 * 4 / 24 / days_of(at), rel=1e-2)
    aws.handle.advance(7 * HOUR)
    assert spent(aws) == pytest.approx(3 * 4 / 24 / days_of(at), rel=1e-2)  # not evaluated since


def test_a_notification_is_sent_once_when_its_threshold_is_crossed(aws):
    arn, queue = topic(aws)
    keys(aws, 3)
    create(aws, budget("1", BudgetName="Test Budget"), (alert(threshold=50), arn))
    aws.handle.advance(3 * DAY)
    assert messages(aws, queue) == []
    aws.handle.advance(20 * DAY)
    [message] = messages(aws, queue)
    assert message["Subject"] == "AWS Budgets: Test Budget has exceeded your alert threshold"
    assert "the ACTUAL Cost associated with your Test Budget budget is greater than $0.50 for the current month." in message["Message"]
    assert "\nBudgeted Amount: $1.00\nAlert Type: ACTUAL\nAlert Threshold: > $0.50\nACTUAL Amount: $0.5" in message["Message"]
    [state] = aws("budgets").describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName="Test Budget")["Notifications"]
    assert state == alert(threshold=50.0, ThresholdType="PERCENTAGE", NotificationState="ALARM")


def test_the_next_month_begins_at_zero_and_notifies_again(aws):
    arn, queue = topic(aws)
    keys(aws, 3)
    create(aws, budget("1"), (alert(threshold=50), arn))
    aws.handle.advance(62 * DAY)
    assert len(messages(aws, queue)) == 2


def test_a_topic_whose_policy_does_not_allow_budgets_gets_nothing(aws):
    arn, queue = topic(aws, allowed=False)
    keys(aws, 3)
    create(aws, budget("1"), (alert(threshold=50), arn))
    aws.handle.advance(20 * DAY)
    assert messages(aws, queue) == []
    [state] = aws("budgets").describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName="course")["Notifications"]
    assert state["NotificationState"] == "ALARM"


def test_a_forecast_needs_five_weeks_and_then_notifies_before_the_money_is_spent(aws):
    arn, queue = topic(aws)
    keys(aws, 3)
    create(aws, budget("2.5"), (alert("FORECASTED", 100), arn))
    aws.handle.advance(30 * DAY)
    assert "ForecastedSpend" not in described(aws)["CalculatedSpend"] and messages(aws, queue) == []
    aws.handle.advance(8 * DAY)
    spend = described(aws)["CalculatedSpend"]
    assert float(spend["ActualSpend"]["Amount"]) < 1.5 and float(spend["ForecastedSpend"]["Amount"]) == pytest.approx(3.0, rel=0.05)
    [message] = messages(aws, queue)
    assert "Alert Type: FORECASTED" in message["Message"]


def test_the_last_hours_of_a_day_count_in_a_daily_budget(aws):
    arn, queue = topic(aws)
    aws.handle.advance(6 * HOUR)  # 18:00, after the day's last evaluation
    create(aws, budget("0.01", TimeUnit="DAILY"), (alert(threshold=100), arn))
    keys(aws, 3)
    aws.handle.advance(6 * HOUR + 1)
    [message] = messages(aws, queue)
    assert "for the current day" in message["Message"]


def test_filters_by_service_and_tag(aws):
    aws("secretsmanager").create_secret(Name="s", SecretString="x")
    keys(aws, 1, Tags=[{"TagKey": "team", "TagValue": "ops"}])
    keys(aws, 2)
    time.sleep(1)
    aws("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": "team", "Status": "Active"}])
    service = {"Dimensions": {"Key": "SERVICE", "Values": ["AWS Key Management Service"]}}
    ops = {"Tags": {"Key": "team", "Values": ["ops"]}}
    budgets = [
        budget(BudgetName="all"),
        budget(BudgetName="kms", CostFilters={"Service": ["AWS Key Management Service"]}),
        budget(BudgetName="ops", CostFilters={"TagKeyValue": ["user:team$ops"]}),
        budget(BudgetName="nobody's", CostFilters={"TagKeyValue": ["team$ops"]}),
        budget(BudgetName="others", FilterExpression={"And": [service, {"Not": ops}]}, Metrics=["UnblendedCost"]),
    ]
    for each in budgets:
        create(aws, each)
    aws.handle.advance(10 * DAY)
    found = {each["BudgetName"]: spent(aws, each["BudgetName"]) for each in budgets}
    assert found["ops"] * 3 == pytest.approx(found["kms"], rel=1e-2) and found["nobody's"] == 0
    assert found["others"] == pytest.approx(found["kms"] * 2 / 3, rel=1e-2)
    assert found["all"] - found["kms"] == pytest.approx(found["kms"] / 3 * 0.4, rel=0.1)  # a secret costs 0.40 dollars a month
    shown = aws("budgets").describe_budget(AccountId=ACCOUNT, BudgetName="others", ShowFilterExpression=True)["Budget"]
    assert shown["FilterExpression"] == {"And": [service, {"Not": ops}]} and "FilterExpression" not in described(aws, "others")


def test_a_budget_of_usage_counts_units(aws):
    keys(aws, 4)
    limit = {"Amount": "10", "Unit": "Mo"}
    create(aws, budget(BudgetType="USAGE", BudgetLimit=limit, CostFilters={"UsageType": ["us-east-1-KMS-Keys"]}))
    aws.handle.advance(10 * DAY)
    actual = described(aws)["CalculatedSpend"]["ActualSpend"]
    assert actual["Unit"] == "Mo" and float(actual["Amount"]) == pytest.approx(4 * 10 / days_of(now(aws)), rel=0.05)


def test_planned_limits_change_with_the_month(aws):
    first = now(aws).replace(day=1, hour=0)
    months = [datetime(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1, tzinfo=UTC) for n in range(12)]
    planned = {str(int(each.timestamp())): {"Amount": str(n + 1), "Unit": "USD"} for n, each in enumerate(months)}
    given = budget(PlannedBudgetLimits=planned)
    del given["BudgetLimit"]
    create(aws, given)
    keys(aws, 1)
    aws.handle.advance(70 * DAY)
    history = aws("budgets").describe_budget_performance_history(AccountId=ACCOUNT, BudgetName="course")["BudgetPerformanceHistory"]
    rows = history["BudgetedAndActualAmountsList"]
    assert [each["BudgetedAmount"]["Amount"] for each in rows] == ["1", "2", "3"]
    assert [each["TimePeriod"]["Start"] for each in rows] == months[:3]
    assert float(rows[1]["ActualAmount"]["Amount"]) == pytest.approx(1.0, rel=1e-2)


def test_a_budget_ends_with_its_time_period(aws):
    create(aws, budget(TimePeriod={"Start": now(aws).replace(day=1, hour=0), "End": now(aws) + timedelta(days=5)}))
    aws.handle.advance(6 * DAY)
    with pytest.raises(ClientError, match="Unable to get budget: course - the budget doesn't exist."):
        described(aws)


@pytest.mark.parametrize(
    ("changed", "code", "text"),
    [
        ({"BudgetLimit": None}, "InvalidParameterException", "please provide one of the followings: Budget Limit"),
        ({"BudgetLimit": {"Amount": "0", "Unit": "USD"}}, "InvalidParameterException", "must be greater than 0; got 0"),
        ({"BudgetLimit": {"Amount": "1", "Unit": "EUR"}}, "InvalidParameterException", "is USD; got EUR"),
        ({"TimeUnit": "CUSTOM"}, "InvalidParameterException", "needs a TimePeriod"),
        ({"TimePeriod": {"Start": 2e9, "End": 1e9}}, "InvalidParameterException", "must be before its end"),
        ({"CostFilters": {}, "FilterExpression": {}}, "InvalidParameterException", "either FilterExpression"),
        (
            {"FilterExpression": {"Dimensions": {"Key": "RESOURCE_ID", "Values": ["x"]}}},
            "InvalidParameterException",
            "dimension is invalid",
        ),
        ({"Metrics": ["UsageQuantity"], "FilterExpression": {}}, "InvalidParameterException", "cannot track the metric UsageQuantity"),
        ({"PlannedBudgetLimits": {"1": {"Amount": "1", "Unit": "USD"}}}, "InvalidParameterException", "either BudgetLimit or"),
        ({"BudgetType": "RI_COVERAGE"}, "NotSupportedByLocalAws", "a budget of type RI_COVERAGE"),
        ({"CostFilters": {"CostCategory": ["a$b"]}}, "NotSupportedByLocalAws", "the cost filter CostCategory"),
    ],
)
def test_a_wrong_budget_is_refused_and_nothing_is_made(local_aws, client, changed, code, text):
    given = {key: value for key, value in (budget() | changed).items() if value is not None}
    with pytest.raises(ClientError, match=text) as error:
        client("budgets").create_budget(AccountId=ACCOUNT, Budget=given)
    assert error.value.response["Error"]["Code"] == code
    assert client("budgets").describe_budgets(AccountId=ACCOUNT)["Budgets"] == []


def test_names_are_unique_and_other_accounts_are_refused(aws):
    create(aws, budget())
    with pytest.raises(ClientError, match="Error creating budget: course - the budget already exists."):
        create(aws, budget())
    with pytest.raises(ClientError, match="AccessDeniedException"):
        aws("budgets").describe_budgets(AccountId="210987654321")


def test_notifications_and_subscribers_can_be_changed(aws):
    budgets, course = aws("budgets"), {"AccountId": ACCOUNT, "BudgetName": "course"}
    create(aws, budget())
    mail = {"SubscriptionType": "EMAIL", "Address": "a@example.com"}
    budgets.create_notification(**course, Notification=alert(), Subscribers=[mail])
    with pytest.raises(ClientError, match="has this notification already"):
        budgets.create_notification(**course, Notification=alert(ThresholdType="PERCENTAGE"), Subscribers=[mail])
    budgets.create_subscriber(**course, Notification=alert(), Subscriber=mail | {"Address": "b@example.com"})
    budgets.update_notification(**course, OldNotification=alert(), NewNotification=alert(threshold=90))
    found = budgets.describe_subscribers_for_notification(**course, Notification=alert(threshold=90))["Subscribers"]
    assert [each["Address"] for each in found] == ["a@example.com", "b@example.com"]
    for each in found:
        budgets.delete_subscriber(**course, Notification=alert(threshold=90), Subscriber=each)
    assert budgets.describe_notifications_for_budget(**course)["Notifications"] == []
    with pytest.raises(ClientError, match="at most 1 SNS subscriber"):
        topics = [{"SubscriptionType": "SNS", "Address": f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"} for name in "ab"]
        budgets.create_notification(**course, Notification=alert(), Subscribers=topics)


def acting_role(aws: RestartableAws, *actions: str) -> str:
    iam = aws("iam")
    trust = document({"Effect": "Allow", "Principal": {"Service": "budgets.amazonaws.com"}, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName="acting", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if actions:
        allowed = document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        iam.put_role_policy(RoleName="acting", PolicyName="p", PolicyDocument=allowed)
    return arn


def action(aws: RestartableAws, role: str, **more: Any) -> dict:
    given = {
        "NotificationType": "ACTUAL",
        "ActionType": "APPLY_IAM_POLICY",
        "ActionThreshold": {"ActionThresholdValue": 50, "ActionThresholdType": "PERCENTAGE"},
        "Definition": {"IamActionDefinition": {"PolicyArn": DENY, "Roles": ["SageMakerRole"]}},
        "ExecutionRoleArn": role,
        "ApprovalModel": "AUTOMATIC",
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "a@example.com"}],
    }
    made = aws("budgets").create_budget_action(AccountId=ACCOUNT, BudgetName="course", **given | more)
    return {"AccountId": ACCOUNT, "BudgetName": "course", "ActionId": made["ActionId"]}


def attached(aws: RestartableAws) -> bool:
    found = aws("iam").list_attached_role_policies(RoleName="SageMakerRole")["AttachedPolicies"]
    return DENY in [each["PolicyArn"] for each in found]


def test_an_automatic_action_attaches_its_policy_and_can_be_reversed_and_reset(aws):
    budgets = aws("budgets")
    create(aws, budget("1"))
    made = action(aws, acting_role(aws, "iam:AttachRolePolicy", "iam:DetachRolePolicy"))
    keys(aws, 3)
    aws.handle.advance(20 * DAY)
    assert attached(aws) and budgets.describe_budget_action(**made)["Action"]["Status"] == "EXECUTION_SUCCESS"
    with pytest.raises(ClientError, match="APPROVE_BUDGET_ACTION is possible in the status PENDING"):
        budgets.execute_budget_action(**made, ExecutionType="APPROVE_BUDGET_ACTION")
    budgets.execute_budget_action(**made, ExecutionType="REVERSE_BUDGET_ACTION")
    assert not attached(aws)
    aws.handle.advance(DAY)
    assert not attached(aws)  # it is not evaluated for the rest of the month
    budgets.execute_budget_action(**made, ExecutionType="RESET_BUDGET_ACTION")
    aws.handle.advance(DAY)
    assert attached(aws)
    history = budgets.describe_budget_action_histories(**made)["ActionHistories"]
    assert [each["Status"] for each in history] == ["STANDBY", "EXECUTION_SUCCESS", "REVERSE_SUCCESS", "STANDBY", "EXECUTION_SUCCESS"]
    assert [each["EventType"] for each in history] == ["CREATE_ACTION", "SYSTEM", "EXECUTE_ACTION", "EXECUTE_ACTION", "SYSTEM"]


def test_a_manual_action_waits_for_an_approval(aws):
    create(aws, budget("1"))
    made = action(aws, acting_role(aws, "iam:AttachRolePolicy"), ApprovalModel="MANUAL")
    keys(aws, 3)
    aws.handle.advance(20 * DAY)
    assert not attached(aws) and aws("budgets").describe_budget_action(**made)["Action"]["Status"] == "PENDING"
    aws("budgets").execute_budget_action(**made, ExecutionType="APPROVE_BUDGET_ACTION")
    assert attached(aws)


def test_an_action_whose_role_lacks_the_right_fails_and_says_why(aws):
    create(aws, budget("1"))
    made = action(aws, acting_role(aws))
    keys(aws, 3)
    aws.handle.advance(20 * DAY)
    assert not attached(aws)
    last = aws("budgets").describe_budget_action_histories(**made)["ActionHistories"][-1]
    assert last["Status"] == "EXECUTION_FAILURE" and "iam:AttachRolePolicy" in last["ActionHistoryDetails"]["Message"]


def test_an_action_with_a_role_that_budgets_cannot_assume_is_refused(aws):
    create(aws, budget("1"))
    with pytest.raises(ClientError, match="its trust policy does not allow it to budgets.amazonaws.com"):
        action(aws, f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole")


def test_budgets_go_on_after_a_kill(aws):
    arn, queue = topic(aws)
    keys(aws, 3)
    create(aws, budget("1"), (alert(threshold=50), arn))
    time.sleep(1)
    aws.restart()
    aws.handle.advance(20 * DAY)
    assert len(messages(aws, queue)) == 1


def test_tags_decide_about_permissions(aws):
    aws("budgets").create_budget(AccountId=ACCOUNT, Budget=budget(), ResourceTags=[{"Key": "team", "Value": "ops"}])
    iam = aws("iam")
    iam.create_user(UserName="clerk")
    key = iam.create_access_key(UserName="clerk")["AccessKey"]
    clerk = aws("budgets", key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError, match="not authorized to perform: budgets:ViewBudget"):
        clerk.describe_budget(AccountId=ACCOUNT, BudgetName="course")
    statement = {"Effect": "Allow", "Action": "budgets:ViewBudget", "Resource": "*"}
    statement["Condition"] = {"StringEquals": {"aws:ResourceTag/team": "ops"}}
    iam.put_user_policy(UserName="clerk", PolicyName="p", PolicyDocument=document(statement))
    clerk.describe_budget(AccountId=ACCOUNT, BudgetName="course")
    aws("budgets").untag_resource(ResourceARN=f"arn:aws:budgets::{ACCOUNT}:budget/course", ResourceTagKeys=["team"])
    with pytest.raises(ClientError, match="not authorized to perform: budgets:ViewBudget"):
        clerk.describe_budget(AccountId=ACCOUNT, BudgetName="course")


def test_budgets_of_an_earlier_release_are_taken_over(tmp_path):
    state, target = earlier_release.unpack(tmp_path), "AWSBudgetServiceGateway.CreateBudget"
    given = [budget(BudgetName="kept"), budget(BudgetName="left", BudgetType="RI_COVERAGE")]
    earlier_release.journal(state, *(earlier_release.request("budgets", target, {"AccountId": ACCOUNT, "Budget": each}) for each in given))
    aws = RestartableAws(state)
    try:
        wait_for(lambda: aws("budgets").describe_budgets(AccountId=ACCOUNT)["Budgets"], "budgets are taken over")
        assert [each["BudgetName"] for each in aws("budgets").describe_budgets(AccountId=ACCOUNT)["Budgets"]] == ["kept"]
    finally:
        aws.stop()


TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)).map(lambda at: at.replace(tzinfo=UTC).timestamp())


@given(TIMES, st.sampled_from(["DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"]), st.floats(0, 400 * DAY))
def test_periods_follow_each_other_without_gaps_and_hold_their_times(at, unit, before):
    given = {"TimeUnit": unit, "TimePeriod": {"Start": 0.0, "End": periods.FOREVER}}
    begin, end = periods.period(given, at)
    assert begin <= at < end and periods.period(given, end)[0] == end
    found = periods.past(given, at - before, at)
    assert found[-1] == (begin, end) and all(first[1] == second[0] for first, second in zip(found, found[1:], strict=False))


@given(st.floats(0, 1e6), st.floats(0, 1000), st.floats(0.01, 1e6))
def test_a_percentage_is_one_of_the_limit(value, percent, limit):
    wanted = thresholds.amount(percent, "PERCENTAGE", limit)
    assert thresholds.is_crossed("GREATER_THAN", value, wanted) == (value > limit * percent / 100)
    assert not thresholds.is_crossed("GREATER_THAN", None, wanted)
