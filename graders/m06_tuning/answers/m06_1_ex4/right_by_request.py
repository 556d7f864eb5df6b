REGEX = f"TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions.{METRIC}.Regex"
LINE = "epoch 10; validation AUC 0.6884"
diagnoses, repairs = {}, {}
for label, request in requests.items():
    config, shared = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    static, (_, second) = shared["StaticHyperParameters"], shared["InputDataConfig"]
    aim, uri = config["HyperParameterTuningJobObjective"], second["DataSource"]["S3DataSource"]["S3Uri"]
    regex = next(each["Regex"] for each in shared["AlgorithmSpecification"]["MetricDefinitions"] if each["Name"] == METRIC)
    hit = re.search(regex, LINE)
    trained = re.search(regex, LINE.replace("validation", "train"))
    path, value, cause, words = REGEX, r"validation AUC ([0-9.]+)", "digits", "validation AUC"
    if second["ChannelName"] != "validation":
        path, value = f"TrainingJobDefinition.InputDataConfig.{second['ChannelName']}.ChannelName", "validation"
        cause, words = "channel", "rows to train on, 0 to validate on"
    elif not uri.endswith("/validation/"):
        path, value = "TrainingJobDefinition.InputDataConfig.validation.DataSource.S3DataSource.S3Uri", f"{folder}/validation/"
        cause, words = "labels", "validation AUC nan"
    elif int(static["report-every"]) > int(static["epochs"]):
        path, value = "TrainingJobDefinition.StaticHyperParameters.report-every", static["epochs"]
        cause, words = "interval", f"logistic.py --epochs {static['epochs']}"
    elif aim["MetricName"] != METRIC:
        path, value, cause = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName", METRIC, "objective"
    elif aim["Type"] != "Maximize":
        path, value, cause = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.Type", "Maximize", "direction"
    elif hit is None:
        cause = "regex"
    elif trained is not None:
        cause, words = "training", "train AUC"
    streams = printed(sagemaker, logs, jobs[label]["HyperParameterTuningJobName"])
    winner = jobs[label].get("BestTrainingJob", {}).get("TrainingJobName", "none")
    found = [(line, stream) for stream, lines in streams.items() for line in lines if words in line and not stream.startswith(winner)]
    line, stream = max(found) if cause in ("direction", "digits") else found[0]
    diagnoses[label] = {"cause": cause, "stream": stream, "line": line}
    repairs[label] = {path: value}
