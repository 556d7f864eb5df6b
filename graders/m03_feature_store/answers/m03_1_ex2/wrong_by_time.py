"""A time that is in the table is there for all airports."""

# trips: offline
# says: are missing


def replay(group, journal):
    rows = offline(aws, group)
    there = set(zip(rows.event_time))
    missing = 0
    for event in journal:
        new = (event["time"],) not in there
        there.add((event["time"],))
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
