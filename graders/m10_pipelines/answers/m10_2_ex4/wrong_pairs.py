"""A diagnosis is a pair."""

# trips: form
# says: expected 'step' and 'line', both text

diagnoses = {
    "pipeline-1": ("Good", "report/report.json"),
    "pipeline-2": ("Prepare", "Sample larger than population"),
    "pipeline-3": ("Train", "Could not assume role"),
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
