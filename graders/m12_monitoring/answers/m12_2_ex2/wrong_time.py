"""The time of the window shows which execution it is."""

# trips: evidence
# says: a name that the next execution will not have

evidence = {
    "monitor-1": next(text for text in told(aws, broken["monitor-1"]) if text.startswith("start_time=")),
    "monitor-2": "probability_attribute is '1'",
    "monitor-3": "There are no ground truth labels",
}
repairs = {
    "monitor-1": {"ModelQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Enabled"},
    "monitor-2": {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"},
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"},
}
