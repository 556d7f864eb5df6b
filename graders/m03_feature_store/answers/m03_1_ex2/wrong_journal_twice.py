"""What is not in the table is written, as often as it is in the journal."""

# trips: offline
# says: more than once


def replay(group, journal):
    rows = offline(aws, group)
    there = set(zip(rows.origin, rows.event_time, strict=True))
    missing = 0
    for event in journal:
        new = (event["id"], event["time"]) not in there
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
