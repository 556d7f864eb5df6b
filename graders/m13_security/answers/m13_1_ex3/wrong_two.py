"""Two are enough."""

# trips: form
# says: expected 'call-1'

repairs = {"call-1": {"identity.Statement.0.Resource": "*"}}
