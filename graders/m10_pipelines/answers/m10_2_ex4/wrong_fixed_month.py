"""The script gets a month that it has; the parameter stays as it is."""

# trips: repair
# says: the arguments of `Prepare` would differ

diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": "Sample larger than population"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Steps.Prepare.Arguments.AppSpecification.ContainerArguments.1": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
