def reuse(need):
    from sagemaker.core.shapes import FeatureDefinition, FeatureParameter
    from sagemaker.mlops.feature_store import FeatureMetadata

    tagged = search("FeatureGroup", **{f"Tags__{key}": value for key, value in need["tags"].items()})
    names = [one["FeatureGroupName"] for one in tagged if one.get("OnlineStoreConfig")]
    found = search("FeatureMetadata", **{f"Parameters__{key}": value for key, value in need["parameters"].items()})
    [feature] = [one for one in found if one["FeatureGroupName"] in names]
    group, add = FeatureGroup.get(feature["FeatureGroupName"]), need["add"]
    group.update(feature_additions=[FeatureDefinition(feature_name=add["name"], feature_type=add["type"])])
    wait_created(aws, feature["FeatureGroupName"])
    metadata = FeatureMetadata.get(feature_group_name=feature["FeatureGroupName"], feature_name=add["name"])
    parameters = [FeatureParameter(key=key, value=value) for key, value in add["parameters"].items()]
    metadata.update(description=add["description"], parameter_additions=parameters)
    return {"group": feature["FeatureGroupName"], "feature": feature["FeatureName"]}
