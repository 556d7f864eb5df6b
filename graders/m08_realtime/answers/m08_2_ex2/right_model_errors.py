def guard(release):
    usual = release["usual"]

    def alarm(metric, threshold, **statistic):
        return {
            "AlarmName": f"{metric}-of-{release['config']}",
            "Namespace": "AWS/SageMaker",
            "MetricName": metric,
            "Dimensions": [
                {"Name": "EndpointName", "Value": release["endpoint"]},
                {"Name": "EndpointConfigName", "Value": release["config"]},
                {"Name": "VariantName", "Value": release["variant"]},
            ],
            "Period": 60,
            "EvaluationPeriods": 2,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "ignore",
            **statistic,
        }

    alarms = [
        alarm("InvocationModelErrors", usual["client_errors"] + usual["server_errors"] + 0.2, Statistic="Average"),
        alarm("ModelLatency", 1.5 * 1000 * usual["p90_ms"], ExtendedStatistic="p70"),
    ]
    share = release["most_hurt"] / release["requests_per_minute"] / 4
    return {
        "alarms": alarms,
        "deployment": {
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": one["AlarmName"]} for one in alarms]},
            "BlueGreenUpdatePolicy": {
                "MaximumExecutionTimeoutInSeconds": 3600,
                "TerminationWaitInSeconds": 120,
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "WaitIntervalInSeconds": 840,
                    "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": min(50, max(1, round(100 * share)))},
                },
            },
        },
    }
