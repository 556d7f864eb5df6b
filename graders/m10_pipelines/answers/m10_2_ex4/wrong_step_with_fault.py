"""The file's name is wrong in `Evaluate`, so that is the step."""

# trips: evidence
# says: expected the step that failed, also if the fault is in another

diagnoses = {
    "pipeline-1": {"step": "Evaluate", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": "Sample larger than population"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
