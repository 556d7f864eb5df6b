"""A budget that the learner's function makes by a plan, read back and tried on sample lines and requests (m14_1_ex3)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, Report
from course.grading.exercise.members import member_at
from course.grading.scoring import near

from .m14_1_lines import OF_USERS, TAGS, Line, UnreadFilter, counted
from .m14_1_policies import Request, UnreadPolicy, allowed

TAG = "team"
TEAMS = ("cargo", "crew", "delays", "gates", "loyalty", "meals", "routes")
SERVICES = ("Amazon SageMaker", "AWS Key Management Service", "Amazon Simple Storage Service")
OLD = ("cloudwatch.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com")  # services that may publish already
BUDGETS, STRANGER = "budgets.amazonaws.com", "lambda.amazonaws.com"
WARNED, FORECAST, STOPPED = 80, 100, 100  # percent
WITHIN = 1e-6  # of an amount


def judge_guard(answer: Answer, report: Report) -> None:
    """Let the learner make a budget by a plan, and read what is there; reports all parts of m14_1_ex3."""
    with _Scene(answer) as scene:
        answer.call("guard", scene.plan)
        report.doing("reads the budget, and tries its filter and the topic's policy")
        budget = scene.budget()
        if budget is None:
            report.part("budget", False, f"After `guard(plan)` there is no budget named {scene.plan['name']!r}, the plan's `name`.")
            for name in ("filter", "notifications", "topic", "action"):
                report.part(name, False, "Judged once the budget is there.")
            return
        found = {
            "budget": _budget(scene.plan, budget),
            "filter": _filter(scene.plan, budget),
            "notifications": _notifications(scene),
            "topic": _topic(scene),
            "action": _action(scene),
        }
        for name, said in found.items():
            report.part(name, not said, said or "As the text says.")


class _Scene(contextlib.ExitStack):
    """What a plan names: a topic to which another service publishes, two roles and a policy. Leave it to delete all of it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        rng, token = answer.rng, answer.token()
        self._client = answer.client
        self.account = answer.client("sts").get_caller_identity()["Account"]
        self.old = rng.choice(OLD)
        team, topic = f"{rng.choice(TEAMS)}-{token}", self._topic(f"m14-bills-{token}")
        role = self._role(f"m14-team-{token}", "sagemaker.amazonaws.com")
        acting = self._role(f"m14-acting-{token}", BUDGETS)
        self.plan = {
            "name": f"budget-{token}",
            "team": team,
            "topic": topic,
            "policy": self._policy(f"m14-stop-{token}", role),
            "role": role.rpartition("/")[2],
            "acting": acting,
            "limit": rng.randint(20, 400) * 5,
        }
        self.callback(self._forget, answer.client("budgets"))

    def budget(self) -> dict[str, Any] | None:
        """The plan's budget, as DescribeBudget shows it; None if there is none."""
        budgets = self._client("budgets")
        try:
            return budgets.describe_budget(**self.named, ShowFilterExpression=True)["Budget"]
        except budgets.exceptions.NotFoundException:
            return None

    @property
    def named(self) -> dict[str, str]:
        return {"AccountId": self.account, "BudgetName": self.plan["name"]}

    def alerts(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """The notifications of the budget, with the addresses of their subscribers."""
        budgets = self._client("budgets")
        for each in budgets.describe_notifications_for_budget(**self.named)["Notifications"]:
            members = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
            asked = {member: each[member] for member in members if member in each}
            who = budgets.describe_subscribers_for_notification(**self.named, Notification=asked)["Subscribers"]
            yield each, [subscriber["Address"] for subscriber in who]

    def actions(self) -> list[dict[str, Any]]:
        return self._client("budgets").describe_budget_actions_for_budget(**self.named)["Actions"]

    def statements(self) -> list[dict[str, Any]]:
        """The statements of the topic's policy. Raises UnreadPolicy."""
        policy = json.loads(self._client("sns").get_topic_attributes(TopicArn=self.plan["topic"])["Attributes"]["Policy"])
        found = policy.get("Statement") if isinstance(policy, dict) else None
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise UnreadPolicy("no list of statements")
        return found

    def _topic(self, name: str) -> str:
        sns = self._client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        self.callback(sns.delete_topic, TopicArn=topic)
        condition = {"StringEquals": {"aws:SourceAccount": self.account}}
        old = {"Sid": "old", "Effect": "Allow", "Principal": {"Service": self.old}, "Action": "sns:Publish", "Resource": topic}
        policy = {"Version": "2012-10-17", "Statement": [old | {"Condition": condition}]}
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
        return topic

    def _role(self, name: str, service: str) -> str:
        iam = self._client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        self.callback(iam.delete_role, RoleName=name)
        return arn

    def _policy(self, name: str, role: str) -> str:
        iam = self._client("iam")
        deny = {"Effect": "Deny", "Action": "sagemaker:Create*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        arn = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        self.callback(iam.delete_policy, PolicyArn=arn)
        self.callback(self._detach, role.rpartition("/")[2], arn)
        return arn

    def _detach(self, role: str, policy: str) -> None:
        with contextlib.suppress(ClientError):
            self._client("iam").detach_role_policy(RoleName=role, PolicyArn=policy)

    def _forget(self, budgets: Any) -> None:
        with contextlib.suppress(budgets.exceptions.NotFoundException):
            budgets.delete_budget(**self.named)


def _budget(plan: dict[str, Any], budget: dict[str, Any]) -> str:
    """What is wrong with the budget itself; ``""`` if nothing is. So are the results of all functions below."""
    if budget["BudgetType"] != "COST":
        return f"The budget is of type {budget['BudgetType']}; expected one of costs."
    if budget["TimeUnit"] != "MONTHLY":
        return f"The limit of the budget is for another time: `TimeUnit` is {budget['TimeUnit']}; expected a month."
    limit = budget.get("BudgetLimit", {})
    if not near(_number(limit.get("Amount")), plan["limit"], WITHIN * plan["limit"]):
        return f"The limit of the budget is {limit.get('Amount')} {limit.get('Unit')}; expected the plan's `limit` in dollars."
    return ""


def _filter(plan: dict[str, Any], budget: dict[str, Any]) -> str:
    if not budget.get("FilterExpression") and not budget.get("CostFilters"):
        return "The budget has no filter, so it counts the costs of all teams."
    try:
        own, other = ([counted(budget, line) for line in lines] for lines in _lines(plan["team"]))
    except UnreadFilter as error:
        return f"The budget has {error}; expected a filter by the tag `{TAG}`."
    if not any(own) and any(not each.startswith(OF_USERS) for each in budget.get("CostFilters", {}).get(TAGS, ())):
        return f"The budget counts no costs: `CostFilters` name a tag with its owner, as in `user:{TAG}$...`."
    if not any(own):
        return f"The budget counts no costs of the team: is its filter by the tag `{TAG}`, and the value exactly the plan's `team`?"
    if not all(own):
        return "The budget counts only some of the team's costs: it is to count the costs of all services."
    if any(other):
        return "The budget also counts costs of others, or costs without the tag."
    return ""


def _lines(team: str) -> tuple[list[Line], list[Line]]:
    """Lines of the team, and lines of others."""
    where = {"REGION": "us-east-1", "LINKED_ACCOUNT": "", "RECORD_TYPE": "Usage"}
    own = [Line({"SERVICE": service} | where, {TAG: team}) for service in SERVICES]
    tags: list[dict[str, str]] = [{}, {TAG: f"{team}-2"}, {TAG: team.upper()}, {"owner": team}, {TAG: ""}, {TAG: f"x-{team}"}]
    return own, [Line({"SERVICE": service} | where, each) for service in SERVICES for each in tags]


def _notifications(scene: _Scene) -> str:
    alerts = list(scene.alerts())
    wanted = {("ACTUAL", WARNED), ("FORECASTED", FORECAST)}
    found = {(each["NotificationType"], _percent(each, scene.plan)) for each, _ in alerts}
    if missing := sorted(wanted - found):
        kind = "actual costs" if missing[0][0] == "ACTUAL" else "forecast"
        shown = "; ".join(_described(each) for each, _ in alerts) or "none"
        return f"The notifications of the budget are: {shown}. The one on the {kind} is not there as the table has it."
    if len(alerts) > len(wanted):
        return f"The budget has {len(alerts)} notifications; the table has {len(wanted)}."
    if any(each["ComparisonOperator"] != "GREATER_THAN" for each, _ in alerts):
        return "A notification is not for costs *above* its threshold: look at its `ComparisonOperator`."
    if any(scene.plan["topic"] not in addresses for _, addresses in alerts):
        return "A notification does not go to the plan's `topic`."
    return ""


def _described(alert: dict[str, Any]) -> str:
    unit = "dollars" if alert.get("ThresholdType") == "ABSOLUTE_VALUE" else "percent"
    return f"{alert['NotificationType']} {alert['ComparisonOperator']} {alert['Threshold']:g} {unit}"


def _percent(alert: dict[str, Any], plan: dict[str, Any]) -> float:
    """The threshold of a notification in percent of the plan's limit."""
    if alert.get("ThresholdType") != "ABSOLUTE_VALUE":
        return alert["Threshold"]
    return round(100 * alert["Threshold"] / plan["limit"], 6)


def _topic(scene: _Scene) -> str:
    topic, own, other = scene.plan["topic"], scene.account, "999988887777"

    def may(principal: str, account: str, action: str = "sns:Publish") -> bool:
        service = principal.partition(".")[0]
        keys = {"aws:sourceaccount": account, "aws:sourcearn": f"arn:aws:{service}::{account}:budget/{scene.plan['name']}"}
        return allowed(scene.statements(), Request(principal, action, topic, keys))

    try:
        if not may(BUDGETS, own):
            return "The topic's policy does not let Budgets publish for a budget of this account, so no message comes."
        if not may(scene.old, own):
            return "The topic's policy does not let the service publish that could before: it was replaced."
        if may(BUDGETS, other):
            return "The topic's policy lets Budgets publish for budgets of other accounts, too."
        if may(scene.old, other) or any(may(principal, account) for principal in (STRANGER, other) for account in (own, other)):
            return "The topic's policy lets others publish that could not before."
        if any(may(BUDGETS, own, f"sns:{action}") for action in ("Subscribe", "DeleteTopic", "SetTopicAttributes")):
            return "The topic's policy lets Budgets do more than publish."
    except UnreadPolicy as error:
        return f"The topic's policy has {error}, which the check does not read. Name principals, actions and resources that are allowed."
    return ""


def _action(scene: _Scene) -> str:
    plan, actions = scene.plan, scene.actions()
    if len(actions) != 1:
        return f"The budget has {len(actions)} actions; expected one."
    action, threshold = actions[0], actions[0]["ActionThreshold"]
    dollars = threshold["ActionThresholdType"] == "ABSOLUTE_VALUE"
    shown = f"{threshold['ActionThresholdValue']:g} {'dollars' if dollars else 'percent'}"
    at = threshold["ActionThresholdValue"] * (100 / plan["limit"] if dollars else 1)
    definition = member_at(action, "Definition", "IamActionDefinition") or {}
    targets = [name.rpartition("/")[2] for name in definition.get("Roles", ())]
    acting = plan["acting"].rpartition("/")[2]
    problems = {
        f"The action waits for an approval: its `ApprovalModel` is {action['ApprovalModel']}.": action["ApprovalModel"] != "AUTOMATIC",
        "The action does not look at the actual costs.": action["NotificationType"] != "ACTUAL",
        f"The action comes at {shown}; the table has another threshold.": not near(at, STOPPED, WITHIN * STOPPED),
        "The action attaches another policy than the plan's.": definition.get("PolicyArn") != plan["policy"],
        "The action attaches the policy to the role that Budgets assumes. Whom shall it stop?": acting in targets,
        "The action attaches the policy to others than the plan's `role` alone.": (
            targets != [plan["role"]] or bool(definition.get("Groups") or definition.get("Users"))
        ),
        "The action is not carried out as the plan's `acting`.": action["ExecutionRoleArn"] != plan["acting"],
        "The action has another subscriber than the topic.": [each["Address"] for each in action["Subscribers"]] != [plan["topic"]],
    }
    return next((said for said, holds in problems.items() if holds), "")


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")
