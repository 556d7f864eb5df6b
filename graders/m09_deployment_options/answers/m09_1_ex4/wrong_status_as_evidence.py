"""The log says ClientError and a status: that is what failed."""

# trips: evidence
# says: says that something failed, not what

diagnoses = {}
for night in requests:
    failed = night in sent or described[night]["TransformJobStatus"] == "Failed"
    cause = "type" if night in sent else "columns" if failed else "shift"
    diagnoses[night] = {"cause": cause, "evidence": "Error" if failed else next(iter(answers))}
    for line in data_log(aws, jobs[night]) if night in jobs and failed else ():
        if "ClientError: " in line:
            diagnoses[night]["evidence"] = "ClientError: " + line.rpartition(": ")[2]
repairs = {night: {"ContentType": "text/csv"} if night in sent else {"DataProcessing.InputFilter": "$[2:9]"} for night in requests}
