"""The model that is live does work."""

# trips: repair
# says: but with another model

SIGNS = {
    "There is no model file": ("archive", "ModelDataUrl", artifacts["weather"]),
    "Feature size of csv": ("columns", "ModelDataUrl", artifacts["weather"]),
    "cannot be loaded by XGBoost": ("corrupt", "ModelDataUrl", artifacts["weather"]),
    "image serves a script": ("image", "Image", image),
    "There is no inference.py": ("program", "Environment.SAGEMAKER_PROGRAM", None),
    "invalid literal for int()": ("setting", "Environment.SAGEMAKER_MODEL_SERVER_WORKERS", "1"),
}
diagnoses, repairs = {}, {}
for case, name in names.items():
    sign = next(sign for sign in SIGNS if sign in "\n".join(log_lines(logs, name)))
    cause, path, value = SIGNS[sign]
    diagnoses[case] = {"cause": cause, "line": sign}
    repairs[case] = {path: artifacts["schedule"] if path == "ModelDataUrl" else value}
