def replay(group, journal):
    rows = offline(aws, group)
    there = {(row.origin, row.event_time) for row in rows.itertuples()}
    events = {(event["id"], event["time"]): event for event in journal}
    lost = [event for key, event in events.items() if key not in there]
    newest = {}
    for event in sorted(events.values(), key=lambda event: event["time"]):
        newest[event["id"]] = event
    for event in lost:
        write(group, event, "OfflineStore")
    for event in newest.values():
        write(group, event, "OnlineStore")
    return len(lost)


def write(group, event, target):
    if event["values"] is None:
        named = {"FeatureGroupName": group, "RecordIdentifierValueAsString": event["id"]}
        store.delete_record(**named, EventTime=event["time"], TargetStores=[target])
    else:
        record = {"origin": event["id"], "event_time": event["time"], **event["values"]}
        store.put_record(FeatureGroupName=group, Record=feature_values(record), TargetStores=[target])
