"""The kinds of resources of schedules: a schedule, its executions, and the changes of its alert."""

from __future__ import annotations

from course.localaws.core.resources import ResourceKind

MONITORING_SCHEDULE = ResourceKind(
    name="MonitoringSchedule",
    arn="monitoring-schedule",
    missing="Could not find MonitoringSchedule {arn}",
    missing_code="ResourceNotFound",
    exists="MonitoringSchedule {arn} already exists",
    exists_code="ResourceInUse",
    status="MonitoringScheduleStatus",
    summary=("EndpointName", "MonitoringJobDefinitionName", "MonitoringType"),
    filters={
        "EndpointName": "EndpointName",
        "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
        "MonitoringTypeEquals": "MonitoringType",
    },
)

MONITORING_EXECUTION = ResourceKind(
    name="MonitoringExecution",
    arn="monitoring-execution",
    missing="Could not find execution {name}",
    exists="Execution {name} already exists",
    status="MonitoringExecutionStatus",
    summary=(
        "MonitoringScheduleName",
        "ScheduledTime",
        "ProcessingJobArn",
        "EndpointName",
        "FailureReason",
        "MonitoringJobDefinitionName",
        "MonitoringType",
    ),
    filters={
        "MonitoringScheduleName": "MonitoringScheduleName",
        "EndpointName": "EndpointName",
        "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
        "MonitoringTypeEquals": "MonitoringType",
    },
)

ALERT_CHANGE = ResourceKind(
    name="MonitoringAlertChange",
    arn="monitoring-alert-change",
    missing="Could not find alert change {name}",
    exists="Alert change {name} already exists",
    status="AlertStatus",
    summary=("MonitoringScheduleName", "MonitoringAlertName"),
    filters={"MonitoringScheduleName": "MonitoringScheduleName", "MonitoringAlertName": "MonitoringAlertName"},
    mutable=False,
)
