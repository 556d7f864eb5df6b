"""The model alone; the partner can send what it likes."""

# trips: built
# says: one container


def pipeline(name, encoder, model_data):
    return deploy(name, PrimaryContainer={"Image": image, "ModelDataUrl": model_data})
