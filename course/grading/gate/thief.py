"""Makes the answers of a thief: somebody who understands nothing, and hands in what importable code says (`course.grading.gate.loot`).

The thief calls every function that could be a key on the arguments that the exercise's function gets, in every order, and reads the
result in several ways; looks arguments up in tables; tries options until another function likes one best; changes one field of an argument
until another function says what was asked for; and takes what functions say of the learner's variant for the values that an exercise asks
for. Which of all that is a key, a thief would learn from practice. Here the reference's own results tell, which is at least as much.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.grading import values
from course.grading.errors import AnswerError
from course.grading.exercise import kinds, seeds
from course.grading.exercise.definition import ExerciseDefinition
from course.grading.exercise.evidence_types import Function, Value
from course.grading.gate.guesser import LookupFunction, Recorder
from course.grading.gate.loot import NOTHING, Loot, readings, required, said, takes

MOST = 4  # answers that are graded
SAMPLE = 8  # calls on which a key is tried first
ORDERED = 3  # arguments that are tried in every order
OPTIONS = (2, 500)  # how many options are tried, from and to
NUMBERS = range(101)  # that a field or an answer is tried with

Evidence = dict[str, Any]
Calls = list[tuple[tuple, Any]]  # the arguments of a call, and the reference's result


@dataclass(frozen=True)
class Key:
    """Something importable that may answer: its name, what it answers to arguments, and the share of answers like the reference's."""

    name: str
    answer: Callable[..., Any]
    agrees: float = 0.0


def answers(
    exercise: ExerciseDefinition, loot: Loot, reference: Mapping[str, Any], shown: Mapping[str, Any]
) -> Iterator[tuple[str, Evidence]]:
    """Answers that are made of the loot, the best first, each with the names of its keys.

    Parameters
    ----------
    exercise : ExerciseDefinition
    loot : Loot
    reference : mapping
        The reference's evidence; its functions are recorders that were called.
    shown : mapping
        The variables of the notebook. What they hold is no loot, since everybody sees it.
    """
    found: dict[str, list[Key]] = {}
    for name, wanted in exercise.evidence.items():
        if isinstance(wanted, Function):
            found[name] = _functions(loot, wanted, _calls(reference[name]))
        else:
            found[name] = _values(exercise, loot, wanted, reference[name], shown)
    for place in range(max(map(len, found.values()))):
        chosen = {name: some[min(place, len(some) - 1)] for name, some in found.items() if some}
        evidence = {name: _filled(chosen.get(name), exercise.evidence[name], reference[name]) for name in exercise.evidence}
        yield ", ".join(key.name for key in chosen.values()), evidence


def _filled(key: Key | None, wanted: Value | Function, right: Any) -> Any:
    """What is handed in for one name: of a value without a key, something of the right form."""
    if key:
        return key.answer if isinstance(wanted, Function) else key.answer()
    return LookupFunction() if isinstance(wanted, Function) else _rotated(right)


def _rotated(right: Any) -> Any:
    """A dictionary whose entries changed places; of anything else, an empty value."""
    if isinstance(right, Mapping) and right:
        entries = list(right.values())
        return dict(zip(right, [*entries[1:], entries[0]], strict=True))
    return type(right)() if isinstance(right, (str, list, dict, int, float)) else None


