"""The violations are what is wrong."""

# trips: evidence
# says: expected words that `told` shows

evidence = {
    "monitor-1": "CloudWatch has no metrics of it",
    "monitor-2": "probability_attribute is '1'",
    "monitor-3": "There are no ground truth labels",
}
repairs = {
    "monitor-1": {"ModelQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Enabled"},
    "monitor-2": {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"},
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"},
}
