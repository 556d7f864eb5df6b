"""The service reads the offline store, too."""

# trips: guard
# says: something other than read records


def reader_policy(service):
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    actions = ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    condition = {"StringEquals": {"aws:ResourceTag/team": service["team"]}}
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": named},
        {"Effect": "Allow", "Action": actions, "Resource": [f"{place}/*"], "Condition": condition},
        {"Effect": "Allow", "Action": ["s3:GetObject", "athena:*", "glue:GetTable"], "Resource": "*"},
    ]
    return {"Version": "2012-10-17", "Statement": statements}
