diagnoses = {
    "pipeline-1": {"step": "Good", "line": "report.json from S3: NoSuchKey"},
    "pipeline-2": {"step": "Prepare", "line": "ValueError: Sample larger than population or is negative"},
    "pipeline-3": {"step": "Train", "line": "Error Details: Could not assume role arn:aws:iam::123456789012:role/late-trainer."},
}
repairs = {
    "pipeline-1": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "pipeline-2": {"Parameters.Month.DefaultValue": "12"},
    "pipeline-3": {"Steps.Train.Arguments.RoleArn": definitions["pipeline-3"]["Steps"][0]["Arguments"]["RoleArn"]},
}
