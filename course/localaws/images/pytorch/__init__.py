"""The PyTorch image: script mode and a model server."""
