"""What travellers asked, what the airline said about these flights hours later, and what a learner made of it (m12_2_ex1).

A flight is drawn with its outcome first, and its messages after it.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m12_2_merge import BESIDE, CAPTURED, SENT, captured, keys_of, merged, place, texts_below

CARRIERS = ("AA", "B6", "DL", "EV", "MQ", "UA", "US", "WN")
HOUR_FOLDER = re.compile(r"\d{4}/\d\d/\d\d/\d\d/[^/]+")
ASKED, CUT, SAID = (11.0, 9.0), 3.0, 7.0  # hours before now: questions from and to, the first call, and the first messages
ALONE = SAID + 1.2  # a message of this age is alone in its hour
SHOWN = 200
STRICT = 5  # a fifth of the rows wrong earns nothing
# What a learner did not think of, by the kind of flight.
QUESTIONS = {
    "plain": "flights of which the airline sent one message",
    "border": "flights that are 15 or 16 minutes late: which of them is *more than* 15?",
    "asked twice": "flights about which two travellers asked: each has two predictions",
    "repeated": "flights whose message came twice",
    "corrected": "flights whose delay was corrected later: the newest message by `sent` counts, wherever it is in the table",
    "cancelled": "flights that were cancelled or diverted: they have no outcome, so they are neither late nor in time",
    "withdrawn": "flights that were reported landed, and diverted later: their newest message takes the outcome back",
    "unknown": "flights of which nothing is known yet",
}


@dataclass
class Flight:
    """A flight: its kind, its outcome (``"1"`` late, ``"0"`` not, ``""`` none), and its messages: hours before now, status and delay."""

    kind: str
    outcome: str
    messages: list[tuple[float, str, float]]
    asked: int = 1
    name: str = ""


@dataclass
class Traffic:
    """Predictions and messages as the learner's function gets them, the capture file, and the outcome and kind by inference id."""

    predictions: pd.DataFrame
    messages: pd.DataFrame
    capture: dict[str, list[str]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def labelled(self) -> dict[str, str]:
        """The outcome of each prediction that has one, by inference id."""
        return {each: outcome for each, outcome in self.outcomes.items() if outcome}


# ---- traffic -------------------------------------------------------------------------------------------------------------------------


def _early(rng: random.Random) -> float:
    return rng.uniform(SAID, CUT + 0.2)


def _later(rng: random.Random) -> float:
    return rng.uniform(CUT - 0.2, 0.1)


def _delay(rng: random.Random, outcome: str) -> float:
    return float(rng.randint(17, 240) if outcome == "1" else rng.randint(-35, 14))


def _plain(rng: random.Random) -> Flight:
    outcome = rng.choice("01")
    return Flight("plain", outcome, [(rng.choice([_early, _later])(rng), "landed", _delay(rng, outcome))])


def _border(rng: random.Random) -> Flight:
    outcome = rng.choice("01")
    return Flight("border", outcome, [(_early(rng), "landed", 15.0 + int(outcome))])


def _asked_twice(rng: random.Random) -> Flight:
    flight = _plain(rng)
    return Flight("asked twice", flight.outcome, flight.messages, asked=2)


def _repeated(rng: random.Random) -> Flight:
    outcome = rng.choice("01")
    delay = _delay(rng, outcome)
    return Flight("repeated", outcome, [(_early(rng), "landed", delay), (_later(rng), "landed", delay)])


def _corrected(rng: random.Random) -> Flight:
    first, outcome = rng.choice(["01", "10"])
    return Flight("corrected", outcome, [(_early(rng), "landed", _delay(rng, first)), (_later(rng), "landed", _delay(rng, outcome))])


def _alone(rng: random.Random) -> Flight:
    flight = _corrected(rng)
    return Flight("corrected", flight.outcome, [(ALONE, *flight.messages[0][1:]), flight.messages[1]])


def _cancelled(rng: random.Random) -> Flight:
    return Flight("cancelled", "", [(_early(rng), rng.choice(["cancelled", "diverted"]), float("nan"))])


def _withdrawn(rng: random.Random) -> Flight:
    said = (_early(rng), "landed", _delay(rng, rng.choice("01")))
    return Flight("withdrawn", "", [said, (_later(rng), "diverted", float("nan"))])


def _unknown(rng: random.Random) -> Flight:
    return Flight("unknown", "", [])


def _not_asked(rng: random.Random) -> Flight:
    flight = _plain(rng)
    return Flight("not asked", flight.outcome, flight.messages, asked=0)


MAKERS: dict[Callable[[random.Random], Flight], int] = {
    _plain: 14,
    _border: 6,
    _asked_twice: 5,
    _repeated: 4,
    _corrected: 5,
    _alone: 1,
    _cancelled: 5,
    _withdrawn: 3,
    _unknown: 3,
    _not_asked: 3,
}


def traffic(rng: random.Random, now: datetime) -> Traffic:
    """Flights of all kinds, about which travellers asked some hours before ``now``."""
    flights = [make(rng) for make, count in MAKERS.items() for _ in range(count)]
    rng.shuffle(flights)
    numbers, questions, messages, found = rng.sample(range(100, 9_999), len(flights)), [], [], Traffic(pd.DataFrame(), pd.DataFrame())
    for flight, number in zip(flights, numbers, strict=True):
        flight.name = f"{rng.choice(CARRIERS)}{number}"
        for hours, status, delay in flight.messages:
            messages.append({"flight": flight.name, "sent": _time(now, hours), "status": status, "delay": delay})
        for _ in range(flight.asked):
            identity, moment = f"trip-{rng.getrandbits(32):08x}", now - timedelta(hours=rng.uniform(*ASKED))
            questions.append({"inference_id": identity, "flight": flight.name, "asked": f"{moment:{SENT}}"})
            found.capture.setdefault(f"{moment:%Y/%m/%d/%H}", []).append(captured(identity, moment, f"{number}", round(rng.random(), 4)))
            found.outcomes[identity], found.kinds[identity] = flight.outcome, flight.kind
    rng.shuffle(messages)
    found.predictions = pd.DataFrame(questions).sort_values("asked", ignore_index=True)
    found.messages = pd.DataFrame(messages)
    return found


def _time(now: datetime, hours: float) -> str:
    return f"{now - timedelta(hours=hours):{SENT}}"


# ---- the learner's labels ------------------------------------------------------------------------------------------------------------


def judge_labels(answer: Answer, report: Report, name: str) -> None:
    """Let the learner's function write labels twice, once with the early messages, and merge them; reports all parts."""
    with place(answer, name) as there:
        found = traffic(answer.rng, there.now)
        early = found.messages[found.messages.sent < _time(there.now, CUT)].reset_index(drop=True)
        for messages in (early, found.messages):
            answer.call("write_labels", found.predictions, messages, there.labels)
        hours = [f"{there.now - timedelta(hours=number):%Y/%m/%d/%H}" for number in range(round(ASKED[0]) + 1)]
        if BESIDE not in keys_of(answer, there.bucket):
            said = f"`write_labels(..., {there.labels!r})` deleted {BESIDE!r}, which is not below `folder`. Where does a folder's name end?"
            report.part("once", False, said)
            return
        if not _written(answer, report, there.labels, set(found.outcomes), hours):
            return
        for hour, lines in found.capture.items():
            answer.client("s3").put_object(
                Bucket=there.bucket, Key=f"{CAPTURED}/{hour}/00-00-000-{name}.jsonl", Body="\n".join(lines).encode()
            )
        _judge_merged(report, found, *merged(answer, there))


def _written(answer: Answer, report: Report, folder: str, ids: set[str], hours: list[str]) -> bool:
    """Whether labels of the right form are where an execution looks for them; reports ``form``, and ``once`` on what lines name.

    ``ids`` are the inference ids of the predictions, and ``hours`` the folders of which an execution reads labels, the newest first.
    """
    files = texts_below(answer, folder)
    said = "`write_labels` was called twice, and there is no object below `folder`; expected files with labels."
    if not report.part("form", bool(files), said):
        return False
    for key, text in files:
        said = f"`write_labels` wrote {key!r} below `folder`; expected `YYYY/MM/DD/HH/<name>`."
        if not report.part("form", HOUR_FOLDER.fullmatch(key) is not None, said):
            return False
        for line in filter(str.strip, text.splitlines()):
            said = f"{key} has the line {cut(line, SHOWN)!r}; expected a JSON object as `label` makes it, with text as `data`."
            if not report.part("form", _is_label(line), said):
                return False
        said = f"`write_labels` wrote {key!r}. An execution over these requests looks for labels from {hours[-1]} to {hours[0]}, in UTC."
        if not report.part("once", key.rpartition("/")[0] in hours, said):
            return False
    counts = Counter(_identity(line) for _, text in files for line in text.splitlines() if line.strip())
    strange = [identity for identity in counts if identity not in ids]
    said = (
        f"{len(strange)} lines name {next(iter(strange), '')!r} and the like as their `eventId`, which is no inference id of `predictions`."
    )
    if not report.part("once", not strange, said):
        return False
    again = [identity for identity, count in counts.items() if count > 1]
    said = (
        f"{len(again)} inference ids, such as {next(iter(again), '')!r}, have more than one line in the files of both calls: "
        "AWS does not say which of them counts."
    )
    report.part("once", not again, said)
    return True


def _is_label(line: str) -> bool:
    try:
        content = json.loads(line)
        return isinstance(content["groundTruthData"]["data"], str) and isinstance(content["eventMetadata"]["eventId"], str)
    except (ValueError, KeyError, TypeError):
        return False


def _identity(line: str) -> str:
    return json.loads(line)["eventMetadata"]["eventId"]


def _judge_merged(report: Report, found: Traffic, requests: list[dict], failure: str) -> None:
    """Compare the labels of merged requests with the outcomes; reports ``once`` and ``values``."""
    wanted, rows = found.labelled, [(each["eventMetadata"]["inferenceId"], each["groundTruthData"]["data"]) for each in requests]
    said = f"The job that merges your labels failed: {cut(failure, SHOWN)} Expected {len(wanted)} merged rows."
    if not report.part("once", not failure, said):
        return
    labels = dict(rows)
    missing, more = wanted.keys() - labels.keys(), labels.keys() - wanted.keys()
    said = f"{len(rows)} rows were merged; {len(wanted)} predictions have an outcome. "
    said += _about(found, "Without a label", missing) + _about(found, "With a label, but without an outcome", more)
    report.part("once", max(0.0, 1 - STRICT * (len(missing) + len(more)) / len(wanted)), said)
    wrong = {each for each in wanted.keys() & labels.keys() if labels[each] != wanted[each]}
    unknown = {labels[each] for each in wrong} - {"0", "1"}
    if unknown:
        report.part("values", False, f"Labels are {', '.join(map(repr, sorted(unknown)[:3]))}; expected '1' or '0'.")
        return
    share = max(0.0, 1 - STRICT * len(wrong) / len(wanted))
    report.part("values", share, f"{len(wrong)} of the merged labels are wrong. {_about(found, 'Wrong', wrong)}")


def _about(found: Traffic, what: str, ids: set[str]) -> str:
    """Which kinds of flights these are, as a sentence; ``""`` for none."""
    kinds = Counter(found.kinds[each] for each in sorted(ids))
    said = (f"{what} are {count} of {QUESTIONS[kind]}" for kind, count in kinds.most_common(2))
    return "".join(f"{words} " if words.endswith("?") else f"{words}. " for words in said)
