"""The newest page has it all."""

# trips: pages
# says: more than LookupEvents returns at once


def found(key, value):
    asked = [{"AttributeKey": key, "AttributeValue": value}]
    events = cloudtrail.lookup_events(LookupAttributes=asked)["Events"]
    return [json.loads(event["CloudTrailEvent"]) for event in events]


def deleted_by(model: str) -> dict:
    deletions = [each for each in found("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = next(each for each in deletions if not each.get("errorCode"))
    identity = deletion["userIdentity"]
    role = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    while identity["type"] == "AssumedRole":
        opened = [each for each in records("ResourceName", identity["accessKeyId"]) if each["eventName"] == "AssumeRole"]
        identity = opened[0]["userIdentity"]
    return {"person": identity["arn"], "role": role, "access_key": identity["accessKeyId"], "event": deletion["eventID"]}
