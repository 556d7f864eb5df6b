"""What is not denied explicitly is allowed."""

# trips: reach
# says: that it does not reach


def reach(role_arn: str, actions: list, arns: list) -> list:
    found = []
    for action in actions:
        asked = {"PolicySourceArn": role_arn, "ActionNames": [action], "ResourceArns": arns}
        for result in iam.simulate_principal_policy(**asked)["EvaluationResults"]:
            for each in result["ResourceSpecificResults"]:
                if each["EvalResourceDecision"] != "explicitDeny":
                    found.append([action, each["EvalResourceName"]])
    return found


def session_policy(used: list) -> dict:
    groups: dict = {}
    for arn in {arn for _, arn in used}:
        groups.setdefault(frozenset(action for action, other in used if other == arn), []).append(arn)
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(arns)} for actions, arns in groups.items()],
    }
