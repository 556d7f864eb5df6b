"""Half of the answers must fail before anybody acts."""

# trips: guard
# says: which of your alarms sees that


def guard(release):
    usual = release["usual"]
    limits = {"Invocation4XXErrors": usual["client_errors"] + 0.5, "Invocation5XXErrors": usual["server_errors"] + 0.5}
    places = list(zip(("EndpointName", "VariantName", "EndpointConfigName"), ("endpoint", "variant", "config"), strict=True))
    alarms = []
    for metric in ("Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency"):
        alarm = {"AlarmName": f"{release['config']} {metric}", "Namespace": "AWS/SageMaker", "MetricName": metric, "Period": 60}
        alarm |= {"Dimensions": [{"Name": name, "Value": release[key]} for name, key in places[:3]]}
        alarm |= {"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "notBreaching"}
        alarm |= {"ComparisonOperator": "GreaterThanThreshold", "Threshold": limits.get(metric, 2000 * usual["p50_ms"])}
        alarms.append(alarm | ({"ExtendedStatistic": "p50"} if metric == "ModelLatency" else {"Statistic": "Average"}))
    percent = max(1, min(50, int(100 * release["most_hurt"] / (4 * release["requests_per_minute"]))))
    canary = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": percent}, "WaitIntervalInSeconds": 900}
    heeded = [{"AlarmName": alarm["AlarmName"]} for alarm in alarms]
    policy = {"TrafficRoutingConfiguration": canary}
    return {"alarms": alarms, "deployment": {"BlueGreenUpdatePolicy": policy, "AutoRollbackConfiguration": {"Alarms": heeded}}}
