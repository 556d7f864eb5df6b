"""The event is the departure, so its time is the event time."""

# trips: order
# says: newest message


def group(identifier, event_time, **types):
    names = {identifier: "String", event_time: "String", **types}
    definitions = [{"FeatureName": name, "FeatureType": kind} for name, kind in names.items()]
    return {"RecordIdentifierFeatureName": identifier, "EventTimeFeatureName": event_time, "FeatureDefinitions": definitions}


requests = {
    "flight": group("flight_id", "departs", gate="String", checked_in="Integral"),
    "terminal": group("terminal_id", "departs", queue_minutes="Fractional"),
}


def to_records(message):
    flight = "-".join(str(message[name]) for name in ("carrier", "flight", "origin", "day"))
    terminal = message["origin"] + "-" + message["terminal"]
    flight_record = {"flight_id": flight, "departs": message["departs"]}
    flight_record |= {name: message[name] for name in ("gate", "checked_in") if message[name] is not None}
    records = {"flight": flight_record}
    if message["queue_minutes"] is not None:
        records["terminal"] = {"terminal_id": terminal, "departs": message["departs"], "queue_minutes": message["queue_minutes"]}
    return records
