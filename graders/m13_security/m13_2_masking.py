"""Passenger records that the learner's function protects (m13_2_ex3)."""

from __future__ import annotations

import hashlib
import re

from course.grading import Answer, Report
from course.grading.scoring import guard_share

from .m13_2_passengers import Passenger, passengers, written_otherwise

COUNT = 40
TELLING = 7  # digits at the end of a number by which one would know it again
MEMBERS = {"passenger": str, "born": int, "flight": str, "note": str}
FORM = re.compile(r"[0-9a-f]{16}")
Results = list[tuple[Passenger, dict]]


def protected(answer: Answer) -> tuple[str, Results]:
    """The key of this check, and records with what the learner's function returns for them."""
    key = f"{answer.rng.getrandbits(128):032x}"
    return key, [(each, answer.call("protect", each.record, key)) for each in passengers(answer.rng, COUNT)]


def judge_columns(report: Report, results: Results) -> bool:
    """Report the part ``columns``; if it does not hold, the other parts, too."""
    holds = _judge_members(report, results)
    for part in () if holds else ("pseudonym", "notes"):
        report.part(part, False, "Judged once the columns are right.")
    return holds


def _judge_members(report: Report, results: Results) -> bool:
    """Only the wanted members, each of its type, and the decade of birth."""
    for each, result in results:
        if set(result) != set(MEMBERS):
            said = f"A result has the members {', '.join(sorted(map(str, result)))}; expected {', '.join(MEMBERS)}."
            return report.part("columns", False, said)
        wrong = [name for name, kind in MEMBERS.items() if type(result[name]) is not kind]
        if wrong:
            return report.part("columns", False, f"`{wrong[0]}` is {result[wrong[0]]!r}; expected {MEMBERS[wrong[0]].__name__}.")
        born, year = result["born"], int(each.record["birth_date"][:4])
        if born % 10 or not 0 <= year - born < 10:
            said = f"Of the birth date {each.record['birth_date']} `born` says {born}, which is not the first year of its decade."
            return report.part("columns", False, said)
        if result["flight"] != each.record["flight"]:
            return report.part("columns", False, f"`flight` became {result['flight']!r}.")
    return report.part("columns", True, "Only the four members, and the decade of birth.")


def judge_pseudonyms(answer: Answer, report: Report, key: str, results: Results) -> bool:
    """Report the part ``pseudonym`` by what one can see of it: same person, other person, other key, and hashes without a key."""
    rng, seen = answer.rng, {}
    for each, result in results:
        passport, name = each.record["passport"], result.get("passenger")
        if not isinstance(name, str) or not FORM.fullmatch(name):
            return report.part("pseudonym", False, f"A pseudonym is {name!r}; expected 16 hexadecimal digits in small letters.")
        if name in _unkeyed(passport):
            said = "A pseudonym is a hash of the passport number alone. Who hashes all such numbers finds the owner without the key."
            return report.part("pseudonym", False, said)
        if name in _glued(passport, key):
            said = (
                "A pseudonym is a plain hash of key and number in one text. Expected HMAC, which is made for keys: see the module `hmac`."
            )
            return report.part("pseudonym", False, said)
        if seen.setdefault(name, passport) != passport:
            return report.part("pseudonym", False, "Two persons got the same pseudonym.")
    for each, result in results[:5]:
        again = each.record | {"passport": written_otherwise(rng, each.record["passport"]), "flight": "UA1", "note": ""}
        if answer.call("protect", again, key).get("passenger") != result["passenger"]:
            said = f"The same person, with the passport written {again['passport']!r}, got another pseudonym."
            return report.part("pseudonym", False, said)
        if answer.call("protect", each.record, key[::-1]).get("passenger") == result["passenger"]:
            return report.part("pseudonym", False, "Under another key the pseudonym is the same.")
    return report.part("pseudonym", True, "Same person, same pseudonym, and only under the same key.")


def judge_notes(report: Report, results: Results) -> None:
    """Report the part ``notes``: the share of personal data that is masked, less that of harmless text lost. A miss counts twice."""
    caught, lost, left = [], [], []
    for each, result in results:
        note = result.get("note")
        note = note if isinstance(note, str) else ""
        for kind, value in each.personal:
            caught.append(f"[{kind}]" in note and not _remains(kind, value, note))
            if not caught[-1]:
                left.append(f"{kind} {value!r} of {each.record['note']!r} became {note!r}")
        for value in each.kept:
            lost.append(value not in note)
            if lost[-1]:
                left.append(f"{value!r}, which is not personal, was lost: {each.record['note']!r} became {note!r}")
    share = max(0.0, 2 * guard_share(caught, lost) - 1)  # one value in ten that stays is much
    said = f"{sum(caught)} of {len(caught)} values are masked, and {sum(lost)} of {len(lost)} harmless ones are lost."
    report.part("notes", share, f"{said} {left[0]}." if left else said)


def _remains(kind: str, value: str, note: str) -> bool:
    """Whether a value, or its telling end, is still in a note."""
    if kind in ("PHONE", "CARD"):
        return re.sub(r"\D", "", value)[-TELLING:] in re.sub(r"[ -]", "", note)
    if kind == "EMAIL":
        return value.partition("@")[0] in note or value.partition("@")[2] in note
    return value.lower() in note.lower()


def _spellings(passport: str) -> list[str]:
    return [passport, passport.lower()]


def _unkeyed(passport: str) -> set[str]:
    makers = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512)
    return {make(each.encode()).hexdigest()[:16] for make in makers for each in _spellings(passport)}


def _glued(passport: str, key: str) -> set[str]:
    texts = {text for each in _spellings(passport) for text in (key + each, each + key, f"{key}:{each}", f"{each}:{key}", f"{key}|{each}")}
    return {hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts}
