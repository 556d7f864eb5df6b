"""The part of `sagemaker-xgboost-container` that scripts import. It is not on PyPI."""
