"""CloudTrail: records of every call, the event history, and trails that deliver log files to S3.

`audit` says what the request log keeps of a call, and `wire` reads it from the messages where moto served the call. `records` makes
CloudTrail's record of a row; `event_types` and `events.yaml` say how CloudTrail calls it. `history` answers LookupEvents.
"""
