"""The XGBoost image: the built-in algorithm, script mode and a model server."""
