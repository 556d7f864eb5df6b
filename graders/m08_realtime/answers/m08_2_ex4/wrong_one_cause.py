"""All have the same reason, so all have the same cause."""

# trips: cause
# says: of 4 causes are right

diagnoses = {case: {"cause": "corrupt", "line": "Traceback (most recent call last):"} for case in names}
repairs = {case: {"ModelDataUrl": artifacts["weather"]} for case in names}
