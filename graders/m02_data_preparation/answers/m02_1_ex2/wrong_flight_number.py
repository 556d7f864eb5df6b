"""Airline and flight number name a flight of the day."""

# trips: guard
# says: what makes a flight one flight?


def accept(day):
    clean = not day.duplicated(["carrier", "flight"]).any()
    return clean and not (day.wind_speed > 100).any()
