served = sagemaker.describe_model(ModelName=jobs["weather"])["PrimaryContainer"]
diagnoses, repairs = {}, {}
for case, container in containers.items():
    lines, settings_of = log_lines(logs, names[case]), container["Environment"]
    last = [line for line in lines if line.split(":")[0].endswith("Error")]
    if container["Image"] != served["Image"]:
        diagnoses[case], repairs[case] = {"cause": "image", "line": last[-1]}, {"Image": served["Image"]}
    elif "SAGEMAKER_PROGRAM" in settings_of:
        diagnoses[case], repairs[case] = {"cause": "program", "line": last[-1]}, {"Environment.SAGEMAKER_PROGRAM": None}
    elif settings_of != {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}:
        diagnoses[case] = {"cause": "setting", "line": last[-1]}
        repairs[case] = {"Environment.SAGEMAKER_MODEL_SERVER_WORKERS": None}
    else:
        signs = {
            "archive": "no model file in",
            "columns": "not consistent with feature size",
            "corrupt": "xgboost-model cannot be loaded by XGBoost",
        }
        cause = next(cause for cause, sign in signs.items() if any(sign in line for line in lines))
        diagnoses[case] = {"cause": cause, "line": signs[cause]}
        repairs[case] = {"ModelDataUrl": served["ModelDataUrl"]}
