"""What scripts import of `sagemaker-xgboost-container`, which is not on PyPI."""
