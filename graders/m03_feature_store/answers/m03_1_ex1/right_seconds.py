definitions = {
    "flight": [("who", "String"), ("known", "Fractional"), ("gate", "String"), ("checked_in", "Integral")],
    "terminal": [("place", "String"), ("known", "Fractional"), ("queue_minutes", "Fractional")],
}
requests = {}
for group, columns in definitions.items():
    features = []
    for column, kind in columns:
        features.append(dict(FeatureName=column, FeatureType=kind))
    requests[group] = dict(RecordIdentifierFeatureName=columns[0][0], EventTimeFeatureName="known", FeatureDefinitions=features)


def to_records(message):
    known = pd.Timestamp(message["sent_at"]).timestamp()
    about_flight = dict(gate=message["gate"], checked_in=message["checked_in"])
    about_flight = {key: value for key, value in about_flight.items() if value is not None}
    about_flight.update(known=known, who="{carrier}|{flight}|{origin}|{day}".format(**message))
    answer = dict(flight=about_flight)
    if (minutes := message["queue_minutes"]) is not None:
        answer["terminal"] = dict(place="{origin}|{terminal}".format(**message), known=known, queue_minutes=minutes)
    return answer
