"""A path by the id of a group."""

# trips: works
# says: has no such path

repairs = {each: {"jobs.egress": []} for each in setups}
