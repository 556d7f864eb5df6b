evidence = {
    "monitor-1": "publish_cloudwatch_metrics=Disabled",
    "monitor-2": "probability_attribute is '1'",
    "monitor-3": "no ground truth labels for the time",
}
repairs = {
    "monitor-1": {"ModelQualityAppSpecification.Environment": {"publish_cloudwatch_metrics": "Enabled"}},
    "monitor-2": {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"},
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input": {"S3Uri": f"{folder}/labels"}},
}
