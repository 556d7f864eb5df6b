"""The TensorFlow image: script mode, and TensorFlow Serving's REST API."""
