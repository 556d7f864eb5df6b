"""Teams of the same name with a number are one team."""

# trips: guard
# says: another team's tag


def reader_policy(service):
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    actions = ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    condition = {"StringLike": {"aws:ResourceTag/team": service["team"] + "*"}}
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": named},
        {"Effect": "Allow", "Action": actions, "Resource": [f"{place}/*"], "Condition": condition},
    ]
    return {"Version": "2012-10-17", "Statement": statements}
