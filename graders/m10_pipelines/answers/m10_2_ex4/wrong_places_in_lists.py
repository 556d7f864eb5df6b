"""Steps are counted instead of named."""

# trips: repair
# says: its definition has no such path

diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": "Sample larger than population"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.1.Arguments.RoleArn": aws.role},
}
