"""The region does not matter."""

# trips: guard
# says: another


def reader_policy(service):
    place = "arn:aws:sagemaker:*:*:feature-group"
    actions = ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    condition = {"StringEquals": {"aws:ResourceTag/team": service["team"]}}
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": named},
        {"Effect": "Allow", "Action": actions, "Resource": [f"{place}/*"], "Condition": condition},
    ]
    return {"Version": "2012-10-17", "Statement": statements}
