def judged(container, log):
    said = "\n".join(log)
    if "sagemaker-xgboost" not in container["Image"]:
        return "image", "set SAGEMAKER_PROGRAM and put it into code/", {"Image": image}
    if "SAGEMAKER_PROGRAM" in container["Environment"]:
        return "program", "FileNotFoundError: There is no inference.py", {"Environment.SAGEMAKER_PROGRAM": ""}
    if not container["Environment"]["SAGEMAKER_MODEL_SERVER_WORKERS"].isdigit():
        return "setting", "ValueError: invalid literal for int", {"Environment.SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    right = {"ModelDataUrl": artifacts["weather"]}
    if "There is no model file" in said:
        return "archive", "RuntimeError: There is no model file in", right
    if "Feature size" in said:
        return "columns", "Feature size of csv inference data 8", right
    return "corrupt", "Invalid cast, from", right


diagnoses, repairs = {}, {}
for case in containers:
    cause, line, repairs[case] = judged(containers[case], log_lines(logs, names[case]))
    diagnoses[case] = {"cause": cause, "line": line}
