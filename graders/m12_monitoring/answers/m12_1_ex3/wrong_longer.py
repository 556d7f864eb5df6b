"""The window was too short."""

# trips: finds
# says: with your change

repairs = {each: {"schedule.DataAnalysisStartTime": "-PT24H"} for each in setups}
