"""Archives that programs made: what is unpacked, where, and what is refused."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.sandbox import trees
from course.sandbox.trees import Directory, LinkRule, TreeError, archives

from .hostile_trees import MEMBERS, THINGS, Outside, Thing, archive_of, build, escape, leads_outside

ML = PurePosixPath("/opt/ml")


@pytest.fixture
def top(tmp_path: Path) -> Iterator[Directory]:
    (tmp_path / "tree").mkdir()
    with Directory.open(tmp_path / "tree") as opened:
        yield opened


def refused(archive: io.BytesIO, top: Directory, rule: LinkRule = LinkRule.INSIDE) -> str:
    with pytest.raises(TreeError) as error:
        trees.unpack(archive, top, rule)
    return str(error.value)


def test_what_was_packed_comes_back(tmp_path: Path, top: Directory) -> None:
    build(tmp_path / "tree", [Thing("file", "a/b", ""), Thing("folder", "d", ""), Thing("link", "a/l", "b"), Thing("pipe", "p", "")])
    (tmp_path / "tree/a/b").chmod(0o755)
    os.utime(tmp_path / "tree/a/b", (1e9, 1e9))
    trees.pack(top, tmp_path / "packed", ML)
    (tmp_path / "back").mkdir()
    with Directory.open(tmp_path / "back") as back:
        trees.unpack(tmp_path / "packed", back)
        assert [entry.path for entry in trees.walk(back)] == ["a", "a/b", "a/l", "d"]
    status = (tmp_path / "back/a/b").stat()
    assert (status.st_mode & 0o777, status.st_mtime) == (0o755, 1e9)
    assert (tmp_path / "back/a/l").readlink() == Path("b") and (tmp_path / "back/a/b").read_text() == "a/b"


def test_packed_links_are_relative_or_left_out(tmp_path: Path, top: Directory) -> None:
    links = {"absolute": "/opt/ml/a/b", "up": "a/../a/b", "out": "../outside", "etc": "/etc/passwd", "gone": "nothing", "round": "round"}
    build(tmp_path / "tree", [Thing("file", "a/b", ""), *(Thing("link", f"a/{name}", text) for name, text in links.items())])
    trees.pack(top, tmp_path / "packed", ML)
    with tarfile.open(tmp_path / "packed") as tar:
        assert {member.name: member.linkname for member in tar if member.issym()} == {"a/absolute": "b"}


def test_a_file_of_holes_is_not_packed_beyond_the_limit(tmp_path: Path, top: Directory) -> None:
    with (tmp_path / "tree/sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TreeError, match="its files have more than 1,000,000 bytes"):
        trees.pack(top, tmp_path / "packed", ML, most=1_000_000)


@pytest.mark.parametrize("kind", ["w:gz", "w:bz2", "w:xz", "w"])
def test_every_compression_is_read(tmp_path: Path, top: Directory, kind: str) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 5000)
    with tarfile.open(tmp_path / "packed", kind) as tar:
        tar.add(tmp_path / "file", "file")
    trees.unpack(tmp_path / "packed", top)
    assert (tmp_path / "tree/file").read_bytes() == (tmp_path / "file").read_bytes()


def test_an_archive_that_escapes_the_filter_of_tarfile(tmp_path: Path, top: Directory) -> None:
    outside = Outside.make(tmp_path)
    assert "too long" in refused(archive_of(escape("../outside/secret")), top)
    outside.check()


def test_a_link_behind_which_another_link_climbs(tmp_path: Path, top: Directory) -> None:
    """Each link alone stays inside by its text: ``l`` is the folder itself, so ``l/l/../..`` is two above it."""
    outside = Outside.make(tmp_path)
    members = [Thing("link", "l", "."), Thing("link", "m", "l/l/../../outside"), Thing("file", "m/secret", "")]
    assert refused(archive_of(members), top) == "m is a link that leads out of the folder"
    outside.check()


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (Thing("file", "../outside/secret", ""), "leads out"),
        (Thing("file", "a/../../outside/secret", ""), "leads out"),
        (Thing("link", "a", "/etc"), "a is a link that leads out"),
        (Thing("link", "a/b", "../../outside"), "a/b is a link that leads out"),
        (Thing("hard", "a", "../outside/secret"), "leads out"),
        (Thing("pipe", "a", ""), "neither a file nor a directory nor a link"),
        (Thing("socket", "a", ""), "neither a file nor a directory nor a link"),
        (Thing("file", "a/" * 70 + "b", ""), "too long"),
        (Thing("file", "é" * 130, ""), "too long"),
    ],
)
def test_what_is_refused(tmp_path: Path, top: Directory, member: Thing, says: str) -> None:
    outside = Outside.make(tmp_path)
    assert says in refused(archive_of([member]), top)
    outside.check()


def test_a_member_does_not_go_through_a_link_that_is_there(tmp_path: Path, top: Directory) -> None:
    outside = Outside.make(tmp_path)
    (tmp_path / "tree/a").symlink_to("../outside")
    assert refused(archive_of([Thing("file", "a/secret", "")]), top) == "a is a link, or not a folder"
    trees.unpack(archive_of([Thing("file", "a", "")]), top)
    assert not (tmp_path / "tree/a").is_symlink() and (tmp_path / "tree/a").read_text() == "a"
    outside.check()


def test_of_models_there_are_no_links(top: Directory) -> None:
    assert refused(archive_of([Thing("link", "a", "b")]), top, LinkRule.REFUSE) == "a is neither a file nor a directory, but a link"
    assert "but a link" in refused(archive_of([Thing("file", "b", ""), Thing("hard", "a", "b")]), top, LinkRule.REFUSE)


def test_of_images_links_are_kept_and_not_followed(tmp_path: Path, top: Directory) -> None:
    outside = Outside.make(tmp_path)
    away = Thing("link", "files", str(outside.folder))
    assert refused(archive_of([away, Thing("file", "files/new", "")]), top, LinkRule.KEEP) == "files is a link, or not a folder"
    assert (tmp_path / "tree/files").readlink() == outside.folder
    outside.check()


def test_a_header_that_would_fill_the_memory(top: Directory) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 4 << 30
    assert refused(io.BytesIO(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))), top) == "its headers are too long"
    header.size = -512
    assert refused(io.BytesIO(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024)), top) == "its headers are too long"


def test_a_chain_of_headers(top: Directory) -> None:
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    assert "damaged" in refused(io.BytesIO(header.tobuf(tarfile.GNU_FORMAT) * 5000 + bytes(1024)), top)


def test_a_size_that_is_reserved_is_refused_before_anything_is_written(tmp_path: Path, top: Directory) -> None:
    class Full(Exception):
        pass

    def reserve(size: int) -> None:
        if size > 1 << 20:
            raise Full

    header = tarfile.TarInfo("zeros")
    header.size = 1 << 40
    with pytest.raises(Full):
        trees.unpack(io.BytesIO(header.tobuf() + bytes(1024)), top, reserve=reserve)
    assert list((tmp_path / "tree").iterdir()) == []


def test_too_many_members(top: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 20)
    assert refused(archive_of([Thing("file", f"{number}", "") for number in range(21)]), top) == "it has more than 20 members"


@pytest.mark.parametrize("cut", [10, 600, 3000])
def test_a_damaged_archive(top: Directory, cut: int) -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        member = tarfile.TarInfo("a")
        member.size = 20_000
        tar.addfile(member, io.BytesIO(os.urandom(20_000)))
    assert refused(io.BytesIO(whole.getvalue()[:cut]), top)


def test_a_zip(tmp_path: Path, top: Directory) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr("a/b.py", "x = 1")
        zipped.writestr("empty/", "")
    trees.unpack_zip(packed, top)
    assert (tmp_path / "tree/a/b.py").read_text() == "x = 1" and (tmp_path / "tree/empty").is_dir()


@pytest.mark.parametrize("names", [["../outside/secret"], ["a", "a/b"], ["a/b", "a"], ["n" * 300], ["a/" * 100 + "b"]])
def test_a_zip_that_is_refused(tmp_path: Path, top: Directory, names: list[str]) -> None:
    outside, packed = Outside.make(tmp_path), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for name in names:
            zipped.writestr(name, "x")
    with pytest.raises(TreeError):
        trees.unpack_zip(packed, top)
    outside.check()


def test_one_member_is_read_without_unpacking(top: Directory) -> None:
    archive = archive_of([Thing("link", "etc", "/etc"), Thing("file", "./requirements.txt", ""), Thing("file", "b", "")])
    assert trees.read_member(archive, "requirements.txt", 100) == b"./requirements.txt"
    archive.seek(0)
    with pytest.raises(TreeError, match="it has no file etc of at most 100 bytes"):
        trees.read_member(archive, "etc", 100)


@settings(max_examples=150, deadline=None)
@given(MEMBERS, st.sampled_from(LinkRule), THINGS)
def test_nothing_outside_is_ever_written(members: list[Thing], rule: LinkRule, there: list[Thing]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree, outside = Path(folder, "tree"), Outside.make(Path(folder))
        tree.mkdir()
        kept = rule is LinkRule.KEEP
        build(tree, there if kept else [])
        with Directory.open(tree) as top:
            try:
                trees.unpack(archive_of(members), top, rule)
            except TreeError as error:
                assert folder not in str(error)
        outside.check()
        assert kept or leads_outside(tree) == []


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000), st.integers(0, 2000), MEMBERS)
def test_damage_is_an_error_of_the_archive(noise: bytes, at: int, members: list[Thing]) -> None:
    whole = gzip.decompress(archive_of(members).getvalue())
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    with tempfile.TemporaryDirectory() as folder, Directory.open(Path(folder)) as top:
        for data in (damaged, gzip.compress(damaged)[:-9], gzip.compress(whole)[:at] + noise):
            with contextlib.suppress(TreeError):
                trees.unpack(io.BytesIO(data), top, reserve=lambda size: None if size < 1 << 24 else _too_large())


def _too_large() -> None:
    raise TreeError("too large for this test")
