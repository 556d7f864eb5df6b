"""The role may not read the secret."""

# trips: runs
# says: not authorized to perform: secretsmanager:GetSecretValue


def hide(request: dict) -> dict:
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), f"{request['ProcessingJobName']}-key"
    secrets.create_secret(Name=name, SecretString=key)
    program["ContainerArguments"] = [each for each in program["ContainerArguments"] if key not in each]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program}
