"""Failed and lost rows come from too much at a time: one row a request, and smaller ones."""

# trips: repair
# says: was sent again with your change

diagnoses = {night: {"cause": "payload", "evidence": "MaxPayloadInMB"} for night in requests}
repairs = {night: {"MaxPayloadInMB": 2} if night in jobs else {"RequestTTLSeconds": 3600} for night in requests}
