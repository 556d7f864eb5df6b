"""A deletion that is offline was done."""

# trips: deleted
# says: how did a record come back


def replay(group, journal):
    rows = offline(aws, group)
    there = set(zip(rows.origin, rows.event_time, strict=True))
    missing = 0
    for event in journal:
        new = (event["id"], event["time"]) not in there
        there.add((event["id"], event["time"]))
        missing += new
        stores = ["OnlineStore", "OfflineStore"] if new else ["OnlineStore"]
        if event["values"] is None:
            if not new:
                continue
            store.delete_record(
                FeatureGroupName=group, RecordIdentifierValueAsString=event["id"], EventTime=event["time"], TargetStores=stores
            )
        else:
            record = {"origin": event["id"], "event_time": event["time"]} | event["values"]
            store.put_record(FeatureGroupName=group, Record=feature_values(record), TargetStores=stores)
    return missing
