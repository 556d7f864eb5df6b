"""Passenger records whose notes have personal data, and numbers that only look like it (m13_2_ex3)."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from typing import Any

FIRST = ("Ana", "Bruno", "Chiara", "Deniz", "Elif", "Femi", "Greta", "Hiro", "Ines", "Jonas")
LAST = ("Souza", "Keller", "Okafor", "Marino", "Yilmaz", "Tanaka", "Lindberg", "Novak", "Moreau", "Castillo")
HOSTS = ("example.com", "mail.example.org", "post.example.net")
CARRIERS = ("UA", "B6", "DL", "EV", "MQ")
# Issuers' first digits and the groups in which their cards are printed.
CARDS = (("4", (4, 4, 4, 4)), ("51", (4, 4, 4, 4)), ("37", (4, 6, 5)))
COUNTRIES = {"1": (3, 3, 4), "44": (2, 4, 4), "49": (3, 4, 4), "351": (3, 3, 3)}
TALK = {
    "EMAIL": ("write to {}", "new address {}", "send the receipt to {}."),
    "PHONE": ("call {}", "mobile {}, after six", "was rung at {}"),
    "CARD": ("paid with {}", "refund to {}", "the card {} was declined"),
    "PASSPORT": ("passport {} was shown", "travels on {}"),
    "NAME": ("{} asked for a wheelchair", "spoke with {}", "signed: {}"),
}
HARMLESS = ("flight {}", "booking {}", "order {}", "ticket {}", "bag {}", "on {}", "costs {} dollars", "seat {}")


@dataclass
class Passenger:
    """A record, what its note has of each kind of personal data, and what the note must keep."""

    record: dict[str, Any]
    personal: list[tuple[str, str]]
    kept: list[str]


def passengers(rng: random.Random, count: int) -> list[Passenger]:
    """Records in which each kind of personal data and each kind of harmless number occurs about equally often."""
    return [_passenger(rng, number) for number in range(count)]


def written_otherwise(rng: random.Random, passport: str) -> str:
    """The same passport number in other capitals, with spaces."""
    at = rng.randint(2, len(passport) - 2)
    return rng.choice([passport.lower(), f"{passport[:at]} {passport[at:]}", f" {passport[:at].lower()} {passport[at:]}"])


def _passenger(rng: random.Random, number: int) -> Passenger:
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    passport = f"{rng.choice('CGLPX')}{rng.randint(10, 99)}{rng.choice('XYZKV')}{rng.randint(10_000, 99_999)}"
    kinds = list(TALK)
    chosen = {kinds[number % len(kinds)], *rng.sample(kinds, 1)}
    personal = [(kind, _personal(rng, kind, name, passport)) for kind in sorted(chosen)]
    harmless = [HARMLESS[(number + step) % len(HARMLESS)] for step in (0, 3)]
    kept = [_harmless(rng, words) for words in harmless]
    said = [rng.choice(TALK[kind]).format(value) for kind, value in personal]
    said += [words.format(value) for words, value in zip(harmless, kept, strict=True)]
    rng.shuffle(said)
    record = {
        "name": name,
        "passport": passport,
        "birth_date": f"{rng.randint(1935, 2009)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "email": f"{name.split()[0].lower()}{rng.randint(1, 99)}@{rng.choice(HOSTS)}",
        "flight": f"{rng.choice(CARRIERS)}{rng.randint(100, 4999)}",
        "note": "; ".join(said),
    }
    return Passenger(record, personal, kept)


def _personal(rng: random.Random, kind: str, name: str, passport: str) -> str:
    if kind == "EMAIL":
        first, last = name.lower().split()
        return f"{rng.choice([f'{first}.{last}', f'{last}_{rng.randint(1, 99)}', f'{first}+air'])}@{rng.choice(HOSTS)}"
    if kind == "PHONE":
        return _phone(rng)
    if kind == "CARD":
        start, groups = rng.choice(CARDS)
        return _grouped(rng, _card(rng, start, sum(groups), True), groups)
    if kind == "PASSPORT":
        return rng.choice([passport, passport.lower()])
    return rng.choice([name, name.upper()])


def _phone(rng: random.Random) -> str:
    """In the international form, or as people in New York write it."""
    if rng.random() < 0.4:
        return rng.choice([" ", "-"]).join(_digits(rng, size) for size in (3, 3, 4))
    code = rng.choice(list(COUNTRIES))
    groups = COUNTRIES[code]
    return f"+{code}" + rng.choice(["", " ", "-"]).join(["", *(_digits(rng, size) for size in groups)])


def _harmless(rng: random.Random, words: str) -> str:
    kind = words.split()[0]
    makers = {
        "flight": lambda: f"{rng.choice(CARRIERS)} {rng.randint(100, 4999)}",
        "booking": lambda: rng.choice([_code(rng), f"{_digits(rng, 4)}-{_digits(rng, 3)}-{_digits(rng, 3)}"]),
        "order": lambda: _grouped(rng, _card(rng, "4", 16, False), (4, 4, 4, 4)),
        "ticket": lambda: f"016{rng.choice(['', ' ', '-'])}{_card(rng, '016', 13, False)[3:]}",
        "bag": lambda: _digits(rng, 10),
        "on": lambda: f"2013-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}",
        "costs": lambda: f"{rng.randint(1, 9)},{rng.randint(100, 999)}.{rng.randint(10, 99)}",
        "seat": lambda: f"{rng.randint(1, 40)}{rng.choice('ABCDEF')}@{rng.randint(1, 9)}",
    }
    return makers[kind]()


def _digits(rng: random.Random, size: int) -> str:
    return str(rng.randint(10 ** (size - 1), 10**size - 1))


def _code(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_uppercase + "23456789", k=6))


def _grouped(rng: random.Random, digits: str, groups: tuple[int, ...]) -> str:
    pieces, at = [], 0
    for size in groups:
        pieces.append(digits[at : at + size])
        at += size
    return rng.choice(["", " ", "-"]).join(pieces)


def _card(rng: random.Random, start: str, size: int, valid: bool) -> str:
    """A number whose last digit is, or is not, the check digit."""
    body = start + "".join(str(rng.randint(0, 9)) for _ in range(size - len(start) - 1))
    doubled = sum(sum(divmod(2 * int(each), 10)) for each in body[-1::-2])
    last = -(doubled + sum(int(each) for each in body[-2::-2])) % 10
    return body + str(last if valid else (last + rng.randint(1, 9)) % 10)
