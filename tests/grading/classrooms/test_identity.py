"""Tests that what a student can write, in names of files and of themselves, never hands in for another student."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.classroom import class_gradebook, submission_times
from course.grading.classroom.roster import Student
from course.grading.classroom.student_matcher import StudentMatch, StudentMatcher, settled
from tests.grading.classrooms.hand_ins import IPYNB, answer, collect, kept, nbgrader, notebook, written, zipped
from tests.grading.nbgrader_course import LESSON, NOTEBOOK

pytestmark = pytest.mark.timeout(300)
OTHERS_NAMES = [
    "a-adA_1_assignsubmission_file_{}",  # as Moodle writes it
    "Ada Lovelace_98001_assignsubmission_file_{}",
    "lovelaceada_411_9001_{}",  # as Canvas writes it
    "x_LATE_411_9001_{}",
    "lovelaceada_411_text.html",
    "ada_{}",
    "ada.txt",
]


@pytest.fixture
def worksheet(tmp_path: Path) -> Path:
    path = tmp_path / "worksheet.csv"
    path.write_text(
        'Identifier,"Full name","Email address",Status,"Last modified (submission)"\n'
        '"Participant 98001","Ada Lovelace",ada@example.org,Submitted,"Wednesday, 14 January 2026, 2:14 PM"\n'
        '"Participant 98002","Bob Noyce",bob@example.org,Submitted,"Wednesday, 14 January 2026, 2:14 PM"\n'
    )
    return path


@pytest.mark.parametrize("name", OTHERS_NAMES)
def test_in_canvas_the_name_of_an_uploaded_file(root, tmp_path, capsys, name):
    mallory = f"noycebob_412_9000_{name.format(IPYNB)}"
    zipped(tmp_path / "c.zip", {mallory: notebook("bob's"), f"lovelaceada_411_9002_{IPYNB}": notebook("ada's")})
    log = collect(root, capsys, "--zip", tmp_path / "c.zip", expect=None)
    assert answer(root, "ada") == "ada's" and [path.name for path in (root / "submitted/ada" / LESSON).iterdir()] == [IPYNB]
    if "_411_" in name:  # it can be read as Ada's, too
        assert f"Unmatched: {mallory} (its name can be read as bob's and as ada's)" in log
        assert mallory in kept(root, "unclaimed/c") and not (root / "submitted/bob").exists()
    else:
        assert (root / "submitted/bob" / LESSON).is_dir()


@pytest.mark.parametrize("name", OTHERS_NAMES)
@pytest.mark.parametrize("folders", [True, False])
def test_in_moodle_the_name_of_an_uploaded_file(root, tmp_path, capsys, worksheet, name, folders):
    mallory = f"Bob Noyce_98002_assignsubmission_file_{'/ada/' if folders else ''}{name.format(IPYNB)}"
    ada = f"Ada Lovelace_98001_assignsubmission_file_{'/' if folders else ''}{IPYNB}"
    zipped(tmp_path / "m.zip", {mallory: notebook("bob's"), ada: notebook("ada's")})
    collect(root, capsys, "--zip", tmp_path / "m.zip", "--times", worksheet, expect=None)
    assert answer(root, "ada") == "ada's" and len(list((root / "submitted/ada" / LESSON).iterdir())) == 2  # and the time
    assert (root / "submitted/bob" / LESSON).is_dir() and not kept(root, "unclaimed")


def test_somebody_who_is_not_in_the_class_hands_in_nothing_for_others(root, tmp_path, capsys):
    files = {f"blackeve_999_{number}_{name.format(IPYNB)}": notebook("eve's") for number, name in enumerate(OTHERS_NAMES)}
    files |= {f"anon_X1b2_{number}_{name.format(IPYNB)}": notebook("eve's") for number, name in enumerate(OTHERS_NAMES)}
    files |= {f"Eve Black_{number}_assignsubmission_comment_/ada/{name.format(IPYNB)}": b"{}" for number, name in enumerate(OTHERS_NAMES)}
    files |= {f"eve/ada/{IPYNB}": notebook("eve's"), f"eve/{LESSON}/ada/timestamp.txt": b"2027-01-01 00:00:00 UTC"}
    for source in (("--zip", tmp_path / "z.zip"), ("--from", tmp_path / "in")):
        zipped(tmp_path / "z.zip", files)
        written(tmp_path / "in", files)
        assert "0 handed in" in collect(root, capsys, *source, expect=1)
    assert not (root / "submitted").exists() and set(kept(root, "unclaimed/in")) == set(files)


def test_a_student_who_changes_their_own_name(root, tmp_path, capsys, worksheet):
    """Canvas and Moodle may let students edit their name. What Canvas makes of `Noyce, Bob` is given here."""
    zipped(
        tmp_path / "c.zip",
        {
            f"lovelaceada_411_1_{IPYNB}": notebook("ada's"),
            f"lovelaceada_412_2_{IPYNB}": notebook("bob's"),  # Bob calls himself Ada
            f"lovelaceada_411_9_x_412_3_{IPYNB}": notebook("bob's"),  # Lovelace_-411_-9_x, Ada
            f"youngcy_500_4_{IPYNB}": notebook("cy's"),
            f"youngcy_501_5_{IPYNB}": notebook("another cy's"),
        },
    )
    log = collect(root, capsys, "--zip", tmp_path / "c.zip", expect=1)
    assert answer(root, "ada") == "ada's" and sorted(path.name for path in (root / "submitted").iterdir()) == ["ada"]
    assert "number 412 is bob's, but the name is that of ada" in log and "its name can be read as ada's and as bob's" in log
    assert log.count("cy may be any of 500, 501") == 2
    moodle = {"Ada Lovelace_98001": "ada's", "Ada Lovelace_98002": "bob's", "x-Ada Lovelace_98002": "bob's", "Ada Lovelace_97": "team's"}
    zipped(tmp_path / "m.zip", {f"{name}_assignsubmission_file_/{IPYNB}": notebook(text) for name, text in moodle.items()})
    log = collect(root, capsys, "--zip", tmp_path / "m.zip", "--times", worksheet, expect=1)
    assert answer(root, "ada") == "ada's" and len(kept(root, "unclaimed/m")) == 3
    assert "number 98002 is bob's on the worksheet, but not under the name 'Ada Lovelace'" in log and "ada has number 98001, not 97" in log
    log = collect(root, capsys, "--zip", tmp_path / "m.zip", expect=1)  # without numbers nobody can tell
    assert log.count("ada may be any of 97, 98001, 98002") == 4 and answer(root, "ada") == "ada's"


def test_a_name_alone_is_said(root, tmp_path, capsys):
    zipped(tmp_path / "c.zip", {f"youngcy_500_4_{IPYNB}": notebook("cy's"), f"lovelaceada_411_1_{IPYNB}": notebook("ada's")})
    log = collect(root, capsys, "--zip", tmp_path / "c.zip")
    assert "Found by name alone, which students may be able to change: cy." in log and answer(root, "cy") == "cy's"


def test_plain_zip_collect_believes_no_name_either(root):
    archive = root / "downloaded" / LESSON / "archive"
    archive.mkdir(parents=True)
    files = {f"noycebob_412_{number}_{name.format(IPYNB)}": notebook("bob's") for number, name in enumerate(OTHERS_NAMES[:4])}
    zipped(
        archive / "submissions.zip",
        files
        | {
            f"lovelaceada_411_9002_{IPYNB}": notebook("ada's"),
            f"noycebob_412_9003_{NOTEBOOK}-2.ipynb": notebook("bob's"),
            f"noycebob_412_9003_{NOTEBOOK}-10.ipynb": notebook("bob's newest"),
            "noycebob_412_9004_work.zip": zipped(None, {f"ada/{IPYNB}": b"{}", "timestamp.txt": b"2027-01-01 00:00:00 UTC"}),
            f"eve/ada/{IPYNB}": notebook("eve's"),
        },
    )
    log = nbgrader(root, "zip_collect", LESSON)
    assert (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's newest")
    assert sorted(path.name for path in (root / "submitted").iterdir()) == ["ada", "bob"]
    assert [path.name for path in (root / "submitted/ada" / LESSON).iterdir()] == [IPYNB] and "2027" not in log
    assert "its name can be read as bob's and as ada's" in log and not (root / "submitted/bob" / LESSON / "timestamp.txt").exists()


ALIKE = [
    Student("jo", "Jo", "A"),
    Student("jo_2", "Jo", "B"),
    Student("strauss", "S", "S"),
    Student(unicodedata.normalize("NFC", "josé"), "José", "C"),
]


@pytest.mark.parametrize(
    ("path", "whose"),
    [
        ("jo_2_nb.ipynb", None),  # Jo's `2_nb.ipynb`, or a file of jo_2's
        ("jo_nb.ipynb", "jo"),
        ("jo/nb.ipynb", "jo"),
        ("JO_2/nb.ipynb", "jo_2"),
        ("stra\u00df/nb.ipynb", None),  # not strauss
        ("\uff4a\uff4f/nb.ipynb", None),  # full-width letters
        ("j\u043e/nb.ipynb", None),  # a Cyrillic o
        (unicodedata.normalize("NFD", "josé") + "/nb.ipynb", "josé"),  # as macOS writes it
        ("jose/nb.ipynb", None),
        ("class/jo/nb.ipynb", None),
    ],
)
def test_ids_that_look_alike(path, whose):
    found = StudentMatcher(ALIKE, "m00", ["m00"]).find(path.split("/"))
    assert (found.student if isinstance(found, StudentMatch) else None) == whose


def test_two_spellings_of_an_id(root, tmp_path, capsys):
    folder = written(tmp_path / "in", {f"ada/{IPYNB}": notebook("ada's"), f"ADA/{IPYNB}": notebook("another")})
    assert "ada may be any of ADA, ada" in collect(root, capsys, "--from", folder, expect=1) and answer(root, "ada") == "ada's"


def test_a_worksheet_with_two_lines_that_fit_one_student(root, tmp_path):
    path = tmp_path / "worksheet.csv"
    lines = {98001: "Ada Lovelace,ada@example.org", 98002: "Ada Lovelace,", 98003: "Cy Young,", 98004: "Cy Young,"}
    rows = [f"Participant {number},{said},2026-01-14 14:00" for number, said in lines.items()]
    path.write_text("\n".join(["Identifier,Full name,Email address,Last modified (submission)", *rows]))
    with class_gradebook.open_gradebook(root) as opened:
        read = submission_times.read(path, class_gradebook.students(opened), ZoneInfo("UTC"))
    assert {number: each.student for number, each in read.participants.items()} == {"98001": "ada"} and set(read.at) == {"ada"}


CLASS = [Student("ada", "Ada", "Lovelace", "", "411"), Student("bob", "Bob", "Noyce", "", "412"), Student("m", "Mal", "Lory", "", "413")]
PIECES = ["ada", "_411_", "_412_", "_413_", "9001", "_", "-", "LATE", "Ada Lovelace", "_98001_assignsubmission_file_", "text.html", "/"]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join), st.randoms(use_true_random=False))
def test_no_name_of_a_file_is_anothers(written_name, random_order: random.Random):
    """Whatever Mallory calls a file: it is Mallory's or nobody's, and Ada's own file stays hers."""
    finder = StudentMatcher(CLASS, "m00", ["m00"])
    flat = written_name.replace("/", "_")
    files = [f"lorymal_413_9005_{flat}".split("/"), ["Mal Lory_98003_assignsubmission_file_", *filter(None, written_name.split("/")), "x"]]
    files += [[f"Mal Lory_98003_assignsubmission_file_{flat}"], ["lovelaceada_411_9002_m00.ipynb"]]
    random_order.shuffle(files)
    found = [(path, match) for path in files if isinstance(match := finder.find(path), StudentMatch)]
    whose = {path[0]: match.student for path, match in settled(found) if isinstance(match, StudentMatch)}
    assert whose.pop("lovelaceada_411_9002_m00.ipynb") == "ada" and set(whose.values()) <= {"m"}
