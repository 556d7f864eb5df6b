"""There may be no flights of month 13 in this year, so the next month is tried."""

# trips: repair
# says: the same step fails, for the same reason

diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": "Sample larger than population"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "14"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
