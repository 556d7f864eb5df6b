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
    plans = [{"watch": "never"}, {"watch": "weekly"}]
    for limit in (number / 100 for number in range(30, 70, 2)):
        rule = {"MetricName": "auc", "EvaluationPeriods": 1, "Threshold": float(limit)}
        plans.append({"watch": "alarm", "alarm": request | rule})
    return min(plans, key=lambda plan: played(days, case, plan)["usd"])
