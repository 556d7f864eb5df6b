"""Two are enough."""

# trips: form
# says: expected the names of the three jobs

repairs = {"job-1": {"network.EnableNetworkIsolation": False}}
