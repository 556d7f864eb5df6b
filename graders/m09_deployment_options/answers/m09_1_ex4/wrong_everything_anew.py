"""Replace all that could be wrong by what the sound request has."""

# trips: repair
# says: more than the fault

diagnoses = {night: {"cause": "assemble", "evidence": "MaxPayloadInMB"} for night in requests}
repairs = {
    night: {
        "TransformInput.DataSource.S3DataSource.S3Uri": f"{folder}/nights/day/",
        "TransformInput.SplitType": "Line",
        "TransformOutput.AssembleWith": "Line",
        "DataProcessing.InputFilter": "$[2:9]",
        "DataProcessing.JoinSource": "Input",
        "DataProcessing.OutputFilter": "$[0,-1]",
    }
    for night in jobs
}
repairs |= {night: {"InputLocation": f"{folder}/nights/question/part-0.csv", "ContentType": "text/csv"} for night in sent}
