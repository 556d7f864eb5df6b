"""Coverage and utilization of Savings Plans and reservations. This account can buy neither, so there is never any data.

Matches AWS (recorded answers): an account without plans or reservations in the time gets DataUnavailableException, and a time may not end
in the future.
"""

from __future__ import annotations

from datetime import UTC, datetime

from course.localaws.ce.periods import period
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid

OPERATIONS = (
    "GetReservationCoverage",
    "GetReservationUtilization",
    "GetSavingsPlansCoverage",
    "GetSavingsPlansUtilization",
    "GetSavingsPlansUtilizationDetails",
)
_NONE = "Data is not available. Please try to adjust the time period. If just enabled Cost Explorer, data might not be ingested yet"


def operations() -> dict[str, Operation]:
    """The operations by name."""
    return dict.fromkeys(OPERATIONS, _no_data)


def _no_data(context: Context, params: dict) -> dict:
    """Raises AwsError ``ValidationException`` for a wrong time, else ``DataUnavailableException``."""
    now = context.platform.clock.now()
    asked = period(params["TimePeriod"], params.get("Granularity", "MONTHLY"), now)
    today = datetime.fromtimestamp(now, UTC)
    if asked.end > today:
        raise invalid(f"end date should NOT be after [{today:%Y-%m-%d}]")
    raise AwsError("DataUnavailableException", _NONE)
