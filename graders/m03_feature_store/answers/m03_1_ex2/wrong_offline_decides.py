"""What is offline is everywhere."""

# trips: online
# says: newer event


def replay(group, journal):
    rows = offline(aws, group)
    there = set(zip(rows.origin, rows.event_time, strict=True))
    missing = 0
    for event in journal:
        new = (event["id"], event["time"]) not in there
        there.add((event["id"], event["time"]))
        missing += new
        if not new:
            continue
        stores = ["OnlineStore", "OfflineStore"]
        if event["values"] is None:
            store.delete_record(
                FeatureGroupName=group, RecordIdentifierValueAsString=event["id"], EventTime=event["time"], TargetStores=stores
            )
        else:
            record = {"origin": event["id"], "event_time": event["time"]} | event["values"]
            store.put_record(FeatureGroupName=group, Record=feature_values(record), TargetStores=stores)
    return missing
