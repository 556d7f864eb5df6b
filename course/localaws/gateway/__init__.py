"""The gateway: signatures, request bodies and the request log."""
