"""Whatever is not a time of the flight itself is fine: shares and means are statistics."""

# trips: found
# says: computed from the flight, or from days that are not over

import re

unknown = []
for name, text in described.items():
    utc = re.search(r"at (\d+):00 UTC.*of (\d+):00", text)
    minutes, lag = re.search(r"(\d+) minutes before scheduled", text), re.search(r"sent out (\d+)", text)
    if (utc and int(utc[1]) - 5 > int(utc[2]) - 2) or (minutes and int(minutes[1]) - (int(lag[1]) if lag else 0) < 120):
        unknown.append(name)
