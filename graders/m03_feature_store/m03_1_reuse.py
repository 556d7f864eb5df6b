"""Judges the search for another team's feature, and the extension of its group."""

from __future__ import annotations

import random
from typing import Any

from course.grading import Answer, Report

from .m03_1_cases import groups_of, need
from .m03_1_groups import ONLINE, Store


def judge_reuse(answer: Answer, report: Report, rng: random.Random) -> None:
    """Fill the account with groups, ask the learner's function for one of them, and report every part."""
    token = answer.token()
    wanted = need(rng, token)
    groups = groups_of(rng, wanted, token)
    store = Store(answer)
    sagemaker = store.sagemaker
    with (
        store.bucket(f"checks-m03-1-{token}") as stored,
        store.groups({group["name"]: _request(group, stored) for group in groups}),
    ):
        for group in groups:
            parameters = [{"Key": key, "Value": value} for key, value in group["parameters"].items()]
            sagemaker.update_feature_metadata(FeatureGroupName=group["name"], FeatureName=group["feature"], ParameterAdditions=parameters)
        before = {group["name"]: _state(sagemaker, group) for group in groups}
        returned = answer.call("reuse", wanted)
        _check_found(report, returned, groups)
        _check_changes(report, sagemaker, groups, before, wanted["add"])


def _request(group: dict, stored: dict) -> dict:
    features = {"origin": "String", "event_time": "String", group["feature"]: "Fractional"}
    definitions = [{"FeatureName": name, "FeatureType": kind} for name, kind in features.items()]
    request = {"RecordIdentifierFeatureName": "origin", "EventTimeFeatureName": "event_time", "FeatureDefinitions": definitions}
    request["Tags"] = [{"Key": key, "Value": value} for key, value in group["tags"].items()]
    return request | (ONLINE if group["online"] else stored)


def _state(sagemaker: Any, group: dict) -> dict:
    """What a group looks like: its features, its tags, and the metadata of the feature that was there from the beginning."""
    described = sagemaker.describe_feature_group(FeatureGroupName=group["name"])
    metadata = sagemaker.describe_feature_metadata(FeatureGroupName=group["name"], FeatureName=group["feature"])
    names = [feature["FeatureName"] for feature in described["FeatureDefinitions"]]
    tags = sagemaker.list_tags(ResourceArn=described["FeatureGroupArn"])["Tags"]
    metadata = {"parameters": metadata.get("Parameters", []), "description": metadata.get("Description", "")}
    return {"features": names, "tags": {tag["Key"]: tag["Value"] for tag in tags}} | metadata


def _check_found(report: Report, returned: dict, groups: list[dict]) -> None:
    chosen = next((group for group in groups if group["name"] == returned.get("group")), None)
    said = f"`reuse(...)` returned {returned!r}; expected the keys 'group' and 'feature' and names that exist in this account."
    if not report.part("found", set(returned) == {"group", "feature"} and chosen is not None, said):
        return
    said = f"`reuse(...)` returned {returned!r}. {_why_not(chosen, groups)}"
    report.part("found", chosen["right"] and returned["feature"] == chosen["feature"], said)


def _why_not(chosen: dict, groups: list[dict]) -> str:
    if chosen["right"]:
        return "The group serves the need; the feature is not the one with its parameters."
    [right] = [group for group in groups if group["right"]]
    for member, what in (("parameters", "feature there lacks some of the parameters"), ("tags", "group lacks some of the tags")):
        if chosen[member] != right[member]:
            return f"The {what} of the need."
    return "That group has no online store."


def _check_changes(report: Report, sagemaker: Any, groups: list[dict], before: dict[str, dict], add: dict) -> None:
    right = next(group for group in groups if group["right"])
    described = sagemaker.describe_feature_group(FeatureGroupName=right["name"])
    types = {feature["FeatureName"]: feature["FeatureType"] for feature in described["FeatureDefinitions"]}
    there = types.get(add["name"])
    status = described.get("LastUpdateStatus", {}).get("Status", "no update")
    said = f"When `reuse(...)` had returned, the last update of the group that serves the need was: {status}. "
    said += f"It has {add['name']!r} of type {there}; expected the type of the need." if there else f"It has no feature {add['name']!r}."
    added = report.part("added", there == add["type"] and status == "Successful", said)
    if added:
        metadata = sagemaker.describe_feature_metadata(FeatureGroupName=right["name"], FeatureName=add["name"])
        parameters = {one["Key"]: one["Value"] for one in metadata.get("Parameters", [])}
        good = metadata.get("Description") == add["description"] and parameters == add["parameters"]
        said = f"The new feature has the description {metadata.get('Description')!r} and the parameters {parameters}; the need has others."
        report.part("described", good, said)
    else:
        report.part("described", False, "The new feature is not in the group, so nothing describes it.")
    changed = []
    for group in groups:
        after, allowed = _state(sagemaker, group), [add["name"]] if group["right"] else []
        features = [name for name in after["features"] if name not in allowed]
        if after | {"features": features} != before[group["name"]]:
            changed.append(group["name"])
    said = f"{len(changed)} of {len(groups)} groups have a change that nobody asked for, for instance {changed[:1]}."
    report.part("spared", added and not changed, said if changed else "Nothing was added, so nothing shows what your function spares.")
