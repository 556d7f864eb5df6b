"""Writes the value that is there."""

# trips: works
# says: leaves the set-up as it is

repairs = {name: {"identity.Statement.0.Resource": "*"} for name in setups}
