"""A statement for each action."""


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
    arns: dict = {}
    for action, arn in used:
        arns.setdefault(action, []).append(arn)
    statements = [{"Effect": "Allow", "Action": action, "Resource": each} for action, each in arns.items()]
    return {"Version": "2012-10-17", "Statement": statements}
