"""Checks the feature definitions of a group.

Source: API reference of CreateFeatureGroup and FeatureDefinition, and "Collection types" of the developer guide, read 2026-11-28. AWS's
public texts begin with ``Validation Error:``; the texts here do too, and are ours. The acceptance tests of Terraform's AWS provider create
groups whose record identifier and event time are the same feature, and the integration tests of the SageMaker SDK have a Fractional record
identifier, so both are allowed.
"""

from __future__ import annotations

from collections.abc import Iterable

from course.localaws.core.errors import AwsError, invalid
from course.localaws.sagemaker.feature_store.limits import limit

EVENT_TIME_TYPES = ("String", "Fractional")


def check_keys(definitions: list[dict], identifier: str, event_time: str) -> None:
    """Check the record identifier and the event time of a new group. Raises AwsError."""
    features = {feature["FeatureName"]: feature for feature in definitions}
    for member, name in (("RecordIdentifierFeatureName", identifier), ("EventTimeFeatureName", event_time)):
        if name not in features:
            raise refused(f"{member} {name} must be one of the names in FeatureDefinitions: {_listed(features)}")
        if "CollectionType" in features[name]:
            raise refused(f"{member} {name} must not be a collection")
    if features[event_time]["FeatureType"] not in EVENT_TIME_TYPES:
        raise refused(f"EventTimeFeatureName {event_time} must be of FeatureType {' or '.join(EVENT_TIME_TYPES)}")


def check(definitions: list[dict], present: Iterable[str], storage: str) -> None:
    """Check new feature definitions.

    Parameters
    ----------
    definitions : list of dict
    present : iterable of str
        The names of the features that the group has.
    storage : str
        The storage type of the online store; ``""`` for a group without one.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    taken = {name.lower() for name in present}
    for feature in definitions:
        name = feature["FeatureName"]
        if name.lower() in limit("reserved_names"):
            raise refused(f"FeatureName cannot be any of the following: {', '.join(limit('reserved_names'))}; got {name}")
        if name.lower() in taken:
            # Glue's columns have no case, so neither have feature names here.
            raise refused(f"FeatureName {name} occurs twice. Feature names must be unique within a feature group, in any case of letters")
        taken.add(name.lower())
        _check_collection(feature, storage)


def _check_collection(feature: dict, storage: str) -> None:
    name, kind, config = feature["FeatureName"], feature.get("CollectionType"), feature.get("CollectionConfig", {})
    if kind is None:
        if config:
            raise refused(f"CollectionConfig of feature {name} needs a CollectionType")
        return
    if storage != "InMemory":
        raise refused(f"CollectionType {kind} of feature {name} is only supported for feature groups with the InMemory online store")
    if kind == "Vector" and feature["FeatureType"] != "Fractional":
        raise refused(f"Feature {name} with CollectionType Vector must be of FeatureType Fractional")
    if (kind == "Vector") != ("VectorConfig" in config):
        raise refused(f"VectorConfig {'is required for' if kind == 'Vector' else 'applies only to'} CollectionType Vector: feature {name}")


def refused(text: str) -> AwsError:
    """The error of an invalid request, in the form of AWS's texts about feature groups."""
    return invalid(f"Validation Error: {text}.")


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
