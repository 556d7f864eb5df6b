"""The older form of the filter, whose tag has no owner: the budget tracks nothing."""

# trips: filter
# says: name a tag with its owner


def guard(plan: dict) -> None:
    budgets, named = aws.client("budgets"), {"AccountId": aws.account, "BudgetName": plan["name"]}
    who = [{"SubscriptionType": "SNS", "Address": plan["topic"]}]
    budgets.create_budget(
        AccountId=aws.account,
        Budget={
            "BudgetName": plan["name"],
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": f"{plan['limit']:.2f}", "Unit": "USD"},
            "CostFilters": {"TagKeyValue": [f"team${plan['team']}"]},
        },
    )
    for kind, share in (("ACTUAL", 0.8), ("FORECASTED", 1)):
        alert = {"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "ThresholdType": "ABSOLUTE_VALUE"}
        alert["Threshold"] = plan["limit"] * share
        budgets.create_notification(**named, Notification=alert, Subscribers=who)
    budgets.create_budget_action(
        **named,
        NotificationType="ACTUAL",
        ActionType="APPLY_IAM_POLICY",
        ActionThreshold={"ActionThresholdValue": plan["limit"], "ActionThresholdType": "ABSOLUTE_VALUE"},
        Definition={"IamActionDefinition": {"PolicyArn": plan["policy"], "Roles": [plan["role"]]}},
        ExecutionRoleArn=plan["acting"],
        ApprovalModel="AUTOMATIC",
        Subscribers=who,
    )
    statement = {"Sid": "budgets", "Effect": "Allow", "Principal": {"Service": ["budgets.amazonaws.com"]}}
    statement |= {"Action": ["SNS:Publish"], "Resource": [plan["topic"]]}
    statement["Condition"] = {
        "StringEquals": {"aws:SourceAccount": aws.account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{aws.account}:*"},
    }
    bill.set_statements(aws, plan["topic"], bill.statements_of(aws, plan["topic"]) + [statement])
