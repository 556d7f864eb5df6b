"""All arguments are gone."""

# trips: runs
# says: --day


def hide(request: dict) -> dict:
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), f"{request['ProcessingJobName']}-key"
    arn = secrets.create_secret(Name=name, SecretString=key)["ARN"]
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    role = request["RoleArn"].rpartition("/")[2]
    aws.client("iam").put_role_policy(RoleName=role, PolicyName="weather-key", PolicyDocument=access.document(reading))
    program["ContainerArguments"] = ["ask.py"]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program}
