"""Looks up by the names of events, and makes a table of all sessions."""


def deleted_by(model: str) -> dict:
    opener = {}
    for each in records("EventName", "AssumeRole"):
        if each["responseElements"]:
            opener[each["responseElements"]["credentials"]["accessKeyId"]] = each["userIdentity"]
    last = None
    for each in reversed(records("EventName", "DeleteModel")):
        if "errorCode" not in each and each["requestParameters"]["modelName"] == model:
            last = each
    who = last["userIdentity"]
    role = who["sessionContext"]["sessionIssuer"]["arn"] if "sessionContext" in who else None
    while who["accessKeyId"] in opener:
        who = opener[who["accessKeyId"]]
    return {"event": last["eventID"], "person": who["arn"], "access_key": who["accessKeyId"], "role": role}
