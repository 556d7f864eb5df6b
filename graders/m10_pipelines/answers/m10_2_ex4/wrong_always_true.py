"""The condition cannot read its value, so it gets one."""

# trips: repair
# says: the condition would differ from the other pipelines

diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": "Sample larger than population"},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Good.Arguments.Conditions.0.LeftValue": 0.9},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
