"""Allows by name, and denies other instances and volumes."""


def scientist_policy(team: dict) -> dict:
    jobs = f"arn:aws:sagemaker:{team['region']}:{team['account']}:training-job/{team['project']}-*"
    start = "sagemaker:CreateTrainingJob"

    def deny(operator, key, value):
        return {"Effect": "Deny", "Action": start, "Resource": "*", "Condition": {operator: {key: value}}}

    statements = [
        {"Effect": "Allow", "Action": [start, "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"], "Resource": jobs},
        deny("ForAnyValue:StringNotEquals", "sagemaker:InstanceTypes", team["instances"]),
        deny("ArnNotEquals", "sagemaker:VolumeKmsKeyArn", team["key"]),
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": team["role"],
            "Condition": {"StringLike": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        },
    ]
    return {"Version": "2012-10-17", "Statement": statements}