def _calls(recorder: Recorder) -> Calls:
    """Some of the recorded calls, from all parts of the check."""
    keys = list(recorder.results)
    step = max(1, len(keys) // SAMPLE)
    return [(recorder.arguments[key], values.plain(recorder.results[key])) for key in keys[::step][:SAMPLE]]


# ---- functions -----------------------------------------------------------------------------------------------------------------------


def _functions(loot: Loot, wanted: Function, calls: Calls) -> list[Key]:
    if not calls:
        return []
    first, right = calls[0]
    made = [*_direct(loot, first), *_looked_up(loot, first), *_preferred(loot, wanted, first), *_edited(loot, first, right)]
    told = [(key, results) for key in made if (results := _told(key, calls)) is not None]
    found: dict[str, Key] = {}
    for key, results in told:
        given = [_conforming(result, wanted.returns) for result in results]
        if NOTHING not in given:
            agrees = sum(same(got, result) for got, (_, result) in zip(given, calls, strict=True)) / len(calls)
            if agrees or _is_measured(right):
                found.setdefault(repr(given), Key(key.name, key.answer, agrees))
    best = sorted(found.values(), key=lambda key: -key.agrees)[:MOST]
    joined = _joined(told, calls)
    return [*([joined] if joined else []), *best][:MOST]


def _told(key: Key, calls: Calls) -> list[Any] | None:
    """What a key answers to each call; None when it does not answer all, or only repeats a part of the arguments."""
    results, repeated = [], None
    for arguments, _ in calls:
        results.append(said(key.answer, *arguments))
        if results[-1] is NOTHING:
            return None
        parts = {(place, label) for place, one in enumerate(arguments) for label, part in readings(one).items() if same(part, results[-1])}
        repeated = parts if repeated is None else repeated & parts
    return None if repeated else results


def _conforming(result: Any, kind: Any) -> Any:
    """The result as plain data of that kind; `NOTHING` when it has another."""
    if result is NOTHING:
        return NOTHING
    try:
        return kinds.conform(values.plain(result), kind)
    except (AnswerError, kinds.KindError):
        return NOTHING


def same(one: Any, other: Any) -> bool:
    """Whether two results are equal but for rounding."""
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    if hasattr(one, "equals"):  # pandas
        return bool(one.equals(other))
    return repr(one) == repr(other)


def _is_measured(right: Any) -> bool:
    """Whether results hold numbers, so that one unlike the reference's may be nearly as good."""
    if isinstance(right, Mapping):
        return any(map(_is_measured, right.values()))
    if isinstance(right, list):
        return any(map(_is_measured, right))
    return isinstance(right, (int, float)) and not isinstance(right, bool)


def _direct(loot: Loot, first: tuple) -> Iterator[Key]:
    """What a function says of the arguments, in any order, or of the fields of one that is a dictionary."""
    orders = list(itertools.permutations(range(len(first)))) if len(first) <= ORDERED else [tuple(range(len(first)))]
    for name, function in loot.functions.items():
        if takes(function, len(first)):
            for order in orders:
                yield from _read(f"{name}{list(order)}", lambda *given, f=function, o=order: f(*(given[place] for place in o)), first)
        for place, argument in enumerate(first):
            if isinstance(argument, dict) and (names := required(function)) and set(names) <= argument.keys():
                yield from _read(
                    f"{name}(**)", lambda *given, f=function, p=place, n=names: f(**{each: given[p][each] for each in n}), first
                )


def _read(name: str, answer: Callable[..., Any], first: tuple) -> Iterator[Key]:
    """A key for each way to read what an answer says of the first call."""
    result = said(answer, *first)
    for label in readings(result) if result is not NOTHING else ():
        yield Key(name + label, lambda *given, r=label: readings(answer(*given))[r])


def _looked_up(loot: Loot, first: tuple) -> Iterator[Key]:
    """What a table says of an argument, or of one of its fields."""
    for name, table in loot.constants.items():
        if not isinstance(table, dict):
            continue
        for place, argument in enumerate(first):
            if isinstance(argument, str) and argument in table:
                yield Key(f"{name}[{place}]", lambda *given, t=table, p=place: t[given[p]])
            for field, value in argument.items() if isinstance(argument, dict) else ():
                if isinstance(value, str) and value in table:
                    yield Key(f"{name}[{field}]", lambda *given, t=table, p=place, f=field: t[given[p][f]])


def _preferred(loot: Loot, wanted: Function, first: tuple) -> Iterator[Key]:
    """The option of which a function returns the least, or the largest, number."""
    for label, options in _options(loot, wanted, first):
        some = said(options, *first)
        for name, scorer in loot.functions.items():
            if takes(scorer, len(first) + 1) and isinstance(said(scorer, *first, some[0]), (int, float)):
                for choose in (min, max):
                    yield Key(
                        f"{choose.__name__}({label}, {name})",
                        lambda *given, c=choose, o=options, s=scorer: c(o(*given), key=lambda option: s(*given, option)),
                    )


def _options(loot: Loot, wanted: Function, first: tuple) -> Iterator[tuple[str, Callable[..., Sequence[Any]]]]:
    """Lists from which an answer may be chosen: constants, what functions return of the arguments, and numbers."""
    if wanted.returns is int:
        yield "numbers", lambda *given: NUMBERS[1:]
    for name, constant in loot.constants.items():
        if _are_options(constant, wanted):
            yield name, lambda *given, c=constant: c
    for name, function in loot.functions.items():
        if takes(function, len(first)) and _are_options(said(function, *first), wanted):
            yield name, function


def _are_options(some: Any, wanted: Function) -> bool:
    return isinstance(some, (list, tuple)) and OPTIONS[0] <= len(some) <= OPTIONS[1] and _conforming(some[0], wanted.returns) is not NOTHING


def _edited(loot: Loot, first: tuple, right: Any) -> Iterator[Key]:
    """A dictionary with one other field, after which a function of it says what the other argument asks for, and no other complains."""
    for place, case in enumerate(first):
        if len(first) != 2 or not (isinstance(case, dict) and isinstance(right, dict) and case.keys() == right.keys()):
            continue
        told = {name: said(function, case) for name, function in loot.functions.items() if takes(function, 1)}
        judges = [name for name, word in told.items() if isinstance(word, str) and word]
        complaints = [loot.functions[name] for name, word in told.items() if word == ""]
        for name in judges:
            yield Key(
                f"edit({name})",
                lambda *given, p=place, j=loot.functions[name], c=complaints: next(
                    other for other in _edits(given[p]) if j(other) == given[1 - p] and not any(each(other) for each in c)
                ),
            )


def _edits(case: dict) -> Iterator[dict]:
    for field, value in case.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield from (case | {field: number} for number in (*NUMBERS, value / 2, value * 2, value * 10) if number != value)


def _joined(told: list[tuple[Key, list[Any]]], calls: Calls) -> Key | None:
    """A dictionary whose members are the best keys of each, where they say more than the reference's commonest member."""
    results = [result for _, result in calls]
    if not all(isinstance(result, dict) and result.keys() == results[0].keys() for result in results):
        return None
    members: dict[str, Key] = {}
    for member in results[0]:
        column = [result[member] for result in results]
        texts = Counter(map(repr, column))
        usual = max(column, key=lambda value: texts[repr(value)])
        members[member] = Key("", lambda *given, v=usual: v, texts[repr(usual)] / len(column))
        for key, given in told:
            agrees = sum(map(same, given, column)) / len(calls)
            if agrees > members[member].agrees:
                members[member] = Key(key.name, key.answer, agrees)
    names = [f"{member}: {key.name}" for member, key in members.items() if key.name]
    if not names:
        return None
    return Key(f"{{{', '.join(names)}}}", lambda *given: {member: key.answer(*given) for member, key in members.items()}, 1.0)


# ---- values --------------------------------------------------------------------------------------------------------------------------


def _values(exercise: ExerciseDefinition, loot: Loot, wanted: Value, right: Any, shown: Mapping[str, Any]) -> list[Key]:
    """Data of the right kind that agree with the reference's, wholly or in part."""
    public = {repr(value) for value in shown.values() if isinstance(value, (str, list, tuple, dict, int, float))}
    found = []
    for name, data in _data(exercise, loot, shown):
        for label, part in readings(data).items():
            if repr(part) in public:
                continue
            for more, candidate in _shapes(part, right):
                plain = _conforming(candidate, wanted.kind)
                if plain is not NOTHING and (agrees := _overlap(plain, right)):
                    found.append(Key(f"{name}{label}{more}", lambda value=plain: value, agrees))
    return sorted(found, key=lambda key: -key.agrees)[:MOST]


def _data(exercise: ExerciseDefinition, loot: Loot, shown: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Constants, and what functions say of the learner's variant and of the notebook's variables."""
    yield from loot.constants.items()
    variables = {}
    for name, value in shown.items():
        with contextlib.suppress(AnswerError):
            variables[name] = values.plain(value)
    for name, function in loot.functions.items():
        names = required(function)
        known = {each: variables[each] for each in names if each in variables}
        if "rng" in names and (missing := set(names) - known.keys() - {"rng"}):
            known |= {each: each for each in missing}  # any text
        if "rng" in names or (names and known.keys() == set(names)):
            result = said(lambda f=function, k=known, n=names: f(**k | ({"rng": _variant(exercise)} if "rng" in n else {})))
            if result is not NOTHING:
                yield name, result


def _variant(exercise: ExerciseDefinition) -> random.Random:
    return seeds.stream("variant", exercise.id, seeds.learner(), seeds.PUBLISHED)


def _shapes(part: Any, right: Any) -> Iterator[tuple[str, Any]]:
    """Forms that data may be handed in as: as they are, the names of some of its objects, or one member of each entry."""
    yield "", part
    if isinstance(right, list) and isinstance(part, (list, tuple)) and part and hasattr(part[0], "__dict__"):
        for member in vars(part[0]):
            kept = _telling([getattr(each, member, None) for each in part], [_named(each, right) for each in part])
            yield f" by {member}", [name for each in part if repr(getattr(each, member, None)) in kept and (name := _name(each))]
    if isinstance(right, dict) and isinstance(part, dict) and part.keys() == right.keys():
        entries = list(right.values())
        for member in entries[0] if all(isinstance(entry, dict) for entry in entries) else ():
            if all(member in entry for entry in entries):
                others = _rotated(right)
                yield f" as {member}", {name: others[name] | {member: part[name]} for name in right}


def _telling(labels: list[Any], wanted: list[bool]) -> set[str]:
    """The labels that several objects share, most of them named by the reference."""
    groups: dict[str, list[bool]] = {}
    for label, named in zip(labels, wanted, strict=True):
        groups.setdefault(repr(label), []).append(named)
    shared = len(groups) < len(labels) / 1.2
    return {label for label, named in groups.items() if shared and sum(named) > len(named) / 2}


def _name(thing: Any) -> str:
    name = getattr(thing, "name", "")
    return name if isinstance(name, str) else ""


def _named(thing: Any, right: list) -> bool:
    return _name(thing) in right


def _overlap(given: Any, right: Any) -> float:
    """The share of the reference that data agree with, from 0 to 1; what is too much counts against lists."""
    if isinstance(given, dict) and isinstance(right, dict):
        if given.keys() != right.keys() or not right:
            return 0.0
        return sum(_overlap(given[name], right[name]) for name in right) / len(right)
    if isinstance(given, list) and isinstance(right, list):
        one, other = set(map(repr, given)), set(map(repr, right))
        return len(one & other) / max(1, len(one | other))
    return float(same(given, right)) if type(given) is type(right) else 0.0
