"""A condition in one statement for all."""

# trips: guard
# says: Denied by mistake


def reader_policy(service):
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    actions = ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    condition = {"StringEquals": {"aws:ResourceTag/team": service["team"]}}
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": [*named, f"{place}/*"], "Condition": condition},
    ]
    return {"Version": "2012-10-17", "Statement": statements}
