def group(identifier, event_time, **types):
    names = {identifier: "String", event_time: "Fractional", **types}
    definitions = [{"FeatureName": name, "FeatureType": kind} for name, kind in names.items()]
    return {"RecordIdentifierFeatureName": identifier, "EventTimeFeatureName": event_time, "FeatureDefinitions": definitions}


requests = {
    "flight": group("flight_id", "known", gate="String", checked_in="Integral"),
    "terminal": group("place", "known", queue_minutes="Fractional"),
}


def to_records(message):
    known = pd.Timestamp(message["sent_at"]).timestamp()
    flight = "-".join(str(message[name]) for name in ("carrier", "flight", "origin", "day"))
    terminal = message["origin"] + "-" + message["terminal"]
    flight_record = {"flight_id": flight, "known": known}
    flight_record |= {name: message[name] for name in ("gate", "checked_in") if message[name] is not None}
    records = {"flight": flight_record}
    if message["queue_minutes"] is not None:
        records["terminal"] = {"place": terminal, "known": known, "queue_minutes": message["queue_minutes"]}
    return records
