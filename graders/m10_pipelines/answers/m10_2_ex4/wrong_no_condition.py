"""Without conditions and fail step, nothing can fail."""

# trips: repair
# says: the steps or their order would differ

diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": "Sample larger than population"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Good.Arguments.ElseSteps": []},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
