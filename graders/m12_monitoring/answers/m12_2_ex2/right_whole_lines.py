evidence, repairs = {}, {}
for each, execution in broken.items():
    texts = told(aws, execution)
    signs = ("publish_cloudwatch_metrics=", "probability_attribute is", "no ground truth")
    evidence[each] = next(text for sign in signs for text in texts if sign in text and not text.endswith("=Enabled"))
repairs["monitor-1"] = {"ModelQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Enabled"}
repairs["monitor-2"] = {"ModelQualityJobInput.EndpointInput.ProbabilityAttribute": "0"}
repairs["monitor-3"] = {"ModelQualityJobInput.GroundTruthS3Input.S3Uri": f"{folder}/labels"}
