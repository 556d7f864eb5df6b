"""Denies what was not used, and allows nothing."""

# trips: works
# says: used calls are refused


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
    arns = sorted({arn for _, arn in used})
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "NotResource": arns}]}
