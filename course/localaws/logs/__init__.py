"""CloudWatch Logs: groups, streams and events in SQLite, with AWS's paging and filter patterns."""

from course.localaws.logs.service import logs_service
from course.localaws.logs.store import LogStore

__all__ = ["LogStore", "logs_service"]
