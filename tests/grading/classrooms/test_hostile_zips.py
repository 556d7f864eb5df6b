"""Tests that a damaged or hostile upload is a line in the report of `course collect`, and that everybody else is collected."""

from __future__ import annotations

import io
import random
import struct
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.grading.classroom import submitted_files, unpack
from course.grading.classroom.submitted_files import SubmissionRejected, SubmittedFile
from tests.grading.classrooms.hand_ins import IPYNB, answer, collect, kept, nbgrader, notebook, zipped
from tests.grading.nbgrader_course import LESSON, NOTEBOOK

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore:Duplicate name")]
METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def damaged(archive: bytes, name: str) -> bytes:
    """The zip with a part of one member's content overwritten."""
    made = bytearray(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        info = opened.getinfo(name)
    start = info.header_offset + 30 + len(name.encode())
    for place in range(start + info.compress_size // 3, start + info.compress_size // 3 + 8):
        made[place] ^= 0xFF
    return bytes(made)


def patched(archive: bytes, offset: int, form: str, value: int, signature: bytes = b"PK\x01\x02") -> bytes:
    """The zip with a number in its list of files, or in another record, replaced."""
    made = bytearray(archive)
    struct.pack_into(form, made, made.rindex(signature) + offset, value)
    return bytes(made)


RANDOM = random.Random(1).randbytes(20_000)
GOOD = {IPYNB: notebook("bob's"), "data.bin": RANDOM}
LONG = "/".join(["d" * 150] * 6)
UPLOADS = {
    "a file and a folder of one name": ({"a": b"1", f"a/{IPYNB}": notebook("bob's"), "a/b/c": b"2", "a/b": b"3"}, "new"),
    "the other way round": ({"a/b": b"1", "a": b"2", "A": b"3", IPYNB: notebook("bob's"), f"{IPYNB}/x": b"4"}, "new"),
    "long paths in zips in zips": (
        {IPYNB: notebook("bob's"), f"{LONG}/in.zip": packed({f"{LONG}/in.zip": packed({f"{LONG}/x": b"1"})})},
        "its name is too long",
    ),
    "names of 255 bytes": ({"n" * 255: b"1", "é" * 127: b"2", IPYNB: notebook("bob's")}, "its name is too long"),
    "a time and a notebook that are folders": ({"timestamp.txt/a": b"1", f"{NOTEBOOK}-9.ipynb/a": b"2", IPYNB: notebook("bob's")}, "new"),
    "the same name many times": ({f"x/{i}/../x" if i else IPYNB: notebook("bob's") for i in range(50)}, "leads out of the folder"),
}


@pytest.mark.parametrize("upload", UPLOADS)
def test_names_that_no_folder_can_hold(root, tmp_path, capsys, upload):
    files, words = UPLOADS[upload]
    handed_in = {"noycebob_412_9001_work.zip": packed(files), f"lovelaceada_411_9002_{IPYNB}": notebook("ada's")}
    zipped(tmp_path / "c.zip", handed_in)
    log = " ".join(collect(root, capsys, "--zip", tmp_path / "c.zip", expect=None).split())
    assert (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's") and words in log
    contents = {path.read_bytes() for path in (root / "submitted/bob" / LESSON).rglob("*") if path.is_file()}
    assert {b"1", b"2", b"3"} & set(files.values()) <= contents or "too long" in words  # no byte is lost


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_member_costs_only_itself(root, tmp_path, capsys, method):
    whole = packed(GOOD, METHODS[method])
    zipped(
        tmp_path / "c.zip",
        {
            "noycebob_412_9001_work.zip": damaged(whole, "data.bin"),
            "youngcy_413_9002_work.zip": damaged(packed({IPYNB: notebook(RANDOM.hex())}, METHODS[method]), IPYNB),
            f"lovelaceada_411_9003_{IPYNB}": notebook("ada's"),
        },
    )
    log = collect(root, capsys, "--zip", tmp_path / "c.zip", expect=1)
    assert (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's")
    assert [path.name for path in (root / "submitted/bob" / LESSON).iterdir()] == [IPYNB]  # no half of data.bin
    assert "data.bin was left out: it cannot be unpacked" in " ".join(log.split())
    assert f"Refused: cy: no notebook in it can be read: {IPYNB}: it cannot be unpacked" in log and not (root / "submitted/cy").exists()


def test_a_damaged_upload_does_not_replace_a_good_one(root, tmp_path, capsys):
    zipped(tmp_path / "first.zip", {f"noycebob_412_9001_{IPYNB}": notebook("bob's")})
    collect(root, capsys, "--zip", tmp_path / "first.zip")
    zipped(tmp_path / "second.zip", {"noycebob_412_9009_work.zip": packed(GOOD)[:-30]})
    log = collect(root, capsys, "--zip", tmp_path / "second.zip", expect=1)
    assert "Refused: bob: no notebook in it can be read: work.zip: it cannot be read as a zip" in log
    assert answer(root, "bob") == "bob's" and not kept(root, "earlier")


ZIP64 = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 2**60, 2**60, 2**60, 0) + b"PK\x06\x07" + struct.pack("<LQL", 0, 0, 1)
LIES = {
    "encrypted": patched(patched(packed(GOOD), 8, "<H", 1), 8, "<H", 1),
    "an unknown method": patched(packed(GOOD), 10, "<H", 99),
    "a size of 4 GB": patched(packed(GOOD), 24, "<L", 0xFFFFFFF0),
    "a member behind the end": patched(packed(GOOD), 42, "<L", 0xFFFFFF00),
    "a list of 4 GB": patched(packed(GOOD), 12, "<L", 0xFFFFFF00, b"PK\x05\x06"),
    "a list behind the end": patched(packed(GOOD), 16, "<L", 0xFFFFFF00, b"PK\x05\x06"),
    "zip64": ZIP64 + patched(packed({}), 12, "<L", 0xFFFFFFFF, b"PK\x05\x06"),
    "only a list": patched(packed({}), 12, "<L", 3_000_000, b"PK\x05\x06").join([b"PK\x01\x02" + bytes(42) * 70_000, b""]),
    "a bad extra field": patched(packed(GOOD), 30, "<H", 7),
    "a name that is not UTF-8": patched(packed({"é" * 9: b"1"}), 46, "<H", 0xFFFF),
    "cut off": packed(GOOD)[: len(packed(GOOD)) // 2],
    "nothing": b"",
    "a wall of lzma": patched(packed({"x": b"0" * 5000}, zipfile.ZIP_LZMA), 35, "<L", 0xFFFFFFFF, b"PK\x03\x04"),
}


def test_what_a_zip_says_about_itself(root, tmp_path, capsys):
    """Each upload of Bob's is refused or left out; all together are one hand-in with a notebook."""
    uploads = {f"noycebob_412_{number}_{name}.zip": content for number, (name, content) in enumerate(LIES.items())}
    ours = {f"noycebob_412_9001_{IPYNB}": notebook("bob's"), f"lovelaceada_411_9003_{IPYNB}": notebook("ada's")}
    zipped(tmp_path / "c.zip", uploads | ours)
    log = " ".join(collect(root, capsys, "--zip", tmp_path / "c.zip", expect=None).split())
    assert (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's")
    assert log.count("was kept unopened") >= 6 and "it is encrypted" in log


def test_a_download_that_is_damaged(root, tmp_path, capsys):
    """Of the zip of a class: one member, and the list of files."""
    good = packed({"noycebob_412_9001_x.bin": RANDOM, f"lovelaceada_411_9002_{IPYNB}": notebook("ada's"), "cy/timestamp.txt": RANDOM})
    hurt = damaged(damaged(good, "noycebob_412_9001_x.bin"), "cy/timestamp.txt")
    (tmp_path / "c.zip").write_bytes(hurt)
    log = collect(root, capsys, "--zip", tmp_path / "c.zip", expect=1)
    assert answer(root, "ada") == "ada's" and "Refused: bob: no notebook in it can be read: x.bin: it cannot be unpacked" in log
    (tmp_path / "half.zip").write_bytes(good[: len(good) // 2])
    for name in ("half.zip", "none.zip"):
        said = collect(root, capsys, "--zip", tmp_path / name, expect=2)
        assert said.count("\n") == 1 and f"{name}: it cannot be read as a zip" in said and "download it once more" in said


def test_unclaimed_files_that_no_folder_can_hold(root, tmp_path, capsys):
    zipped(tmp_path / "c.zip", {"eve": b"1", "eve/x": b"2", f"eve/{LONG}/{LONG}": b"3", f"ada/{IPYNB}": notebook("ada's")})
    for _ in range(2):
        collect(root, capsys, "--zip", tmp_path / "c.zip", expect=1)
    assert answer(root, "ada") == "ada's" and kept(root, "unclaimed/c") == {"eve": b"1", "eve~2/x": b"2"}


def test_plain_zip_collect_goes_on_too(root):
    archive = root / "downloaded" / LESSON / "archive"
    archive.mkdir(parents=True)
    uploads = {f"noycebob_412_{number}_{name}.zip": content for number, (name, content) in enumerate(LIES.items())}
    uploads |= {f"noycebob_412_90{number}_w.zip": packed(files) for number, (files, _) in enumerate(UPLOADS.values())}
    uploads |= {"youngcy_9_90_w.zip": damaged(packed(GOOD), "data.bin"), f"lovelaceada_411_9003_{IPYNB}": notebook("ada's")}
    zipped(archive / "submissions.zip", uploads)
    log = nbgrader(root, "zip_collect", LESSON)
    assert [answer(root, who) for who in ("ada", "bob", "cy")] == ["ada's", "bob's", "bob's"] and "Traceback" not in log
    assert "data.bin: it cannot be unpacked" in log and "it is encrypted" in log


def test_a_small_part_of_a_zip_does_not_become_gigabytes_at_once(tmp_path):
    """Of bzip2 and LZMA, Python's zipfile unpacks all that it reads in one step."""
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        (entry,) = submitted_files.in_zip(io.BytesIO(packed({"bomb": b"0" * 100_000_000}, method)))
        tracemalloc.start()
        with pytest.raises(SubmissionRejected, match="more than"):
            submitted_files.copy(entry, tmp_path / "bomb", 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
        tracemalloc.stop()


PARTS = ["a", "A", "b", IPYNB, "timestamp.txt", "d" * 190, "é" * 90, "..", "\ud800", "x.zip"]
NAMES = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4)


@st.composite
def hostile(draw: st.DrawFn, depth: int = 2) -> bytes:
    """A zip with names that conflict, zips in it, and some bytes overwritten, cut off or added."""
    files: list[tuple[str, bytes]] = []
    for _ in range(draw(st.integers(1, 5))):
        inside = hostile(depth - 1) if depth else st.nothing()
        files.append(("/".join(draw(NAMES)), draw(st.binary(max_size=50) | inside)))
        if draw(st.booleans()):
            files.append((files[-1][0] + "/below", b"1"))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", draw(st.sampled_from(sorted(METHODS.values())))) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name.encode(errors="replace").decode()), content, archive.compression)
    content = bytearray(made.getvalue())
    for place, value in draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=6)):
        content[place] = value
    return bytes(content[: draw(st.sampled_from([None, None, None, len(content) // 2, -5]))])


def check_one(folder: Path, content: bytes) -> None:
    """Unpack a hostile upload: nothing but a refusal is raised, and nothing is written elsewhere."""
    place = Path(tempfile.mkdtemp(dir=folder))
    entry = SubmittedFile(("work.zip",), lambda: io.BytesIO(content))
    good = SubmittedFile((IPYNB,), lambda: io.BytesIO(notebook("bob's")))
    try:
        notes = unpack.unpack([(("work.zip",), entry), ((IPYNB,), good)], place / "out", [NOTEBOOK])
    except SubmissionRejected as error:
        assert str(error)
    else:
        assert (place / "out" / IPYNB).exists() and all(isinstance(note, str) and note.isprintable() for note in notes)
    assert [path.name for path in place.iterdir()] == ["out"]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(hostile())
def test_no_upload_ends_it(tmp_path_factory, content):
    check_one(tmp_path_factory.getbasetemp(), content)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
@given(content=hostile(), cut=st.integers(0, 200))
def test_the_honest_beside_it_is_always_collected(root, tmp_path, capsys, content, cut):
    """Through the command, with the hostile upload in the class's zip and with a class's zip of which the end is hostile."""
    zipped(tmp_path / "c.zip", {"noycebob_412_9001_work.zip": content, f"lovelaceada_411_9002_{IPYNB}": notebook("ada's")})
    collect(root, capsys, "--zip", tmp_path / "c.zip", expect=None)
    assert answer(root, "ada") == "ada's"
    (tmp_path / "d.zip").write_bytes((tmp_path / "c.zip").read_bytes()[:-cut] + content[:cut])
    collect(root, capsys, "--zip", tmp_path / "d.zip", expect=(0, 1, 2))


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@settings(max_examples=2_000, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(hostile())
def test_no_upload_ends_it_many(tmp_path_factory, content):
    check_one(tmp_path_factory.getbasetemp(), content)
