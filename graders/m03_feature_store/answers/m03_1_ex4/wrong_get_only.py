"""Many records at a time are many GetRecord."""

# trips: guard
# says: Denied by mistake


def reader_policy(service):
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    actions = ["sagemaker:GetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    condition = {"StringEquals": {"aws:ResourceTag/team": service["team"]}}
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": named},
        {"Effect": "Allow", "Action": actions, "Resource": [f"{place}/*"], "Condition": condition},
    ]
    return {"Version": "2012-10-17", "Statement": statements}
