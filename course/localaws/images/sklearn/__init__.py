"""The scikit-learn image: script mode and a model server."""
