"""A message with neither a gate nor a count says nothing of its flight."""

# trips: values
# says: has no


def group(identifier, event_time, **types):
    names = {identifier: "String", event_time: "String", **types}
    definitions = [{"FeatureName": name, "FeatureType": kind} for name, kind in names.items()]
    return {"RecordIdentifierFeatureName": identifier, "EventTimeFeatureName": event_time, "FeatureDefinitions": definitions}


requests = {
    "flight": group("flight_id", "sent_at", gate="String", checked_in="Integral"),
    "terminal": group("terminal_id", "sent_at", queue_minutes="Fractional"),
}


def to_records(message):
    flight = "-".join(str(message[name]) for name in ("carrier", "flight", "origin", "day"))
    terminal = message["origin"] + "-" + message["terminal"]
    known = {name: message[name] for name in ("gate", "checked_in") if message[name] is not None}
    records = {"flight": {"flight_id": flight, "sent_at": message["sent_at"], **known}} if known else {}
    if message["queue_minutes"] is not None:
        records["terminal"] = {"terminal_id": terminal, "sent_at": message["sent_at"], "queue_minutes": message["queue_minutes"]}
    return records
