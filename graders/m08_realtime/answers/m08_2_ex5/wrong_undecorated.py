"""A handler takes an event and a context."""

# trips: shape
# says: @rehearsed


def handler(event, context=None):
    return {"statusCode": 200, "body": json.dumps({"late": [0.237], "source": "fallback"})}
