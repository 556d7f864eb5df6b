"""The jobs had too little time."""

# trips: finds
# says: with your change

repairs = {each: {"definition.StoppingCondition.MaxRuntimeInSeconds": 3600} for each in setups}
