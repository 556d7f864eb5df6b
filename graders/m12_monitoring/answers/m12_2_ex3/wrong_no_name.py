"""An alarm without a name, which PutMetricAlarm does not take."""

# trips: request
# says: has no 'AlarmName'


def watch(days: pd.DataFrame, case: dict) -> dict:
    request = {
        "Namespace": "aws/sagemaker/Endpoints/model-metrics",
        "MetricName": "auc",
        "Dimensions": [
            {"Name": "Endpoint", "Value": case["endpoint"]},
            {"Name": "MonitoringSchedule", "Value": case["schedule"]},
        ],
        "Period": 86_400,
        "Statistic": "Average",
        "EvaluationPeriods": 1,
        "Threshold": 0.6,
        "ComparisonOperator": "LessThanThreshold",
        "AlarmActions": [case["topic"]],
    }
    return {"watch": "alarm", "alarm": request}
