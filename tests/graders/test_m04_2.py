"""m04_2: the faults that are planted, the messages that the checks know, and what a check says of doubtful answers."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.exercises import failed_jobs
from course.grading import catalogue
from course.grading.evaluate import evaluate_here
from course.grading.exercise.seeds import Draw
from course.grading.report import Report

LESSON = "m04_training"
ROOT = Path(__file__).parents[2]
FOLDER = "s3://bucket/m04_2/data"
cases, definitions, faults, hidden, probe = (
    catalogue.load_module(ROOT / "graders" / LESSON / f"m04_2{part}.py") for part in ("_cases", "", "_faults_hidden", "_hidden", "_probe")
)
SOURCE = (ROOT / "solutions" / LESSON / "m04_2_failed_jobs.py").read_text()


def _sound(seed: int) -> dict:
    return failed_jobs.sound(random.Random(seed), "image", "role", FOLDER)


def _leaves(value: object, path: str = "") -> dict[str, object]:
    """Every field by its path as learners write it, with a channel's name instead of its index."""
    if isinstance(value, dict):
        return {leaf: at for key, inner in value.items() for leaf, at in _leaves(inner, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list):
        return {leaf: at for one in value for leaf, at in _leaves(one, f"{path}.{one['ChannelName']}").items()}
    return {path: value}


# ---- what is planted -----------------------------------------------------------------------------------------------------------------


@given(st.integers())
def test_notebook_and_check_draw_the_same_faults(seed: int) -> None:
    made = failed_jobs.requests(random.Random(seed), "image", "role", FOLDER)
    planted = faults.planted(random.Random(seed))
    assert list(made) == list(planted) == list(failed_jobs.TICKETS)
    for ticket, fault in planted.items():
        path, _, right = hidden.FAULTS[fault]
        assert (right == "" or right not in str(_leaves(made[ticket])[path])) or fault in ("channel", "prefix")


def test_every_fault_is_a_cause_that_can_be_named_and_repaired() -> None:
    assert tuple(hidden.FAULTS) == failed_jobs.FAULTS == tuple(sorted(faults.GROUPS))
    assert [fault for fault in failed_jobs.FAULTS if f"# | `{fault}` |" not in SOURCE] == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fault", failed_jobs.FAULTS)
def test_a_fault_changes_the_one_field_that_its_repair_names(fault: str, seed: int) -> None:
    sound = _leaves(_sound(seed))
    faulty = _leaves(faults.with_fault(_sound(seed), fault))
    path, _, right = hidden.FAULTS[fault]
    if fault == "channel":  # a new name changes the paths of all fields of the channel
        assert {one for one in faulty if one not in sound} == {one for one in faulty if ".training." in one}
        assert faulty[path] == "training"
    else:
        assert [one for one, value in faulty.items() if sound[one] != value] == [path]
        assert right in str(sound[path])


def test_two_requests_differ_in_more_than_their_faults() -> None:
    """A comparison with a sound request, or with another ticket, does not give the fault away."""
    made = list(failed_jobs.requests(random.Random(1), "image", "role", FOLDER).values())
    for one, other in zip(made, made[1:], strict=False):
        assert len([path for path, value in _leaves(one).items() if _leaves(other).get(path) != value]) >= 4


def test_the_lesson_lets_nobody_compare_the_five_with_a_sound_request() -> None:
    given_files = [path.read_text() for path in (ROOT / "solutions" / LESSON / "given").glob("*.py")]
    assert not any("training_job" in text or "ChannelName" in text for text in given_files)
    assert SOURCE.index("failed_jobs.sound(") > SOURCE.index('check="m04_2_ex1"')
    assert not any(re.search(r"diff|compare|healthy", hint, re.IGNORECASE) for hint in definitions.ex1.hints)


class _Account:
    """An account in which each ticket's job failed, and a repaired one of the ticket's name ended later."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._jobs = {}
        for ticket, request in failed_jobs.requests(self.variant(), "image", "role", "s3://sagemaker-us-east-1-1/m04_2/data").items():
            changed = {path: value for path, value in request.items() if path != "HyperParameters"}
            self._jobs[f"{ticket}-repaired"] = changed | {"HyperParameters": request["HyperParameters"] | {"eta": "0.15"}}
            self._jobs[f"{ticket}-failed"] = request

    def variant(self) -> random.Random:
        return random.Random(self._seed)

    def client(self, service: str) -> _Account:
        return self

    def list_training_jobs(self, NameContains: str, **_: str) -> dict:
        return {"TrainingJobSummaries": [{"TrainingJobName": name} for name in self._jobs if NameContains in name]}

    def describe_training_job(self, TrainingJobName: str) -> dict:
        return {"TrainingJobName": TrainingJobName} | self._jobs[TrainingJobName]


@pytest.mark.parametrize("seed", range(4))
def test_a_repaired_job_with_the_name_of_its_ticket_is_not_the_ticket_s(seed: int) -> None:
    found = probe.jobs_of(_Account(seed))
    assert {ticket: job["TrainingJobName"] for ticket, job in found.items()} == {
        ticket: f"{ticket}-failed" for ticket in failed_jobs.TICKETS
    }


# ---- evidence and causes of exercise 1 -----------------------------------------------------------------------------------------------

LOGS = {
    "ticket-1": [
        "[2026-11-24:06:00:00:INFO] Train matrix has 2000 rows and 11 columns",
        "Traceback (most recent call last):",
        '  File "/miniconda3/lib/train.py", line 110, in _csv',
        "    raise ValueError(text)",
        "ValueError: part-0.csv, line 1: 'late,weekday' is not all numbers.",
        "toolkit.UserError: Failed to load csv data with exception:",
    ],
    "ticket-2": ["Traceback (most recent call last):", "toolkit.UserError: Missing required channel: train"],
}
DOUBTS = {
    "is not all numbers": "",
    "no such words": "no line with",
    "Traceback": "in the logs of all five",
    "2026-11-24:06:00:00": "will not have",
    "ValueError": "names a class",
    "UserError: ": "in the logs of all five",
    "in _csv": "a place in the program",
    "raise ValueError(text)": "a place in the program",
    "Failed to load csv data": "announces what the next line says",
    "Train matrix has 2000 rows": "shows no fault",
}


@pytest.mark.parametrize(("cited", "doubt"), DOUBTS.items())
def test_words_that_show_no_fault_are_doubted(cited: str, doubt: str) -> None:
    again = probe.Rerun(1.0, "", ("[2026-11-24:06:09:00:INFO] Train matrix has 2000 rows and 11 columns",))
    said = probe.doubtful_line("ticket-1", cited, LOGS, again)
    assert doubt in said and bool(said) == bool(doubt)


def test_all_that_is_doubtful_is_reported() -> None:
    report = Report(definitions.ex1)
    definitions._all_of(report, "evidence", ["ticket-1: no.", "", "ticket-3: no, neither.", "", ""])
    part = next(part for part in report.parts if part.name == "evidence")
    assert part.message == "ticket-1: no.\nticket-3: no, neither." and part.share == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("cause", "path"),
    [
        ("channel", "InputDataConfig.training.ChannelName"),
        ("format", "InputDataConfig.train.ContentType"),
        ("objective", "HyperParameters.objective"),
        ("range", "HyperParameters.eta"),
    ],
)
def test_a_cause_of_another_field_is_doubted(cause: str, path: str) -> None:
    said = {other: probe.doubtful_cause("ticket-1", other, {}, {path: "x"}, None) for other in failed_jobs.FAULTS}
    assert [other for other, doubt in said.items() if not doubt] == [cause]


# ---- exercise 2 ----------------------------------------------------------------------------------------------------------------------

REQUEST = {"channel", "format", "objective", "range"}  # the faults of exercise 1 whose messages name a member of the request


def _words() -> tuple[str, ...]:
    """The words by which the lesson tells an exception of the request."""
    [row] = re.findall(r"an exception whose line has (.*?), in small", SOURCE)
    return tuple(word.lower() for word in re.findall(r"`(\w+)`", row))


MESSAGES = {  # of the jobs of exercise 1
    "channel": "Missing required channel: train",
    "columns": "Check failed: learner_model_param_.num_feature == p_fmat->Info().num_col_ (12 vs. 11) : "
    "Number of columns does not match number of features in booster.",
    "format": "First line '0,2,15,2' of file 'part-0.csv' is not 'LIBSVM' format. Please ensure the file is in 'LIBSVM' format.",
    "header": "part-0.csv, line 1: 'late,weekday,hour...' is not all numbers. CSV for training has no header.",
    "labels": "Check failed: base_score > 0.0f && base_score < 1.0f: base_score must be in (0,1) for logistic loss, got: 1016.26",
    "objective": "Metric 'auc' can only be applied for classification and ranking problems.",
    "prefix": "all the input array dimensions except for the concatenation axis must match exactly, but along dimension 1, the array",
    "range": "Hyperparameter eta: 20.0 is not in [0, 1]",
}


@pytest.mark.parametrize("fault", failed_jobs.FAULTS)
def test_the_rule_of_exercise_2_sorts_the_messages_of_exercise_1(fault: str) -> None:
    message = MESSAGES[fault]
    assert any(sign in message for sign in hidden.FAULTS[fault][1])
    assert any(word in message.lower() for word in _words()) == (fault in REQUEST)


def test_the_rule_in_the_text_sorts_the_cases() -> None:
    assert len(_words()) == 5
    for texts, ours in ((cases.REQUEST_ERRORS, True), (cases.DATA_ERRORS, False)):
        assert [text for text in texts if any(word in text.lower() for word in _words()) != ours] == []


@given(st.integers())
def test_the_exception_is_the_last_line_that_begins_with_a_class(seed: int) -> None:
    for action, _, log, line in cases.failures(random.Random(seed)) + cases.practice_jobs(random.Random(seed)):
        exceptions = [text for text in log if re.match(r"[\w.]+Error: ", text)]
        assert line == (exceptions[-1] if action.startswith("mend") else "")


# ---- an answer that raises in the middle ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["practice", "graded"])
@pytest.mark.parametrize("exercise", ["m04_2_ex2", "m04_2_ex3"])
def test_a_part_in_which_an_answer_raises_has_not_passed(exercise: str, phase: str) -> None:
    """The first call is answered rightly in practice, the second raises."""
    asked = []

    def answer(*arguments: object) -> object:
        asked.append(arguments)
        if len(asked) > 1:
            raise ValueError
        return [] if exercise == "m04_2_ex3" else {"action": "more memory", "line": ""}

    one = catalogue.find(exercise, ROOT / "graders")
    catalogue.load_hidden(one, ROOT / "graders")
    report = evaluate_here(one, phase, {name: answer for name in one.evidence}, Draw(), lambda service: None)
    assert "ValueError" in report.problem
    assert not any(part.passed for part in report.parts)
