"""Any flight will do as evidence, and the first line of a log."""

# trips: evidence
# says: says that something failed, not what

diagnoses = {night: {"cause": "shift", "evidence": "flight-000000001"} for night in requests}
for night in jobs:
    if described[night]["TransformJobStatus"] == "Failed":
        diagnoses[night]["evidence"] = "BatchStrategy=MULTI_RECORD"
repairs = {night: {"DataProcessing.InputFilter": "$[2:9]"} for night in requests}
