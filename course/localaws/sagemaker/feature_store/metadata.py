"""The operations UpdateFeatureMetadata and DescribeFeatureMetadata: a description and parameters for each feature.

Source: API reference of both and "Adding searchable metadata to your features" of the developer guide, read 2026-11-28. A parameter that is
added again gets the new value, and removing an absent key does nothing: this is our choice. The text for an unknown feature is ours.
"""

from __future__ import annotations

from functools import partial

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.feature_store.definitions import refused
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, feature_types, name_of
from course.localaws.sagemaker.feature_store.limits import limit

MEMBERS = ("Description", "ParameterAdditions", "ParameterRemovals")


class FeatureMetadata:
    """Both operations. The metadata is in the member ``_metadata`` of the group's document, by the feature's name."""

    def __init__(self, engine: ResourceEngine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {"UpdateFeatureMetadata": self.update, "DescribeFeatureMetadata": self.describe}

    def update(self, context: Context, params: dict) -> None:
        if not any(member in params for member in MEMBERS):
            raise refused(f"UpdateFeatureMetadata needs {', '.join(MEMBERS[:-1])} or {MEMBERS[-1]}")
        self._engine.update(context, FEATURE_GROUP, self._group_name(context, params), partial(self._changed, params))

    def describe(self, context: Context, params: dict) -> dict:
        group = self._engine.get(context, FEATURE_GROUP, self._group_name(context, params))
        feature = _existing(group, params["FeatureName"])
        return described(group, feature, feature_types(group)[feature])

    def _changed(self, params: dict, group: Document) -> dict:
        """The change of a group's document. Raises AwsError."""
        feature = _existing(group, params["FeatureName"])
        metadata = dict(group.get("_metadata", {}))
        present = metadata.get(feature, {})
        description = {"Description": params["Description"]} if "Description" in params else {}
        parameters = _merged(present.get("Parameters", []), params)
        metadata[feature] = present | description | {"Parameters": parameters, "LastModifiedTime": self._engine.now()}
        return {"_metadata": metadata}

    @staticmethod
    def _group_name(context: Context, params: dict) -> str:
        name = name_of(context, params["FeatureGroupName"])
        if context.call is not None:
            context.call.resource = f"{FEATURE_GROUP.arn}/{name}"
        return name


def described(group: Document, feature: str, feature_type: str) -> dict:
    """The answer of DescribeFeatureMetadata for a feature of a group."""
    created = group.get("_added", {}).get(feature, group["CreationTime"])
    metadata = {"LastModifiedTime": created} | group.get("_metadata", {}).get(feature, {})
    return {
        "FeatureGroupArn": group["FeatureGroupArn"],
        "FeatureGroupName": group["FeatureGroupName"],
        "FeatureName": feature,
        "FeatureType": feature_type,
        "CreationTime": created,
        **metadata,
    }


def _existing(group: Document, feature: str) -> str:
    """The name of a feature of a group. Raises AwsError when the group has no such feature."""
    if feature not in feature_types(group):
        text = f"Resource Not Found: Amazon SageMaker can't find a Feature with name {feature} in FeatureGroup {group['FeatureGroupName']}"
        raise AwsError("ResourceNotFound", text)
    return feature


def _merged(present: list[dict], params: dict) -> list[dict]:
    """The parameters of a feature after an update. Raises AwsError."""
    added, removed = params.get("ParameterAdditions", []), params.get("ParameterRemovals", [])
    if incomplete := [parameter for parameter in added if not {"Key", "Value"} <= parameter.keys()]:
        raise refused(f"A parameter needs a Key and a Value; got {incomplete[0]}")
    keys = [parameter["Key"] for parameter in added]
    if doubled := sorted({key for key in keys if keys.count(key) > 1 or key in removed}):
        raise refused(f"The keys of parameters must be unique within a request: {', '.join(doubled)}")
    merged = {parameter["Key"]: parameter["Value"] for parameter in (*present, *added) if parameter["Key"] not in removed}
    if len(merged) > limit("parameters"):
        raise refused(f"A feature can have at most {limit('parameters')} parameters; this update would make {len(merged)}")
    return [{"Key": key, "Value": value} for key, value in merged.items()]
