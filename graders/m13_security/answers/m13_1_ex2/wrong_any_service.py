"""The role to any service."""

# trips: practice
# says: to pass the role to Lambda


def scientist_policy(team: dict) -> dict:
    jobs = f"arn:aws:sagemaker:{team['region']}:{team['account']}:training-job/{team['project']}-*"
    create = {"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": jobs}
    create["Condition"] = {
        "ForAllValues:StringEquals": {"sagemaker:InstanceTypes": team["instances"]},
        "ArnEquals": {"sagemaker:VolumeKmsKeyArn": team["key"]},
    }
    watch = {"Effect": "Allow", "Action": ["sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"], "Resource": jobs}
    give = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": team["role"]}
    return {"Version": "2012-10-17", "Statement": [create, watch, give]}
