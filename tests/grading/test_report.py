"""Tests reports: points add up, reasons are kept, secrets are hidden, and all renderings have the same words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np
import pytest
from botocore.exceptions import ClientError, WaiterError
from hypothesis import assume, given
from hypothesis import strategies as st

from course.grading import Answer, AnswerError, DefinitionError, Function, Report, render
from tests.error_messages import error_message
from tests.grading.exercise_fixtures import exercise, grade

POINTS = st.sampled_from([0.5, 1, 1.5, 2, 3, 7])
SHARES = st.floats(0, 1)


@given(st.lists(st.tuples(POINTS, SHARES | st.booleans()), min_size=1, max_size=6))
def test_score_is_within_bounds_and_full_only_when_all_passed(parts: list[tuple[float, float]]) -> None:
    made = exercise(parts={f"p{i}": points for i, (points, _) in enumerate(parts)})
    report = Report(made, "graded")
    for i, (_, share) in enumerate(parts):
        report.part(f"p{i}", share, "message")
    assert type(report.score) is float
    assert 0 <= report.score <= made.points
    assert report.score == pytest.approx(sum(points * share for points, share in parts), abs=1e-4)
    if all(share == 1 for _, share in parts):
        assert report.score == made.points and report.passed


@given(SHARES, SHARES)
def test_worst_finding_of_a_part_counts(first: float, second: float) -> None:
    report = Report(exercise(), "graded")
    report.part("unseen", first, "first")
    report.part("unseen", second, "second")
    part = report.parts[1]
    assert part.share == min(first, second)
    assert part.message == ("" if part.share == 1 else "first" if first <= second else "second")


def test_practice_is_full_when_all_it_looks_at_passed() -> None:
    report = Report(exercise())
    report.part("shape", True, "m")
    assert (report.score, report.later) == (3.0, ("unseen",))
    said = render.as_text(report, judged="run `judge(...)`")
    assert "practice cases hold: 1 of 3 points; 2 are judged by hidden checks: run `judge(...)`" in said and "[Not tested] unseen" in said


def test_practice_counts_what_it_earned_while_something_fails() -> None:
    report = Report(exercise(parts={"a": 2, "b": 2, "c": 4}))
    report.part("a", True, "m")
    report.part("b", False, "m")
    assert report.score == 2.0


def test_grading_counts_every_part() -> None:
    report = Report(exercise(), "graded")
    report.part("shape", True, "m")
    assert report.score == 1.0


def test_stopped_check_keeps_what_it_found_and_nothing_else() -> None:
    report = Report(exercise(), "graded")
    report.part("shape", True, "m")
    report.begin()
    report.part("unseen", 0.5, "m")
    report.stop(AnswerError("broke"))
    assert report.score == 1.0  # half of unseen; only the earlier check reported shape
    assert [part.share for part in report.parts] == [None, 0.5]


def test_a_function_that_fails_on_a_later_case_costs_the_parts_that_it_was_called_for() -> None:
    """A right first case alone was worth the whole part."""

    def check(answer: Answer, report: Report) -> None:
        report.part("before", True, "m")
        report.part("other", answer.call("half", 4) == 2, "m")
        report.part("finished", answer.call("double", 1) == 2, "m")
        report.finished("finished")
        for number in range(3):
            report.part("cases", answer.call("double", number) == 2 * number, "m")

    made = exercise(
        parts={"before": 1, "other": 1, "finished": 1, "cases": 1},
        evidence={"double": Function("double(x: int) -> int"), "half": Function("half(x: int) -> int")},
    )
    made.graded(check)

    def kept(double: Callable) -> list[str]:
        return [part.name for part in grade(made, double=double, half=lambda x: x // 2).parts if part.passed]

    assert kept(lambda x: 2 * x) == ["before", "other", "finished", "cases"]
    assert kept(lambda x: {0: 0, 1: 2}[x]) == ["before", "other", "finished"]  # raises for 2
    assert kept(lambda x: 2 * x if x < 2 else None) == ["before", "other", "finished"]  # another kind of value
    assert kept(lambda x: {0: 0}[x]) == ["before", "other"]


def test_an_error_of_the_check_costs_the_parts_of_the_function_called_last() -> None:
    """Its result led to the error, for example to a request that AWS refuses."""

    def check(answer: Answer, report: Report) -> None:
        report.part("before", answer.call("half", 4) == 2, "m")
        for number in range(3):
            value = answer.call("double", number)
            if value > 3:
                raise ClientError({"Error": {"Code": "ValidationException", "Message": "too large"}}, "PutItem")
            report.part("cases", value == 2 * number, "m")

    made = exercise(
        parts={"before": 1, "cases": 1}, evidence={"double": Function("double(x: int) -> int"), "half": Function("half(x: int) -> int")}
    )
    made.graded(check)
    report = grade(made, double=lambda x: 2 * x, half=lambda x: x // 2)
    assert [part.name for part in report.parts if part.passed] == ["before"]
    assert "AWS, asked about your answer, said" in report.problem and "too large" in report.problem


FAILED = "Waiter encountered a terminal failure state"


@pytest.mark.parametrize(("reason", "is_an_answer"), [(FAILED, True), ("Max attempts exceeded. Previously accepted state", False)])
def test_a_waiter_that_finds_a_failed_resource_is_an_answer_of_aws(reason: str, is_an_answer: bool) -> None:
    def check(answer: Answer, report: Report) -> None:
        raise WaiterError("EndpointInService", reason, {})

    made = exercise(parts={"only": 1}, evidence={"double": Function("double(x: int) -> int")})
    made.graded(check)
    if is_an_answer:
        assert reason in grade(made, double=abs).problem
    else:
        with pytest.raises(WaiterError):
            grade(made, double=abs)


def test_nothing_reported_earns_nothing() -> None:
    assert Report(exercise()).score == 0.0


def test_numpy_shares_are_shares() -> None:
    for share in [np.bool_(True), np.float64(1.0), 1, True]:
        report = Report(exercise(), "graded")
        assert report.part("shape", share, "m") is True, share
        assert type(report.score) is float, share


def test_another_share_is_an_error_of_the_author() -> None:
    for share in [float("nan"), -0.1, 1.1, "yes", None, np.array([True, False])]:
        message = error_message(DefinitionError, Report(exercise()).part, "shape", share, "m")
        assert "neither True nor False nor a share" in message, share


def test_unknown_part_and_empty_message_are_the_authors_fault() -> None:
    with pytest.raises(DefinitionError, match="has no part 'form'; it has shape, unseen"):
        Report(exercise()).part("form", True, "m")
    with pytest.raises(DefinitionError, match="a message says"):
        Report(exercise()).part("shape", True, " ")


WORD = re.compile(r"\w+")


@given(
    st.lists(st.text("abc01.-' ", min_size=1, max_size=6) | st.integers() | st.floats(allow_nan=False), min_size=1, max_size=3),
    st.text("abc01.-' ", max_size=30),
)
def test_no_rendering_shows_a_secret(secrets: list[object], around: str) -> None:
    report = Report(exercise(), "graded")
    for secret in secrets:
        report.secret(secret)
    text = f"{around} {' '.join(map(str, secrets))} {secrets[0]!r} {around}"
    report.part("shape", False, f"got {text}", hint=f"look {text}")
    report.add_output(text)
    report.stop(AnswerError(f"stopped {text}"))
    data = render.as_json(report)
    said = [data["problem"], data["output"], data["parts"][0]["message"], data["parts"][0]["hint"]]
    for secret in secrets:
        shown = str(secret).strip()
        assume(shown)
        for text in said:
            assert not re.search(rf"(?<!\w){re.escape(shown)}(?!\w)", text), (shown, text)
    page, plain = render.as_html(report), render.as_text(report)
    for text in said:
        if text.strip() and "`" not in text and len(text.splitlines()) == 1:
            assert text.strip() in plain
            assert text.strip() in HTMLText.of(page)


class HTMLText(HTMLParser):
    """Collects the text of a page and checks that its elements open and close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.open: list[str] = []
        self.seen: list[tuple[str, dict]] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @classmethod
    def parse(cls, page: str) -> HTMLText:
        parser = cls()
        parser.feed(page)
        parser.close()
        assert parser.open == []
        return parser

    @classmethod
    def of(cls, page: str) -> str:
        return cls.parse(page).text


