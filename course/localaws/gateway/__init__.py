"""The gateway: signatures, request bodies and the request log.

`gateway.Gateway` is the ASGI application. It finds the service by the signature's scope, checks the signature (`authentication`, `sigv4`,
`sigv2` for presigned S3 URLs, `chunked` for bodies), passes a `core.call.AwsRequest` to the service, and writes errors in the caller's
protocol (`refusals` for requests that fail authentication).
"""
