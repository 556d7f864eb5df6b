"""AWS Lambda: functions in Python, from a zip archive, which really run. The package has this name because ``lambda`` is a Python keyword.

The operations that only keep a document are beside this file. `execution` runs the code: each execution environment is a process in a
box, which stays for some time to answer further invocations.

Sources, read 2026-11-28: the Lambda developer guide and API reference; botocore's model; AWS's own runtime for Python
(https://github.com/aws/aws-lambda-python-runtime-interface-client); answers of AWS that LocalStack's tests recorded
(https://github.com/localstack/localstack, ``tests/aws/services/lambda_/*.snapshot.json``). What differs from AWS is in
``course/localaws/server/conformance.yaml``.
"""
