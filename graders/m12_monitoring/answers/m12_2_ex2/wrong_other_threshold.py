"""It completed, but its threshold looks low."""

# trips: repair
# says: an alarm has nothing to watch

evidence = {
    "monitor-1": "publish_cloudwatch_metrics=Disabled",
    "monitor-2": "probability_attribute is '1'",
    "monitor-3": "There are no ground truth labels",
}
repairs = {
    "monitor-1": {"ModelQualityJobInput.EndpointInput.ProbabilityThresholdAttribute": 0.3},
    "monitor-2": {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"},
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"},
}