def failing() -> Report:
    report = Report(exercise(title="Less < more & 'so'"))
    report.part("shape", 0.5, "`double(2)` returned <script>alert(1)</script>; expected a number.", hint="multiply")
    return report


@pytest.mark.parametrize("rendering", [render.as_text, render.as_html, lambda report: json.dumps(render.as_json(report))])
def test_the_colours_of_a_log_are_left_out(rendering: Callable[[Report], str]) -> None:
    """Of a log that the SDK prints. A report has no terminal."""
    report = Report(exercise(), "practice")
    report.add_output("\x1b[34mmonth-6.csv\x1b[0m\n")
    said = rendering(report)
    assert "month-6.csv" in said and "[34m" not in said and "[0m" not in said


def test_html_is_sound_and_escaped() -> None:
    page = HTMLText.parse(render.as_html(failing()))
    tags = [tag for tag, _ in page.seen]
    assert "script" not in tags
    assert tags[:2] == ["section", "h4"]
    assert page.seen[0][1]["aria-label"] == "Check m98_2_ex1: Less < more & 'so'"
    assert "<script>alert(1)</script>" in page.text


def test_a_line_of_a_message_is_a_line_of_the_report() -> None:
    report = Report(exercise())
    report.part("shape", 0.5, "ticket-1: no <line>.\nticket-2: no cause.")
    assert [line.strip() for line in render.as_text(report).splitlines()[1:3]][1] == "ticket-2: no cause."
    page = render.as_html(report)
    assert "no &lt;line&gt;.<br>ticket-2" in page


