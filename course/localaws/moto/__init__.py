"""moto: every AWS service that has no package of its own, kept durable by a journal.

`mount.MotoMount` runs moto's code in one thread. A request that changes something is answered after it is in the journal (`journal`),
with its time and random seed, so that `replay` makes the same state again at the next start. `patches` holds what we change in moto
5.2.5, `bridge` leads moto's own calls of S3, Logs and metrics to ours, and `canned` lists what moto would only pretend, which is refused.
"""
