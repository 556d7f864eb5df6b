"""The managed policy, and all is well."""

# trips: refused
# says: Your role could


def job_policy(job: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
