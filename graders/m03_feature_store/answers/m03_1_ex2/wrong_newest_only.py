"""Only the newest event of each airport matters."""

# trips: offline
# says: are missing


def replay(group, journal):
    rows = offline(aws, group)
    there = set(zip(rows.origin, rows.event_time, strict=True))
    missing = 0
    for event in {event["id"]: event for event in sorted(journal, key=lambda event: event["time"])}.values():
        new = (event["id"], event["time"]) not in there
        there.add((event["id"], event["time"]))
        missing += new
        stores = ["OnlineStore", "OfflineStore"] if new else ["OnlineStore"]
        if event["values"] is None:
            store.delete_record(
                FeatureGroupName=group, RecordIdentifierValueAsString=event["id"], EventTime=event["time"], TargetStores=stores
            )
        else:
            record = {"origin": event["id"], "event_time": event["time"]} | event["values"]
            store.put_record(FeatureGroupName=group, Record=feature_values(record), TargetStores=stores)
    return missing
