"""Traffic between instances is in the way."""

# trips: works
# says: its job ends so

repairs = {}
for each, setup in setups.items():
    path = "network.EnableInterContainerTrafficEncryption"
    repairs[each] = {path: not closed_networks.leaves(setup)[path]}
