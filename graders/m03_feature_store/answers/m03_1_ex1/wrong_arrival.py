"""What arrives last is newest: the event time is the moment of writing."""

# trips: order
# says: newest message


def group(identifier, event_time, **types):
    names = {identifier: "String", event_time: "String", **types}
    definitions = [{"FeatureName": name, "FeatureType": kind} for name, kind in names.items()]
    return {"RecordIdentifierFeatureName": identifier, "EventTimeFeatureName": event_time, "FeatureDefinitions": definitions}


requests = {
    "flight": group("flight_id", "written", gate="String", checked_in="Integral"),
    "terminal": group("terminal_id", "written", queue_minutes="Fractional"),
}


def to_records(message):
    written = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    flight = "-".join(str(message[name]) for name in ("carrier", "flight", "origin", "day"))
    terminal = message["origin"] + "-" + message["terminal"]
    flight_record = {"flight_id": flight, "written": written}
    flight_record |= {name: message[name] for name in ("gate", "checked_in") if message[name] is not None}
    records = {"flight": flight_record}
    if message["queue_minutes"] is not None:
        records["terminal"] = {"terminal_id": terminal, "written": written, "queue_minutes": message["queue_minutes"]}
    return records
