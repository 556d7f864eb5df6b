"""Temperatures and winds as on the day that I looked at."""

# trips: guard
# says: fires on another day


def accept(day):
    return bool(day.temp.max() < 65 and day.wind_speed.max() < 100 and not day.duplicated().any())
