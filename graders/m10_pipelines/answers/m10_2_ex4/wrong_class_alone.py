"""The class of the exception says what was wrong."""

# trips: evidence
# says: names a class of errors

diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": "ValueError"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
