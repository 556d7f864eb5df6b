"""InvokeEndpoint: routing, invocation, metrics, data capture and stateful sessions."""
