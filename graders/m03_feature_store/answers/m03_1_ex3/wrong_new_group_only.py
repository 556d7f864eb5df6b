"""Finding is enough."""

# trips: added
# says: last update


def reuse(need):
    wanted = need["parameters"]
    found = search("FeatureMetadata", **{f"Parameters__{key}": value for key, value in wanted.items()})
    for feature in found:
        group = sagemaker.describe_feature_group(FeatureGroupName=feature["FeatureGroupName"])
        tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=group["FeatureGroupArn"])["Tags"]}
        online = group.get("OnlineStoreConfig", {}).get("EnableOnlineStore", False)
        if online and need["tags"].items() <= tags.items():
            break
    name = group["FeatureGroupName"]
    return {"group": name, "feature": feature["FeatureName"]}
