"""The failure reason is the evidence."""

# trips: evidence
# says: case-1: its log has no line with
# says: case-4: its log has no line with

diagnoses = {case: {"cause": "program", "line": "did not pass the ping health check"} for case in names}
repairs = {case: {"ModelDataUrl": artifacts["weather"]} for case in names}
