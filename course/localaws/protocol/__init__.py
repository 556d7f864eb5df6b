"""AWS's wire protocols, driven by botocore's models, and the dispatcher.

`service.Service` runs the same stages for every request: parse, validate, authorize, record, dispatch, serialise, emit. Each protocol has
a module that reads and writes it: `aws_json`, `rest_json`, `query`, `rest_xml`, `rpc_v2_cbor` (and `ec2` for errors). `validation` reports
violations in AWS's words. `conformity` checks our own responses in tests.
"""
