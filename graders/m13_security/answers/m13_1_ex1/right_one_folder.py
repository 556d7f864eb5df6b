"""The prefix of the listing is equal to the one that the job asks for, and the key only works for objects."""


def job_policy(job: dict) -> dict:
    bucket, place = f"arn:aws:s3:::{job['bucket']}", f"{job['region']}:{job['account']}"
    policy = {"Version": "2012-10-17", "Statement": []}

    def allow(actions, resource, **condition):
        statement = {"Effect": "Allow", "Action": actions, "Resource": [resource]}
        policy["Statement"].append(statement | ({"Condition": condition} if condition else {}))

    allow(["s3:ListBucket"], bucket, StringEquals={"s3:prefix": f"{job['data']}/"})
    allow(["s3:GetObject"], f"{bucket}/{job['data']}/*")
    allow(["s3:PutObject"], f"{bucket}/{job['models']}/*")
    through = {"kms:ViaService": f"s3.{job['region']}.amazonaws.com"}
    allow(["kms:Decrypt"], job["key"], StringEquals=through)
    allow(["kms:GenerateDataKey"], job["key"], StringEquals=through)
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{place}:log-group:/aws/sagemaker/TrainingJobs:*")
    return policy
