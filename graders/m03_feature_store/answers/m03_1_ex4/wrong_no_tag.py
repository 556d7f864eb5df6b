"""The names are enough."""

# trips: guard
# says: Denied by mistake


def reader_policy(service):
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    actions = ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": named},
    ]
    return {"Version": "2012-10-17", "Statement": statements}
