"""Two hours before departure is not yet before T."""

# trips: practice
# says: to the minute, when can somebody read it?

import re

AFTER = "doors closed|lift-off|late arrival, as|hours in the air|crew made up|this calendar day|flight's own"
unknown = []
for name, text in described.items():
    utc = re.search(r"at (\d+):00 UTC.*of (\d+):00", text)
    minutes, lag = re.search(r"(\d+) minutes before scheduled", text), re.search(r"sent out (\d+)", text)
    too_late = minutes and int(minutes[1]) - (int(lag[1]) if lag else 0) <= 120
    late = (utc and int(utc[1]) - 5 > int(utc[2]) - 2) or too_late or re.search(AFTER, text)
    unknown += [name] if late else []
