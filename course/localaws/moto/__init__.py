"""moto: all AWS services without their own package here, made durable by a journal.

`mount.MotoMount` runs moto's code in one thread. A request that changes something is answered after it is in the journal (`journal`),
with its time and random seed, so that `replay` restores the same state at the next start. `application` lets moto answer one
request. `patches` contains our changes to moto 5.2.5. `bridge` redirects moto's own calls of S3, Logs and metrics to ours. `canned`
refuses operations whose result moto would fake.
"""
