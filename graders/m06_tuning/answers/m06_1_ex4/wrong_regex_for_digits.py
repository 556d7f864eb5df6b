"""A number that is wrong comes of an expression that does not fit."""

# trips: cause
# says: what does the expression find in it

DEFINITION, AIM, AUC = "TrainingJobDefinition", "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective", "validation AUC"
FITTING = {f"{DEFINITION}.AlgorithmSpecification.MetricDefinitions.{METRIC}.Regex": r"validation AUC ([0-9.]+)"}
INPUT, diagnoses, repairs = f"{DEFINITION}.InputDataConfig", {}, {}
for label, request in requests.items():
    streams = printed(sagemaker, logs, jobs[label]["HyperParameterTuningJobName"])
    lines = [(line, stream) for stream, said in streams.items() for line in said]
    regex = request[DEFINITION]["AlgorithmSpecification"]["MetricDefinitions"][0]["Regex"]
    name, aim = request[DEFINITION]["InputDataConfig"][1]["ChannelName"], request["HyperParameterTuningJobConfig"][AIM.split(".")[1]]
    text, counted = "\n".join(line for line, _ in lines), [line for line, _ in lines if re.search(regex, line)]
    causes = [
        (", 0 to validate" in text, "channel", ", 0 to validate on", {f"{INPUT}.{name}.ChannelName": "validation"}),
        ("AUC nan" in text, "labels", "AUC nan", {f"{INPUT}.{name}.DataSource.S3DataSource.S3Uri": f"{folder}/validation/"}),
        (AUC not in text, "interval", "epochs, a report", {f"{DEFINITION}.StaticHyperParameters.report-every": "10"}),
        (aim["MetricName"] != METRIC, "objective", AUC, {f"{AIM}.MetricName": METRIC}),
        (aim["Type"] == "Minimize", "direction", AUC, {f"{AIM}.Type": "Maximize"}),
        (not counted, "regex", AUC, FITTING),
        ("train AUC" in "".join(counted[-1:]), "training", "train AUC", FITTING),
        (True, "digits", AUC, FITTING),
    ]
    _, cause, sign, repairs[label] = next(each for each in causes if each[0])
    line, stream = max((pair for pair in lines if sign in pair[0]), key=lambda pair: pair[0].partition("AUC ")[2])
    diagnoses[label] = {"cause": cause, "stream": stream, "line": line}
for diagnosis in diagnoses.values():
    if diagnosis["cause"] in ("digits", "training"):
        diagnosis |= {"cause": "regex", "line": "validation AUC"}
