CONFIG, OWN = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective", "TrainingJobDefinition"
diagnoses, repairs = {}, {}


def emitted(regex, lines):
    """Lines of which a metric is made, with its numbers."""
    return [(line, float(found[1])) for line in lines if (found := re.search(regex, line)) and found[1][:1].isdigit()]


for label, asked in requests.items():
    said = printed(sagemaker, logs, jobs[label]["HyperParameterTuningJobName"])
    objective = asked["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    regexes = {each["Name"]: each["Regex"] for each in asked[OWN]["AlgorithmSpecification"]["MetricDefinitions"]}
    path = f"{OWN}.AlgorithmSpecification.MetricDefinitions.{METRIC}.Regex"
    # the stream with the best last validation AUC
    truth = {stream: emitted(r"; validation AUC ([0-9.]+)$", lines) for stream, lines in said.items()}
    best = max(truth, key=lambda stream: truth[stream][-1][1] if truth[stream] else -1)
    heard = emitted(regexes[objective["MetricName"]], said[best])
    opening = next(place for place, line in enumerate(said[best]) if line.startswith("Read "))
    if not truth[best]:
        head = said[best][opening]
        nan = next((line for line in said[best] if line.endswith("validation AUC nan")), None)
        other = asked[OWN]["InputDataConfig"][1]["ChannelName"]
        if nan:
            source = f"{OWN}.InputDataConfig.validation.DataSource.S3DataSource.S3Uri"
            cause, line, repair = "labels", nan, {source: f"{folder}/validation/"}
        elif other != "validation":
            cause, line, repair = "channel", head, {f"{OWN}.InputDataConfig.{other}.ChannelName": "validation"}
        else:
            cause, line, repair = "interval", said[best][opening + 1], {f"{OWN}.StaticHyperParameters.epochs": "200"}
    elif not heard:
        own = objective["MetricName"] == METRIC
        cause, line = ("regex" if own else "objective"), truth[best][-1][0]
        repair = {path: r"validation AUC (\d\.\d+)"} if own else {f"{CONFIG}.MetricName": METRIC}
    elif heard[-1] == truth[best][-1]:
        cause, line, repair = "direction", truth[best][-1][0], {f"{CONFIG}.Type": "Maximize"}
    elif heard[-1][0] == truth[best][-1][0]:
        cause, line, repair = "digits", heard[-1][0], {path: r"validation AUC (\d\.\d+)"}
    else:
        cause, line, repair = "training", heard[-1][0], {path: r"validation AUC (\d\.\d+)"}
    diagnoses[label], repairs[label] = {"cause": cause, "stream": best, "line": line}, repair
