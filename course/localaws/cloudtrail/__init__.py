"""CloudTrail: records of every call, the event history, and trails that deliver log files to S3.

`audit` says what the request log keeps of a call. If moto served the call, `wire` reads it from the response. `records` makes CloudTrail's
record of a row of the log; `event_types` and `events.yaml` have the names of events. `history` answers LookupEvents. `trails` has the
operations on trails, and `delivery` writes their files.
"""
