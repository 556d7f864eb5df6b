"""The failure reason is the evidence."""

# trips: evidence
# says: its log has no line with

diagnoses = {case: {"cause": "program", "line": "did not pass the ping health check"} for case in names}
repairs = {case: {"ModelDataUrl": sound["ModelDataUrl"]} for case in names}
