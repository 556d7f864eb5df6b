"""The part of `sagemaker-containers` that scripts for AWS's framework containers import. It has no wheel on PyPI."""
