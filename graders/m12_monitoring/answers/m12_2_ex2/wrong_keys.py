"""The schedules have names of their own."""

# trips: form
# says: expected 'monitor-1'

evidence = {
    "monitor-a": "publish_cloudwatch_metrics=Disabled",
    "monitor-2": "probability_attribute is '1'",
    "monitor-3": "There are no ground truth labels",
}
repairs = {
    "monitor-a": {"ModelQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Enabled"},
    "monitor-2": {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"},
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"},
}
