"""Any flight will do as evidence, and the first line of a log."""

# trips: evidence
# says: do all jobs say so

diagnoses = {night: {"cause": "shift", "evidence": "flight-000000001"} for night in requests}
for night in jobs:
    if described[night]["TransformJobStatus"] == "Failed":
        diagnoses[night]["evidence"] = "BatchStrategy=MULTI_RECORD"
repairs = {night: {"DataProcessing.InputFilter": "$[1:]"} for night in requests}
