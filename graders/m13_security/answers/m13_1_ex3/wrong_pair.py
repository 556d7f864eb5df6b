"""A repair is a pair."""

# trips: form
# says: expected a dict from a path

repairs = {name: ("boundary.Statement.0.Action", "*") for name in setups}
