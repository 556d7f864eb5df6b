"""Completed is completed: only the failed ones have a fault worth a search, and it is the header."""

# trips: cause
# says: does that fault end a job

day = "TransformInput.DataSource.S3DataSource.S3Uri"
diagnoses = {night: {"cause": "header", "evidence": "ClientError"} for night in requests}
repairs = {night: {day: f"{folder}/nights/day/"} for night in requests}
