"""Three of two days must breach."""

# trips: request
# says: no more days than the 2 it looks at


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
    rule = {"MetricName": "auc", "EvaluationPeriods": 2, "DatapointsToAlarm": 3, "Threshold": 0.6}
    return {"watch": "alarm", "alarm": request | rule}
