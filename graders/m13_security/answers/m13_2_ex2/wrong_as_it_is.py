"""Writes the value that is there."""

# trips: works
# says: leaves the set-up as it is

repairs = {each: {"s3_endpoint.VpcEndpointType": "Gateway"} for each in setups}
