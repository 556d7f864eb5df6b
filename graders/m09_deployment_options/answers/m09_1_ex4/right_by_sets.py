def judged(night):
    if night in sent:
        text = " ".join(lines_of(aws, sent[night]["FailureLocation"]))
        if "download" in text:
            return "key", "Failed to download the input", {"InputLocation": f"{folder}/nights/question/part-0.csv"}
        return "type", "not an accepted ContentType", {"ContentType": "text/csv"}
    source = "TransformInput.DataSource.S3DataSource.S3Uri"
    if described[night]["TransformJobStatus"] == "Failed":
        text = " ".join(data_log(aws, jobs[night]))
        if "'flight-" in text:
            return "columns", "could not convert string to float: 'flight-", {"DataProcessing.InputFilter": "$[2:9]"}
        if "payload size" in text:
            return "payload", "Too much data", {"TransformInput.SplitType": "Line"}
        if "decode" in text:
            return "gzip", "codec can't decode", {"TransformInput.CompressionType": "Gzip"}
        return "header", "'weekday'", {source: f"{folder}/nights/day/"}
    rows = [line.split(",") for line in lines_of(aws, described[night]["TransformOutput"]["S3OutputPath"])]
    whole = {row[0]: row[1] for row in rows if len(row) == 2}
    missing, strange = set(answers) - set(whole), set(whole) - set(answers)
    if missing == set(answers):
        return "join", min(missing), {"DataProcessing.JoinSource": "Input"}
    if missing:
        return "assemble", min(missing), {"TransformOutput.AssembleWith": "Line"}
    if strange:
        return "prefix", min(strange), {source: f"{folder}/nights/day/"}
    other = min(one for one in answers if whole[one] != answers[one])
    if all("." not in answer for answer in whole.values()):
        return "output", other, {"DataProcessing.OutputFilter": "$[0,10]"}
    return "shift", other, {"DataProcessing.InputFilter": "$[2:9]"}


diagnoses, repairs = {}, {}
for night in requests:
    cause, evidence, repairs[night] = judged(night)
    diagnoses[night] = {"cause": cause, "evidence": evidence}
