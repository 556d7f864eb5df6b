"""A repair is a pair."""

# trips: form
# says: expected a dict from a path

repairs = {each: ("network.EnableNetworkIsolation", False) for each in setups}
