"""The part of `sagemaker-inference` that serving scripts import. It has no wheel on PyPI."""
