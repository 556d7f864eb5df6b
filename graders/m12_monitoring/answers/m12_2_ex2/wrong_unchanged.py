"""It is as it was."""

# trips: repair
# says: leaves the definition as it is

evidence = {
    "monitor-1": "publish_cloudwatch_metrics=Disabled",
    "monitor-2": "probability_attribute is '1'",
    "monitor-3": "There are no ground truth labels",
}
repairs = {
    "monitor-1": {"ModelQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Disabled"},
    "monitor-2": {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"},
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"},
}
