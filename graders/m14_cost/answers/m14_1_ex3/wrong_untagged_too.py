"""What has no tag is the team's, too."""

# trips: filter
# says: also counts costs of others


def guard(plan: dict) -> None:
    named, topic = {"AccountId": aws.account}, [{"SubscriptionType": "SNS", "Address": plan["topic"]}]
    budget = {"BudgetName": plan["name"], "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    budget["BudgetLimit"] = {"Amount": str(plan["limit"]), "Unit": "USD"}
    budget["FilterExpression"] = {
        "Or": [
            {"Tags": {"Key": "team", "Values": [plan["team"]]}},
            {"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}},
        ]
    }
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
