"""Operations on rules. Source: the API reference; texts of errors from moto, which were compared with AWS."""

from __future__ import annotations

import random
import string
from dataclasses import replace

from course.localaws.config.catalog import managed_rule
from course.localaws.config.recorder import recorder
from course.localaws.config.store import Rule, RuleStore
from course.localaws.config.timers import RuleTimers
from course.localaws.context import Context, Operation
from course.localaws.core import json_text, paging, tag_rules
from course.localaws.core.errors import AwsError, not_supported

MOST_RULES = 1000  # a region
PAGE = 25
_NEEDS = "There are no customer managed configuration recorders available to record your resource configurations."


class Rules:
    """The operations."""

    def __init__(self, store: RuleStore, timers: RuleTimers) -> None:
        self._store, self._timers = store, timers

    def operations(self) -> dict[str, Operation]:
        return {
            "DeleteConfigRule": self.delete,
            "DeleteEvaluationResults": self.delete_results,
            "DescribeConfigRuleEvaluationStatus": self.describe_status,
            "DescribeConfigRules": self.describe,
            "ListTagsForResource": self.list_tags,
            "PutConfigRule": self.put,
            "StartConfigRulesEvaluation": self.start,
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }

    def put(self, context: Context, params: dict) -> None:
        given = params["ConfigRule"]
        _check(given)
        if recorder(context.platform, context.region) is None:
            raise AwsError("NoAvailableConfigurationRecorderException", _NEEDS)
        with self._store.changing():
            present = self._present(context, given)
            tags = params.get("Tags", ())
            if present is None:
                rule = self._new(context, given, tag_rules.merged((), tags))
            else:
                rule = replace(present, given=given | {"ConfigRuleName": present.name}, results=())
            self._store.put(rule)
        self._timers.start(context.region, rule.name)

    def _present(self, context: Context, given: dict) -> Rule | None:
        """The rule that a request changes. Raises AwsError ``InvalidParameterValueException``."""
        if name := given.get("ConfigRuleName"):
            return self._store.get(context.region, name)
        wanted = given.get("ConfigRuleArn") or given.get("ConfigRuleId")
        found = [rule for rule in self._store.rules(context.region) if wanted in (rule.arn, rule.id)]
        if not wanted or not found:
            raise invalid("One or more identifiers needs to be provided. Provide Name or Id or Arn")
        return found[0]

    def _new(self, context: Context, given: dict, tags: list[dict]) -> Rule:
        if len(self._store.rules(context.region)) >= MOST_RULES:
            message = f"Failed to put config rule '{given['ConfigRuleName']}' because the account already has {MOST_RULES} of them."
            raise AwsError("MaxNumberOfConfigRulesExceededException", message)
        id = "config-rule-" + "".join(random.choices(string.ascii_lowercase + string.digits, k=6))
        arn = f"arn:aws:config:{context.region}:{context.account}:config-rule/{id}"
        status = {"FirstActivatedTime": context.platform.clock.now()}
        return Rule(context.region, given["ConfigRuleName"], arn, id, given, tuple(tags), status)

    def describe(self, context: Context, params: dict) -> dict:
        rules = self.named(context, params)
        shown, following = paging.ordered_page([(rule.name, _shown(rule)) for rule in rules], params, PAGE)
        return {"ConfigRules": shown, "NextToken": following}

    def describe_status(self, context: Context, params: dict) -> dict:
        statuses = [(rule.name, _status(rule)) for rule in self.named(context, params)]
        shown, following = paging.ordered_page(statuses, params, PAGE, "Limit")
        return {"ConfigRulesEvaluationStatus": shown, "NextToken": following}

    def delete(self, context: Context, params: dict) -> None:
        with self._store.changing():
            rule = self.one(context, params["ConfigRuleName"])
            self._store.delete(rule)
            self._timers.forget(rule.region, rule.name)

    def delete_results(self, context: Context, params: dict) -> dict:
        with self._store.changing():
            self._store.put(replace(self.one(context, params["ConfigRuleName"]), results=()))
        return {}

    def start(self, context: Context, params: dict) -> dict:
        for rule in self.named(context, params):
            self._timers.start(context.region, rule.name)
        return {}

    def named(self, context: Context, params: dict) -> list[Rule]:
        """The rules of ``ConfigRuleNames``, or all. Raises AwsError ``NoSuchConfigRuleException``."""
        names = params.get("ConfigRuleNames")
        return [self.one(context, name) for name in names] if names else self._store.rules(context.region)

    def one(self, context: Context, name: str) -> Rule:
        """The rule of a name. Raises AwsError ``NoSuchConfigRuleException``."""
        found = self._store.get(context.region, name)
        if found is None:
            message = f"The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name"
            raise AwsError("NoSuchConfigRuleException", message)
        return found

    # Tags of rules; those of other resources are moto's

    def list_tags(self, context: Context, params: dict) -> dict:
        return {"Tags": [*self._tagged(context, params).tags]}

    def tag(self, context: Context, params: dict) -> None:
        with self._store.changing():
            rule = self._tagged(context, params)
            self._store.put(replace(rule, tags=tuple(tag_rules.merged(rule.tags, params["Tags"]))))

    def untag(self, context: Context, params: dict) -> None:
        with self._store.changing():
            rule = self._tagged(context, params)
            self._store.put(replace(rule, tags=tuple(tag for tag in rule.tags if tag["Key"] not in params["TagKeys"])))

    def _tagged(self, context: Context, params: dict) -> Rule:
        found = [rule for rule in self._store.rules(context.region) if rule.arn == params["ResourceArn"]]
        if not found:
            raise AwsError("ResourceNotFoundException", f"ResourceArn '{params['ResourceArn']}' does not exist")
        return found[0]


