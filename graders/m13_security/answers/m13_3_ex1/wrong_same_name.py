"""The session is found by its role and its name."""

# trips: pages
# says: but another access key


def deleted_by(model: str) -> dict:
    found = [each for each in records("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = next(each for each in found if not each.get("errorCode"))
    identity = deletion["userIdentity"]
    role = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    while identity["type"] == "AssumedRole":
        name, issuer = identity["arn"].rpartition("/")[2], identity["sessionContext"]["sessionIssuer"]["arn"]
        asked = {"roleArn": issuer, "roleSessionName": name}
        opened = [each for each in records("EventName", "AssumeRole") if each["requestParameters"] == asked]
        identity = next(each for each in opened if not each.get("errorCode"))["userIdentity"]
    return {"person": identity["arn"], "role": role, "access_key": identity["accessKeyId"], "event": deletion["eventID"]}
