"""A server that does not answer needs more time."""

# trips: repair
# says: for the same reason or another

diagnoses = {case: {"cause": "setting", "line": "Traceback"} for case in names}
repairs = {case: {"Environment.SAGEMAKER_MODEL_SERVER_TIMEOUT": "3600"} for case in names}
