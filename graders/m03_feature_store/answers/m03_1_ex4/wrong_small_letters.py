"""Elements of a policy may be written in small letters."""

# trips: guard
# says: unknown element version


def reader_policy(service):
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    actions = ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    condition = {"StringEquals": {"aws:ResourceTag/team": service["team"]}}
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": named},
        {"Effect": "Allow", "Action": actions, "Resource": [f"{place}/*"], "Condition": condition},
    ]
    return {"version": "2012-10-17", "Statement": statements}
