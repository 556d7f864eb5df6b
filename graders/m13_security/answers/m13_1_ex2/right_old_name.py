"""The name in SageMaker's developer guide."""


def scientist_policy(team: dict) -> dict:
    jobs = f"arn:aws:sagemaker:{team['region']}:{team['account']}:training-job/{team['project']}-*"
    create = {"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": jobs}
    create["Condition"] = {
        "ForAllValues:StringEquals": {"sagemaker:InstanceTypes": team["instances"]},
        "ArnEquals": {"sagemaker:VolumeKmsKey": team["key"]},
    }
    watch = {"Effect": "Allow", "Action": ["sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"], "Resource": jobs}
    give = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": team["role"]}
    give["Condition"] = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return {"Version": "2012-10-17", "Statement": [create, watch, give]}
