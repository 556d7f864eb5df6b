"""A managed policy with six question marks, attached to the role, and the request changed in place."""


def hide(request: dict) -> dict:
    iam, name = aws.client("iam"), request["ProcessingJobName"]
    key = request["Environment"].pop("WEATHER_KEY")
    secrets.create_secret(Name=name, SecretString=key)
    where = f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:{name}-??????"
    document = access.document({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": [where]})
    made = iam.create_policy(PolicyName=f"{name}-reads", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=request["RoleArn"].split("/")[-1], PolicyArn=made)
    request["Environment"]["WEATHER_SECRET"] = name
    program = request["AppSpecification"]
    program["ContainerArguments"] = [each.replace(key, name) for each in program["ContainerArguments"]]
    return request
