"""A high threshold finds every fault."""

# trips: dollars
# says: goes* to ALARM


def watch(days: pd.DataFrame, case: dict) -> dict:
    request = {
        "AlarmName": f"{case['schedule']}-worse",
        "Namespace": "aws/sagemaker/Endpoints/model-metrics",
        "Dimensions": [
            {"Name": "Endpoint", "Value": case["endpoint"]},
            {"Name": "MonitoringSchedule", "Value": case["schedule"]},
        ],
        "Period": 86_400,
        "Statistic": "Average",
        "ComparisonOperator": "LessThanThreshold",
        "AlarmActions": [case["topic"]],
    }
    sound = days[days.fault == ""]
    rule = {"MetricName": "auc", "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Threshold": float(sound.auc.max()) + 0.01}
    return {"watch": "alarm", "alarm": request | rule}
