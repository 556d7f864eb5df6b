"""Writes the value that is there."""

# trips: finds
# says: leaves the set-up as it is

B, A = "definition.DataQualityBaselineConfig", "definition.DataQualityAppSpecification"
GOOD = {
    "definition.DataQualityJobOutputConfig.MonitoringOutputs.0.S3Output.S3Uri": f"{folder}/monitors/reports",
    f"{B}.ConstraintsResource.S3Uri": f"{folder}/monitors/baseline/constraints.json",
    f"{B}.StatisticsResource.S3Uri": f"{folder}/monitors/baseline/statistics.json",
    "definition.DataQualityJobInput.EndpointInput.EndpointName": endpoint,
    f"{A}.ImageUri": monitor.image_uri,
    f"{A}.Environment.publish_cloudwatch_metrics": "Enabled",
    "definition.JobResources.ClusterConfig.InstanceCount": 1,
    "schedule.DataAnalysisEndTime": "-PT0S",
}
known = {each: broken_monitors.leaves(setup) for each, setup in setups.items()}

repairs = {each: {path: values[path] for path in GOOD} for each, values in known.items()}
