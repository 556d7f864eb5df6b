"""Two are enough."""

# trips: form
# says: expected 'monitor-1'

repairs = {"monitor-1": {"schedule.DataAnalysisEndTime": "-PT0S"}, "monitor-2": {"schedule.DataAnalysisEndTime": "-PT0S"}}
