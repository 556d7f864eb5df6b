"""The deployment as the lesson wrote it, with the shapes of the SDK."""

# trips: form
# says: is an object of type DeploymentConfig


def guard(release):
    usual, names = release["usual"], {"EndpointName": "endpoint", "VariantName": "variant", "EndpointConfigName": "config"}
    alarms = []
    for metric, limit in (("InvocationModelErrors", 0.15), ("ModelLatency", 2000 * usual["p50_ms"])):
        alarm = {"AlarmName": f"{release['config']}-{metric}", "Namespace": "AWS/SageMaker", "MetricName": metric, "Period": 60}
        alarm |= {"Dimensions": [{"Name": name, "Value": release[key]} for name, key in names.items()], "TreatMissingData": "notBreaching"}
        alarm |= {"EvaluationPeriods": 2, "ComparisonOperator": "GreaterThanThreshold", "Threshold": limit}
        alarms.append(alarm | ({"ExtendedStatistic": "p50"} if metric == "ModelLatency" else {"Statistic": "Average"}))
    percent = max(1, min(50, int(100 * release["most_hurt"] / (4 * release["requests_per_minute"]))))
    size = shapes.CapacitySize(type="CAPACITY_PERCENT", value=percent)
    routing = shapes.TrafficRoutingConfig(type="CANARY", canary_size=size, wait_interval_in_seconds=900)
    deployment = shapes.DeploymentConfig(
        blue_green_update_policy=shapes.BlueGreenUpdatePolicy(traffic_routing_configuration=routing),
        auto_rollback_configuration=shapes.AutoRollbackConfig(alarms=[shapes.Alarm(alarm_name=alarm["AlarmName"]) for alarm in alarms]),
    )
    return {"alarms": alarms, "deployment": deployment}