def is_of_moto(context: Context, params: dict) -> bool:
    """Whether a request is about a resource that moto keeps, such as an aggregator, by its ARN."""
    return ":config-rule/" not in params.get("ResourceArn", ":config-rule/")


def _check(given: dict) -> None:
    """Raises AwsError ``InvalidParameterValueException``, ``NotSupportedByLocalAws`` for a rule that is not evaluated here."""
    owner = given["Source"]["Owner"]
    if owner != "AWS":
        raise not_supported("config", f"PutConfigRule of a rule whose owner is {owner}, which is no managed rule,")
    if "SourceIdentifier" not in given["Source"]:
        raise invalid("The SourceIdentifier of a managed rule is required.")
    managed = managed_rule(given["Source"]["SourceIdentifier"])
    if {"TagKey", "TagValue"} & given.get("Scope", {}).keys():
        raise not_supported("config", "PutConfigRule with a Scope by tags")
    if any(each.get("Mode") == "PROACTIVE" for each in given.get("EvaluationModes", ())):
        raise not_supported("config", "PutConfigRule with proactive evaluation")
    if given.get("ConfigRuleState", "ACTIVE") != "ACTIVE":
        raise invalid(f"The ConfigRuleState {given['ConfigRuleState']} is invalid.  Only the following values are permitted: ACTIVE")
    try:
        parameters = json_text.load(given.get("InputParameters") or "{}")
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict) or not all(isinstance(value, str) for value in parameters.values()):
        raise invalid(f"Invalid json {given['InputParameters']} passed in the InputParameters field")
    if parameters.keys() - managed.parameters.keys():
        raise invalid(f"Unknown parameters provided in the inputParameters: {given['InputParameters']}")


def _shown(rule: Rule) -> dict:
    shown = {"InputParameters": "{}", "EvaluationModes": [{"Mode": "DETECTIVE"}]} | rule.given
    return shown | {"ConfigRuleName": rule.name, "ConfigRuleArn": rule.arn, "ConfigRuleId": rule.id, "ConfigRuleState": "ACTIVE"}


def _status(rule: Rule) -> dict:
    return (
        {"FirstEvaluationStarted": False} | rule.status | {"ConfigRuleName": rule.name, "ConfigRuleArn": rule.arn, "ConfigRuleId": rule.id}
    )


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)
