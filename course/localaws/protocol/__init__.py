"""AWS's wire protocols from botocore's models, and the dispatcher.

`service.Service` takes every request through the same stages: parse, validate, authorize, record, dispatch, serialise, emit. One module
reads and writes each protocol: `aws_json`, `rest_json`, `query`, `rest_xml`, `rpc_v2_cbor` (and `ec2` for errors). `validation` has AWS's
wording of violations, `conformity` checks our own answers in tests.
"""
