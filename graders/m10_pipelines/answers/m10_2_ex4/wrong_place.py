"""The place in the program shows what failed."""

# trips: evidence
# says: says that or where it failed

diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report/report.json"},
    "pipeline-2": {"step": "Prepare", "line": next(line for line in log_of(aws, broken["pipeline-2"][-1]) if "prepare.py" in line)},
    "pipeline-3": {"step": "Train", "line": "Could not assume role"},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "6"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": aws.role},
}
