"""The role may do more: the identity policy."""

# trips: works
# says: with your change AWS says

repairs = {name: {"identity.Statement.0.Action.0": "*"} for name in setups}
