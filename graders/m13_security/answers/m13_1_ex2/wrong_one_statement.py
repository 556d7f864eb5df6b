"""One statement with all conditions."""

# trips: practice
# says: Refused by mistake


def scientist_policy(team: dict) -> dict:
    jobs = f"arn:aws:sagemaker:{team['region']}:{team['account']}:training-job/{team['project']}-*"
    actions = ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob", "iam:PassRole"]
    condition = {
        "ForAllValues:StringEquals": {"sagemaker:InstanceTypes": team["instances"]},
        "ArnEquals": {"sagemaker:VolumeKmsKeyArn": team["key"]},
        "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"},
    }
    statement = {"Effect": "Allow", "Action": actions, "Resource": [jobs, team["role"]], "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}
