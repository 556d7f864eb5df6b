repairs, evidence = {}, {}
for each in broken:
    texts = " ".join(told(aws, broken[each]))
    if "publish_cloudwatch_metrics=Disabled" in texts:
        evidence[each] = "metrics=Disabled"
        repairs[each] = {"ModelQualityAppSpecification.Environment": {"publish_cloudwatch_metrics": "Enabled"}}
    elif "probability_attribute is '1'" in texts:
        evidence[each] = "probability_attribute is '1'"
        sent = definitions[each]["ModelQualityJobInput"]["EndpointInput"]
        repairs[each] = {"ModelQualityJobInput.EndpointInput": sent | {"ProbabilityAttribute": "0"}}
    else:
        evidence[each] = "There are no ground truth labels"
        repairs[each] = {"ModelQualityJobInput.GroundTruthS3Input": {"S3Uri": f"{folder}/labels"}}
