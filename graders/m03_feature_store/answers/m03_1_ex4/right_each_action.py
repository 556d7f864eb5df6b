def reader_policy(service):
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    actions = ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]
    named = [f"{place}/{name}" for name in service["groups"]]
    condition = {"StringEquals": {"aws:ResourceTag/team": service["team"]}}
    statements = []
    for action in actions:
        statements += [{"Effect": "Allow", "Action": action, "Resource": one} for one in named]
        statements.append({"Effect": "Allow", "Action": action, "Resource": f"{place}/*", "Condition": condition})
    return {"Version": "2012-10-17", "Statement": statements}
