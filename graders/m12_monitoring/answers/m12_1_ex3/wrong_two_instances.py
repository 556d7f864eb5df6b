"""Two instances, as a model has in production."""

# trips: finds
# says: one is enough

B, A = "definition.DataQualityBaselineConfig", "definition.DataQualityAppSpecification"
GOOD = {
    "definition.DataQualityJobOutputConfig.MonitoringOutputs.0.S3Output.S3Uri": f"{folder}/monitors/reports",
    f"{B}.ConstraintsResource.S3Uri": f"{folder}/monitors/baseline/constraints.json",
    f"{B}.StatisticsResource.S3Uri": f"{folder}/monitors/baseline/statistics.json",
    "definition.DataQualityJobInput.EndpointInput.EndpointName": endpoint,
    f"{A}.ImageUri": monitor.image_uri,
    f"{A}.Environment.publish_cloudwatch_metrics": "Enabled",
    "definition.JobResources.ClusterConfig.InstanceCount": 2,
    "schedule.DataAnalysisEndTime": "-PT0S",
}
known = {each: broken_monitors.leaves(setup) for each, setup in setups.items()}

repairs = {each: {path: value for path, value in GOOD.items() if values[path] != value} for each, values in known.items()}
