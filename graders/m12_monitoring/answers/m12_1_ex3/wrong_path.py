"""A path without the names of the members above it."""

# trips: finds
# says: has no such path

repairs = {each: {"EndpointInput.EndpointName": endpoint} for each in setups}
