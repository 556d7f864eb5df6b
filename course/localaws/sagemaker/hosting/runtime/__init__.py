"""InvokeEndpoint and what belongs to one invocation: metrics, capture, sessions."""
