"""A sentence says more than a word."""

# trips: form
# says: expected a word of the table

diagnoses = {night: {"cause": "the files were wrong", "evidence": "ClientError"} for night in requests}
repairs = {night: {"DataProcessing.InputFilter": "$[2:9]"} for night in requests}
