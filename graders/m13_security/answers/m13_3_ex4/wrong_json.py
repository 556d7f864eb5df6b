"""The value of the secret is JSON with the key in it."""

# trips: runs
# says: signed with another key


def hide(request: dict) -> dict:
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), f"{request['ProcessingJobName']}-key"
    arn = secrets.create_secret(Name=name, SecretString=json.dumps({"WEATHER_KEY": key}))["ARN"]
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    role = request["RoleArn"].rpartition("/")[2]
    aws.client("iam").put_role_policy(RoleName=role, PolicyName="weather-key", PolicyDocument=access.document(reading))
    program["ContainerArguments"] = [each for each in program["ContainerArguments"] if key not in each]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program}
