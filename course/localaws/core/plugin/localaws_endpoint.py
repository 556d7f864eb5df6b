"""A botocore client plug-in that sends the calls of every client to ``AWS_ENDPOINT_URL``, whatever its endpoint.

``AWS_ENDPOINT_URL`` alone does not affect clients with an explicit endpoint, such as those of the SageMaker SDKs for STS
(``https://sts.<region>.amazonaws.com``). botocore loads this module when ``BOTOCORE_EXPERIMENTAL__PLUGINS`` names it. botocore ignores a
module that it cannot find, so this folder is on ``PYTHONPATH`` and holds nothing else.

A job in a VPC may not reach a service. The local AWS then refuses the request at once, with a header that this plug-in turns into the
time-out of the connection that it is on AWS.

A forked process leaves the connections of its clients to its parent. With TLS, as on AWS, a connection that two processes share breaks, and
botocore opens another one. Without TLS, the requests of both would mix, as in ``ingest`` of the SageMaker SDKs with several processes.
"""

import ipaddress
import os
import weakref
from urllib.parse import urlsplit, urlunsplit

_clients = weakref.WeakSet()


def initialize_client_plugin(client):
    """Called by botocore for every client it makes."""
    _clients.add(client)
    client.meta.events.register("before-endpoint-resolution", _resolve_local)
    client.meta.events.register("before-call", _call_local)
    client.meta.events.register("after-call", _time_out)


def _leave_connections():
    for client in _clients:
        client.close()  # it stays usable, and the other process keeps its connections


os.register_at_fork(after_in_child=_leave_connections)


def _resolve_local(builtins, **_):
    # For an endpoint with an IP address, the rules also put S3's bucket into the path instead of the host name.
    local = os.environ.get("AWS_ENDPOINT_URL")
    if local and not _is_loopback(builtins.get("SDK::Endpoint")):
        builtins.update({"SDK::Endpoint": local, "AWS::UseFIPS": False, "AWS::UseDualStack": False})


def _call_local(params, **_):
    # Some rules still put an account or a bucket before the host, but no name resolves below an IP address.
    local = os.environ.get("AWS_ENDPOINT_URL")
    if local and not _is_loopback(params["url"]):
        scheme, netloc, *_unused = urlsplit(local)
        params["url"] = urlunsplit(urlsplit(params["url"])._replace(scheme=scheme, netloc=netloc))


def _time_out(http_response, model, **_):
    if http_response.headers.get("x-local-aws") == "unreachable":
        from botocore.exceptions import ConnectTimeoutError

        service = model.service_model
        region = os.environ.get("AWS_REGION", "us-east-1")
        raise ConnectTimeoutError(endpoint_url=f"https://{service.endpoint_prefix}.{region}.amazonaws.com/")


def _is_loopback(url):
    host = urlsplit(url or "").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
