"""Runs the job as another role."""

# trips: runs
# says: `RoleArn` of the request is not as it was


def hide(request: dict) -> dict:
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), f"{request['ProcessingJobName']}-key"
    secrets.create_secret(Name=name, SecretString=key)
    program["ContainerArguments"] = [each for each in program["ContainerArguments"] if key not in each]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program, "RoleArn": aws.role}
