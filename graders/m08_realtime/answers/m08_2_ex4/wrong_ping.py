"""The first line that speaks of the end is the cause."""

# trips: evidence
# says: is also in the logs of other endpoints

diagnoses = {}
for case, name in names.items():
    failed = [line for line in log_lines(logs, name) if "Traceback" in line]
    diagnoses[case] = {"cause": "archive", "line": failed[0] if failed else "GET /ping"}
repairs = {case: {"ModelDataUrl": artifacts["weather"]} for case in names}
