"""A tag on the group shows its owner who added a feature."""

# trips: spared
# says: nobody asked for


def reuse(need):
    wanted, add = need["parameters"], need["add"]
    found = search("FeatureMetadata", **{f"Parameters__{key}": value for key, value in wanted.items()})
    for feature in found:
        group = sagemaker.describe_feature_group(FeatureGroupName=feature["FeatureGroupName"])
        tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=group["FeatureGroupArn"])["Tags"]}
        online = group.get("OnlineStoreConfig", {}).get("EnableOnlineStore", False)
        if online and need["tags"].items() <= tags.items():
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
    sagemaker.add_tags(ResourceArn=group["FeatureGroupArn"], Tags=[{"Key": "used-by", "Value": "flights"}])
    return {"group": name, "feature": feature["FeatureName"]}
