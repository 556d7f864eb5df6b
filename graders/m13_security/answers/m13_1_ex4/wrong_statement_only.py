"""The statements without the policy around them."""

# trips: works
# says: is no policy


def reach(role_arn: str, actions: list, arns: list) -> list:
    found = []
    for action in actions:
        asked = {"PolicySourceArn": role_arn, "ActionNames": [action], "ResourceArns": arns}
        for result in iam.simulate_principal_policy(**asked)["EvaluationResults"]:
            for each in result["ResourceSpecificResults"]:
                if each["EvalResourceDecision"] == "allowed":
                    found.append([action, each["EvalResourceName"]])
    return found


def session_policy(used: list) -> dict:
    groups: dict = {}
    for arn in {arn for _, arn in used}:
        groups.setdefault(frozenset(action for action, other in used if other == arn), []).append(arn)
    return {
        "Statements": [{"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(arns)} for actions, arns in groups.items()],
    }
