"""It ends with an error."""

# trips: evidence
# says: says that something is wrong, but not what

evidence = {
    "monitor-1": "publish_cloudwatch_metrics=Disabled",
    "monitor-2": "Error:",
    "monitor-3": "There are no ground truth labels",
}
repairs = {
    "monitor-1": {"ModelQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Enabled"},
    "monitor-2": {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"},
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"},
}
