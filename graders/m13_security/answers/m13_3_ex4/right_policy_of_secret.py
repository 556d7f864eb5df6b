"""The policy of the secret allows the role, and the environment has the ARN."""


def hide(request: dict) -> dict:
    key, role = request["Environment"]["WEATHER_KEY"], request["RoleArn"]
    arn = secrets.create_secret(Name=aws.unique("weather") + request["ProcessingJobName"], SecretString=key)["ARN"]
    allowed = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=access.document(allowed))
    program = request["AppSpecification"]
    words = [each for each in program["ContainerArguments"] if each != f"--key={key}"]
    others = {word: value for word, value in request["Environment"].items() if value != key}
    program = program | {"ContainerArguments": words}
    return request | {"AppSpecification": program, "Environment": others | {"WEATHER_SECRET": arn}}
