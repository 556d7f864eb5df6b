"""What the SDK returns is the answer."""

# trips: answers
# says: a text that the endpoint did not store

from sagemaker.core.resources import Endpoint


def ask_all(endpoint, bodies, seconds):
    queue = Endpoint.get(endpoint)
    sent = [queue.invoke_async(input_location=put(body, f"question/{uuid4()}.csv"), content_type="text/csv") for body in bodies]
    return [{"state": "done", "text": one.output_location} for one in sent]
