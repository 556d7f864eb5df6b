"""Two are enough."""

# trips: form
# says: expected the names of the three calls

repairs = {"call-1": {"identity.Statement.0.Resource": "*"}}
