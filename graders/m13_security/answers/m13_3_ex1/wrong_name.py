"""A person is a name."""

# trips: user
# says: expected the ARN of an IAM user


def deleted_by(model: str) -> dict:
    found = [each for each in records("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = next(each for each in found if not each.get("errorCode"))
    identity = deletion["userIdentity"]
    role = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    while identity["type"] == "AssumedRole":
        opened = [each for each in records("ResourceName", identity["accessKeyId"]) if each["eventName"] == "AssumeRole"]
        identity = opened[0]["userIdentity"]
    return {"person": identity["userName"], "role": role, "access_key": identity["accessKeyId"], "event": deletion["eventID"]}
