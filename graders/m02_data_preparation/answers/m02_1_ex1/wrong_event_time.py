"""What was measured two hours before departure is known two hours before departure."""

# trips: found
# says: when were they sent out?

import re

AFTER = "doors closed|lift-off|late arrival, as|hours in the air|crew made up|this calendar day|flight's own"
unknown = []
for name, text in described.items():
    utc = re.search(r"at (\d+):00 UTC.*of (\d+):00", text)
    minutes = re.search(r"(\d+) minutes before scheduled", text)
    late = utc and int(utc[1]) - 5 > int(utc[2]) - 2 or minutes and int(minutes[1]) < 120 or re.search(AFTER, text)
    unknown += [name] if late else []
