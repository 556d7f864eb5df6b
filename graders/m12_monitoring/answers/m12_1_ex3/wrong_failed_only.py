"""A monitor that completes is sound: changes something harmless in it."""

# trips: finds
# says: does not

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

repairs = {}
for (each, values), execution in zip(known.items(), once, strict=True):
    repairs[each] = {path: value for path, value in GOOD.items() if values[path] != value}
    if execution["MonitoringExecutionStatus"] != "Failed":
        repairs[each] = {"definition.JobResources.ClusterConfig.VolumeSizeInGB": 25}
