"""Takes over the rules of a state folder of an earlier release, in which moto kept them and nothing evaluated them.

This happens once, in the background, when moto has replayed its journal. A rule that is not evaluated here is left out.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from course.localaws.config.catalog import managed_rule
from course.localaws.config.store import Rule, RuleStore
from course.localaws.core.errors import AwsError
from course.localaws.platform import Platform

_MEMBERS = ("ConfigRuleName", "Description", "Scope", "Source", "InputParameters", "MaximumExecutionFrequency")

logger = logging.getLogger(__name__)


def begin(platform: Platform, store: RuleStore, done: Callable[[], None]) -> None:
    """Start, unless there is nothing to take over. Returns at once; ``done`` is called at the end."""
    if store.must_migrate:
        threading.Thread(target=_run, args=(platform, store, done), name="migrate rules of Config", daemon=True).start()


def _run(platform: Platform, store: RuleStore, done: Callable[[], None]) -> None:
    try:
        rules = platform.moto.run(lambda: _found(platform.account))
        store.take_over([rule for rule in rules if _is_evaluated(rule)])
        done()
    except (AwsError, RuntimeError):  # the local AWS is stopping; the next start does it
        logger.warning("the rules of the earlier release were not taken over yet", exc_info=True)


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
            rules.append(Rule(region, each.config_rule_name, each.config_rule_arn, each.config_rule_id, given, 0.0, tags, status))
    return rules


def _is_evaluated(rule: Rule) -> bool:
    try:
        managed_rule(rule.identifier)
    except (AwsError, KeyError):
        logger.warning("the rule %s was not taken over: it is not evaluated here", rule.name)
        return False
    return rule.given["Source"]["Owner"] == "AWS"
