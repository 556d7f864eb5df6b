"""Batch transform.

`run` shares the objects out to instances. `instance` handles the objects of one: `split` cuts them into payloads, `servers` asks the
model, `data` filters, joins and writes the records.
"""