@pytest.mark.parametrize(("points", "shown"), [(2.0, "2"), (0.5, "0.5"), (0.4688, "0.46"), (0.29, "0.29"), (2.9999, "2.99"), (0.0, "0")])
def test_points_are_shown_with_two_decimals_and_never_as_more(points: float, shown: str) -> None:
    assert render.number(points) == shown


def test_verdict_is_a_word_not_only_a_colour() -> None:
    text = HTMLText.of(render.as_html(failing()))
    assert "Partly." in text and "Not tested." in text


def test_grading_says_what_it_did_not_reach() -> None:
    report = Report(exercise(), "graded")
    report.part("shape", 1, "passed")
    for shown in (HTMLText.of(render.as_html(report)), render.as_text(report)):
        assert "Not reached" in shown and "Not tested" not in shown


def test_colours_follow_jupyterlab_and_have_a_fallback() -> None:
    styles = " ".join(attributes.get("style", "") for _, attributes in HTMLText.parse(render.as_html(failing())).seen)
    assert "var(--jp-warn-color1, #b26a00)" in styles
    assert "background" not in styles and not re.search(r"(?<![-\w])color:", styles)  # text and background keep the theme's colours


def test_hint_ladder_opens_step_by_step() -> None:
    assert "Hint 1 of 3" not in (closed := HTMLText.of(render.as_html(failing()))) and 'For a hint run hint("m98_2_ex1").' in closed
    none, one, all_open = (HTMLText.of(render.hints_as_html(exercise(), opened)) for opened in (0, 1, 3))
    assert "Hint 1 of 3" not in none
    assert "Hint 1 of 3: What is two times x?" in one and "Hint 2 of 3" not in one and "For the next hint run" in one
    assert "Hint 3 of 3" in all_open and "For the next hint" not in all_open
    assert "Hint 1 of 3: What is two times x?" in render.hints_as_text(exercise(), 1)
    assert "Multiply" not in render.hints_as_text(exercise(), 1)


def test_solved_exercise_shows_no_hints() -> None:
    report = Report(exercise())
    report.part("shape", True, "m")
    assert "hint" not in render.as_html(report).lower()


def test_grading_shows_no_hints_and_no_links() -> None:
    report = Report(exercise(section="Twice a number"), "graded")
    report.part("shape", False, "`double(2)` returned 5.")
    assert not {"hint", "read again"} & set(re.findall("hint|read again", render.as_html(report).lower()))


def test_failed_check_leads_to_the_section_that_teaches_it() -> None:
    report = Report(exercise(section="Is it twice?"))
    report.part("shape", False, "`double(2)` returned 5.")
    (link,) = (attributes["href"] for tag, attributes in HTMLText.parse(render.as_html(report)).seen if tag == "a")
    assert link == "#Is-it-twice?"
    assert 'Read again: "Is it twice?".' in render.as_text(report)


@given(SHARES)
def test_json_goes_round(share: float) -> None:
    report = Report(exercise(), "graded")
    report.part("shape", share, "message", hint="hint")
    report.add_output("printed\n")
    data = json.loads(json.dumps(render.as_json(report)))
    again = render.from_json(report.exercise, data)
    assert render.as_json(again) == data
    assert render.as_text(again) == render.as_text(report)
