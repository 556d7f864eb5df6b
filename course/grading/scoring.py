"""Scoring rules of the patterns in `docs/exercise-patterns.md`, made so that guessing does not pay.

Each function returns a share in 0..1 for ``report.part``.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

ROUNDING = 1e-9  # relative; more than what rounding in the operations of an answer may come to
REGRET_STEPS = ((0.02, 1.0), (0.06, 0.7), (0.15, 0.3))  # (regret up to, share): full, most, some


def near(got: float, wanted: float, within: float) -> bool:
    """Whether a number is within a tolerance of the right one, the borders included, whichever way they round; nan and inf never are."""
    within += ROUNDING * max(within, abs(wanted))
    return wanted - within <= got <= wanted + within


def rule_share(given: Sequence[Hashable], accepted: Sequence[Collection[Hashable]]) -> float:
    """Pattern 1: right answers beyond those of the best constant, (right - constant) / (cases - constant).

    Parameters
    ----------
    given : sequence
        The answer of the learner's rule to each case.
    accepted : sequence of collections
        The accepted answers of each case; an ambiguous case has several.

    Raises
    ------
    ValueError
        When the lengths differ, there is no case, or one constant is right for every case.
    """
    if len(given) != len(accepted) or not accepted:
        raise ValueError(f"{len(given)} answers to {len(accepted)} cases")
    right = sum(answer in suits for answer, suits in zip(given, accepted, strict=True))
    options = {option for suits in accepted for option in suits}
    constant = max(sum(option in suits for suits in accepted) for option in options)
    if constant == len(accepted):
        raise ValueError("one constant answer suits every case; draw cases that differ")
    return max(0.0, (right - constant) / (len(accepted) - constant))


def find_all_share(found: Collection[Hashable], wanted: Collection[Hashable]) -> float:
    """Pattern 10: (right - wrong) / all, not below 0; naming everything earns nothing when at most half is wanted.

    Raises
    ------
    ValueError
        When ``wanted`` is empty.
    """
    if not wanted:
        raise ValueError("nothing is to be found")
    right, wrong = set(found) & set(wanted), set(found) - set(wanted)
    return max(0.0, (len(right) - len(wrong)) / len(set(wanted)))


def guard_share(caught: Sequence[bool], alarms: Sequence[bool]) -> float:
    """Pattern 5: share of the corrupted cases that were caught, less the share of clean ones that gave a false alarm; not below 0.

    "Block all" and "allow all" earn 0.

    Raises
    ------
    ValueError
        When there is no corrupted or no clean case.
    """
    if not caught or not alarms:
        raise ValueError("a guard is judged on corrupted and on clean cases")
    return max(0.0, sum(caught) / len(caught) - sum(alarms) / len(alarms))


def regret_share(cost: float, best: float) -> float:
    """Pattern 6: full up to 2 % regret, most up to 6 %, some up to 15 %; regret is (cost - best) / best.

    Raises
    ------
    ValueError
        When ``best``, the lowest cost that was possible, is not positive.
    """
    if best <= 0:
        raise ValueError(f"the best cost is {best}; regret needs a positive one")
    regret = (cost - best) / best
    return next((share for limit, share in REGRET_STEPS if regret <= limit), 0.0)
