"""The first feature with the parameters will do."""

# trips: found
# says: of the need


def reuse(need):
    wanted, add = need["parameters"], need["add"]
    found = search("FeatureMetadata", **{f"Parameters__{key}": value for key, value in wanted.items()})
    for feature in found:
        group = sagemaker.describe_feature_group(FeatureGroupName=feature["FeatureGroupName"])
        break
    name = group["FeatureGroupName"]
    sagemaker.update_feature_group(FeatureGroupName=name, FeatureAdditions=[{"FeatureName": add["name"], "FeatureType": add["type"]}])
    wait_created(aws, name)
    sagemaker.update_feature_metadata(
        FeatureGroupName=name,
        FeatureName=add["name"],
        Description=add["description"],
        ParameterAdditions=[{"Key": key, "Value": value} for key, value in add["parameters"].items()],
    )
    return {"group": name, "feature": feature["FeatureName"]}
