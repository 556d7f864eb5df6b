"""The model could not read a number: so there is a header."""

# trips: evidence
# says: says that something failed, not what

diagnoses = {night: {"cause": "header", "evidence": "Loading csv data failed with Exception"} for night in requests}
for night in jobs:
    if described[night]["TransformJobStatus"] == "Completed":
        diagnoses[night] = {"cause": "prefix", "evidence": "before-0"}
    elif not any("Loading csv data failed" in line for line in data_log(aws, jobs[night])):
        diagnoses[night] = {"cause": "payload", "evidence": "[sagemaker logs]"}
repairs = {night: {"TransformInput.DataSource.S3DataSource.S3Uri": f"{folder}/nights/day/"} for night in requests}
