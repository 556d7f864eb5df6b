"""Simulates the role's inline policies without its boundary."""

# trips: reach
# says: that it does not reach

import json as _json


def reach(role_arn: str, actions: list, arns: list) -> list:
    name = role_arn.split("/")[-1]
    texts = [
        _json.dumps(iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"])
        for each in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    results = iam.simulate_custom_policy(PolicyInputList=texts, ActionNames=actions, ResourceArns=arns)["EvaluationResults"]
    return [
        [result["EvalActionName"], each["EvalResourceName"]]
        for result in results
        for each in result["ResourceSpecificResults"]
        if each["EvalResourceDecision"] == "allowed"
    ]


def session_policy(used: list) -> dict:
    groups: dict = {}
    for arn in {arn for _, arn in used}:
        groups.setdefault(frozenset(action for action, other in used if other == arn), []).append(arn)
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(arns)} for actions, arns in groups.items()],
    }
