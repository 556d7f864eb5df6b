"""`is_deleted` is a boolean, so it can be compared with one."""

# trips: offline
# says: more than once


def replay(group, journal):
    rows = offline(aws, group)
    there = set(zip(rows.origin, rows.event_time, rows.is_deleted, strict=True))
    missing = 0
    for event in journal:
        new = (event["id"], event["time"], event["values"] is None) not in there
        there.add((event["id"], event["time"], event["values"] is None))
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
