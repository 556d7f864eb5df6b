"""The whole failure reason is cited, with the folder of this execution."""

# trips: evidence
# says: a name that the next execution will not have

diagnoses = {
    "pipeline-1": {"step": "Good", "line": broken["pipeline-1"][-1]["FailureReason"]},
    "pipeline-2": {"step": "Prepare", "line": "Sample larger than population"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
