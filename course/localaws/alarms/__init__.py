"""CloudWatch alarms: evaluated as the clock goes on, with a history, and with actions that are carried out."""

from course.localaws.alarms.service import Alarms

__all__ = ["Alarms"]
