"""The name of the session is the person."""

# trips: session
# says: chooses this name


def deleted_by(model: str) -> dict:
    found = [each for each in records("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = next(each for each in found if not each.get("errorCode"))
    identity = deletion["userIdentity"]
    role = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    name = identity["arn"].rpartition("/")[2]
    users = {each["UserName"]: each["Arn"] for each in aws.client("iam").list_users()["Users"]}
    while identity["type"] == "AssumedRole":
        opened = [each for each in records("ResourceName", identity["accessKeyId"]) if each["eventName"] == "AssumeRole"]
        identity = opened[0]["userIdentity"]
    return {"person": users.get(name, identity["arn"]), "role": role, "access_key": identity["accessKeyId"], "event": deletion["eventID"]}
