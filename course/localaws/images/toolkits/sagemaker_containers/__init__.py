"""What scripts written for AWS's framework containers import of `sagemaker-containers`, which has no wheel on PyPI."""
