"""One field of the repair: the whole section, as it should be."""

# trips: repair
# says: more than the fault

diagnoses = {night: {"cause": "key" if night in sent else "join", "evidence": "ClientError"} for night in requests}
section = {"InputFilter": "$[2:]", "JoinSource": "None", "OutputFilter": "$[0,5]"}
repairs = {night: {"DataProcessing": section | {"JoinSource": "Input", "OutputFilter": "$[0,-1]"}} for night in jobs}
repairs |= {night: {"ContentType": "text/csv", "InputLocation": f"{folder}/nights/question/part-0.csv"} for night in sent}
