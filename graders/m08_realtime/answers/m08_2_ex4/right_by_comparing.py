def members(container):
    flat = {f"Environment.{name}": value for name, value in container["Environment"].items()}
    return flat | {name: value for name, value in container.items() if name != "Environment"}


diagnoses, repairs = {}, {}
for case, container in containers.items():
    [(path, value)] = members(container).items() - members(sound).items()
    lines = log_lines(logs, names[case])
    if path == "ModelDataUrl":
        signs = {
            "archive": "no model file in",
            "columns": "not consistent with feature size",
            "corrupt": "xgboost-model cannot be loaded by XGBoost",
        }
        cause = next(cause for cause, sign in signs.items() if any(sign in line for line in lines))
        diagnoses[case] = {"cause": cause, "line": signs[cause]}
    else:
        cause = {"Image": "image", "Environment.SAGEMAKER_PROGRAM": "program"}.get(path, "setting")
        last = [line for line in lines if line.split(":")[0].endswith("Error")][-1]
        diagnoses[case] = {"cause": cause, "line": last}
    repairs[case] = {path: members(sound).get(path)}
