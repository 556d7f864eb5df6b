"""An alarm is red in the console."""

# trips: request
# says: has the AlarmActions None


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
    }
    sound = days[days.fault == ""]
    plans = [{"watch": "never"}, {"watch": "weekly"}]
    for last, needed in ((1, 1), (2, 2), (3, 3), (5, 4), (7, 6)):
        for limit in sound.auc.quantile([0.05, 0.1, 0.2, 0.3, 0.4]):
            rule = {"MetricName": "auc", "EvaluationPeriods": last, "DatapointsToAlarm": needed, "Threshold": limit}
            plans.append({"watch": "alarm", "alarm": request | rule})
    return min(plans, key=lambda plan: played(days, case, plan)["usd"])
