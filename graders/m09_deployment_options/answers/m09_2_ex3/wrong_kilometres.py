"""The transform that is there already will do."""

# trips: answers
# says: the pipeline failed


def pipeline(name, encoder, model_data):
    return deploy(name, Containers=[transform, model | {"ModelDataUrl": model_data}])
