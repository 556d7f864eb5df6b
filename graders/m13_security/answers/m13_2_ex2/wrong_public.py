"""A subnet with a route to the internet."""

# trips: works
# says: its job ends so

repairs = {each: {"network.VpcConfig.Subnets.0": "{public_subnet}"} for each in setups}
