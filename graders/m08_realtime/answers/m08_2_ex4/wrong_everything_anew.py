"""Replace all that could be wrong by what is right."""

# trips: repair
# says: more than the fault

diagnoses = {case: {"cause": "image", "line": "Traceback"} for case in names}
repairs = {}
for case, container in containers.items():
    repairs[case] = {"Image": sound["Image"], "ModelDataUrl": sound["ModelDataUrl"], "Environment.SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
    if "SAGEMAKER_PROGRAM" in container["Environment"]:
        repairs[case]["Environment.SAGEMAKER_PROGRAM"] = None
