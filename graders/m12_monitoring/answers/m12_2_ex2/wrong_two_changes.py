"""A second change does no harm."""

# trips: repair
# says: more than the fault

evidence = {
    "monitor-1": "publish_cloudwatch_metrics=Disabled",
    "monitor-2": "probability_attribute is '1'",
    "monitor-3": "There are no ground truth labels",
}
repairs = {
    "monitor-1": {"ModelQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Enabled"},
    "monitor-2": {
        "ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0",
        "JobResources.ClusterConfig.VolumeSizeInGB": 30,
    },
    "monitor-3": {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"},
}
