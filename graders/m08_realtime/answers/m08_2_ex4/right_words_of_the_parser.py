ENVIRONMENT, DATA = "Environment", {"ModelDataUrl": artifacts["weather"]}
known = [
    ("archive", "There is no model file in", DATA),
    ("columns", "Feature size of csv inference data 8", DATA),
    ("corrupt", "Invalid cast, from", DATA),
    ("program", "There is no inference.py", {f"{ENVIRONMENT}.SAGEMAKER_PROGRAM": None}),
    ("setting", "invalid literal for int", {f"{ENVIRONMENT}.SAGEMAKER_MODEL_SERVER_WORKERS": "1"}),
    ("image", "set SAGEMAKER_PROGRAM and put it into code/", {"Image": image}),
]
diagnoses, repairs = {}, {}
for case, name in names.items():
    text = " ".join(log_lines(logs, name))
    for cause, words, mended in known:
        if words in text and case not in repairs:
            repairs[case] = mended
            diagnoses[case] = dict(cause=cause, line=words)
