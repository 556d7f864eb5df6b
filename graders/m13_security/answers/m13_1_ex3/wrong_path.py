"""A path without the policy."""

# trips: works
# says: has no such path

repairs = {name: {"Statement.0.Effect": "Allow"} for name in setups}
