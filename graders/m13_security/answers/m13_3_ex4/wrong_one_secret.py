"""One secret for all teams, whose value the second team replaces."""

# trips: runs
# says: signed with another key


def hide(request: dict) -> dict:
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), "shared-weather-key"
    try:
        arn = secrets.create_secret(Name=name, SecretString=key)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        arn = secrets.put_secret_value(SecretId=name, SecretString=key)["ARN"]
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    role = request["RoleArn"].rpartition("/")[2]
    aws.client("iam").put_role_policy(RoleName=role, PolicyName="weather-key", PolicyDocument=access.document(reading))
    program["ContainerArguments"] = [each for each in program["ContainerArguments"] if key not in each]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program}
