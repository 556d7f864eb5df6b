"""Takes over the rules of a state folder of an earlier release, in which moto kept them and nothing evaluated them.

A rule that is not evaluated here is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from course.localaws.config.catalog import managed_rule
from course.localaws.config.store import Rule, RuleStore
from course.localaws.core.errors import AwsError
from course.localaws.platform import Platform

_MEMBERS = ("ConfigRuleName", "Description", "Scope", "Source", "InputParameters", "MaximumExecutionFrequency")

logger = logging.getLogger(__name__)


def begin(platform: Platform, store: RuleStore, done: Callable[[], None]) -> None:
    """Start, unless there is nothing to take over. Returns at once; ``done`` is called at the end."""
    store.migration.begin("rules of Config", lambda: _take_over(platform, store, done))


def _take_over(platform: Platform, store: RuleStore, done: Callable[[], None]) -> None:
    rules = platform.moto.run(lambda: _found(platform.account))
    store.take_over([rule for rule in rules if _is_evaluated(rule)])
    done()


def _found(account: str) -> list[Rule]:
    """moto's rules. Called in moto's thread."""
    from moto.config.models import config_backends

    rules = []
    for region, backend in config_backends[account].items():
        for each in backend.config_rules.values():
            document = each.to_dict()
            given = {member: document[member] for member in _MEMBERS if document.get(member)}
            tags = tuple({"Key": key, "Value": value} for key, value in each.tags.items())
            status = {"FirstActivatedTime": each.last_updated_time}
            rules.append(Rule(region, each.config_rule_name, each.config_rule_arn, each.config_rule_id, given, tags, status))
    return rules


def _is_evaluated(rule: Rule) -> bool:
    try:
        managed_rule(rule.identifier)
    except (AwsError, KeyError):
        logger.warning("the rule %s was not taken over: it is not evaluated here", rule.name)
        return False
    return rule.given["Source"]["Owner"] == "AWS"
