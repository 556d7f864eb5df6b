"""Takes the path of the role for a part of its name."""

# trips: runs
# says: NoSuchEntity


def hide(request: dict) -> dict:
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), f"{request['ProcessingJobName']}-key"
    arn = secrets.create_secret(Name=name, SecretString=key)["ARN"]
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    role = request["RoleArn"].split("/", 1)[1]
    policy = {"PolicyName": "weather-key", "PolicyDocument": access.document(reading)}
    aws.client("iam").put_role_policy(RoleName=role, **policy)
    program["ContainerArguments"] = [each for each in program["ContainerArguments"] if key not in each]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program}
