"""Reading a Dockerfile: its instructions, their words, what .dockerignore leaves out, and paths that stay inside an image."""

from __future__ import annotations

import json
import posixpath
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.docker_build import lexer
from course.localaws.docker_build.dockerfile import KNOWN, DockerfileError, parse
from course.localaws.docker_build.dockerignore import DockerIgnore, glob
from course.localaws.docker_build.tree import ImageFiles

PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\`'\"$#<[&|;()>"), min_size=1, max_size=8)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(st.lists(st.tuples(st.sampled_from(sorted(KNOWN)), st.lists(PLAIN, min_size=1, max_size=4)), min_size=1, max_size=6), st.data())
def test_an_instruction_may_go_over_lines_with_comments_between(steps: list[tuple[str, list[str]]], data: st.DataObject) -> None:
    lines, begins = ["# a comment"], []
    for name, parts in steps:
        begins.append(len(lines) + 1)
        parts = [part.lstrip("-") or "x" for part in parts]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            lines.append(f"{name.lower() if not number else ''} {part}{'' if last else ' ' + chr(92)}".strip())
            if not last and data.draw(st.booleans()):
                lines += ["# between", ""]
    instructions, _ = parse("\n".join(lines))
    assert [each.name for each in instructions] == [name for name, _ in steps]
    assert [each.line for each in instructions] == begins
    assert [each.text.split() for each in instructions] == [[part.lstrip("-") or "x" for part in parts] for _, parts in steps]


@given(st.lists(ANY_TEXT.filter(lambda text: "\n" not in text and len(text.splitlines()) < 2), max_size=5))
def test_the_exec_form_is_json(arguments: list[str]) -> None:
    [instruction], _ = parse(f"CMD {json.dumps(arguments)}")
    assert instruction.words == tuple(arguments)


@given(ANY_TEXT)
def test_text_of_any_kind_is_read_or_refused_in_words(text: str) -> None:
    for prefix in ("", "FROM ", "RUN ", 'ENV A="'):
        try:
            parse(prefix + text)
        except DockerfileError as error:
            assert str(error)


@given(ANY_TEXT)
def test_words_of_any_kind_are_read_or_refused_in_words(text: str) -> None:
    for read in (lexer.expand, lexer.words, lexer.commands):
        try:
            read(text, {"A": "1"})
        except DockerfileError as error:
            assert str(error)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


@given(st.lists(ANY_TEXT, max_size=5))
def test_what_is_quoted_comes_back(texts: list[str]) -> None:
    assert lexer.words(" ".join(map(quoted, texts)), {"A": "1"}) == texts
    assert lexer.commands(" ".join(map(quoted, texts)), {"A": "1"}) == ([texts] if texts else [])


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w{0,5}", fullmatch=True), ANY_TEXT, max_size=4), st.data())
def test_variables_are_replaced_and_their_values_left_alone(variables: dict[str, str], data: st.DataObject) -> None:
    for name, value in variables.items():
        assert lexer.words(f"${{{name}}} \"${name}\" '${name}' \\${name}", variables) == [value, value, f"${name}", f"${name}"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("${set:-x}${unset:-x}${empty:-x}${empty-x}", "valuexx"),
        ("${set:+x}${unset:+x}${empty:+x}${empty+y}", "xy"),
        ("${unset:-$set}/${unset:-'a b'}", "value/a b"),
        ("a$unset-b$set.c", "a-bvalue.c"),
        ('"a \\" b \\n"', 'a " b \\n'),
        ("a\\ b $", "a b $"),
    ],
)
def test_modifiers_escapes_and_quotes(text: str, meant: str) -> None:
    assert lexer.expand(text, {"set": "value", "empty": ""}) == meant


@pytest.mark.parametrize("text", ["'open", '"open', "${open", "${a%b}", "${a:?it must be given}", "${}"])
def test_what_cannot_be_expanded(text: str) -> None:
    with pytest.raises(DockerfileError):
        lexer.expand(text, {})


def test_a_run_is_a_list_of_plain_commands() -> None:
    assert lexer.commands("a 'b && c' && d \"$X;\" ; e", {"X": "1"}) == [["a", "b && c"], ["d", "1;"], ["e"]]
    for shell in ("a | b", "a > b", "a || b", "a & b", "(a)", "$(a)", '"$(a)"', "`a`", '"`a`"'):
        with pytest.raises(DockerfileError, match="needs the shell of a container"):
            lexer.commands(shell, {})


def test_the_escape_directive() -> None:
    instructions, escape = parse("# escape=`\nFROM python\nENV A=C:\\x `\n  B=1\n")
    assert escape == "`" and lexer.words(instructions[1].text, {}, escape) == ["A=C:\\x", "B=1"]


def test_flags() -> None:
    [instruction], _ = parse("COPY --chmod=755 --chown=a:b  x y")
    assert instruction.flags == {"chmod": "755", "chown": "a:b"} and instruction.text == "x y"


IGNORE = """
# comment
*.log
data/
!data/keep.csv
**/__pycache__
/docs/*.md
temp?
"""


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("a.log", True),
        ("sub/a.log", False),
        ("data/x.csv", True),
        ("data/deep/x.csv", True),
        ("data/keep.csv", False),
        ("a/b/__pycache__/x.pyc", True),
        ("__pycache__", True),
        ("docs/a.md", True),
        ("docs/sub/a.md", False),
        ("temp1", True),
        ("temp12", False),
    ],
)
def test_dockerignore(path: str, ignored: bool) -> None:
    assert DockerIgnore(IGNORE)(path) is ignored


@given(st.text("ab/*?[]!\\", max_size=12), st.text("ab/", max_size=8))
def test_any_pattern_is_translated(pattern: str, path: str) -> None:
    glob(pattern).fullmatch(path)
    DockerIgnore(pattern)(path)


PART = st.sampled_from(["a", "b", "..", "."])
PATH = st.builds(lambda parts, slash: slash + "/".join(parts), st.lists(PART, min_size=1, max_size=4), st.sampled_from(["", "/"]))


@given(st.dictionaries(st.sampled_from(["a", "b", "a/a", "a/b", "b/a"]), PATH, max_size=4), PATH)
def test_no_link_leads_out_of_an_image(tmp_path_factory: pytest.TempPathFactory, links: dict[str, str], path: str) -> None:
    root = tmp_path_factory.mktemp("tree")
    tree = ImageFiles(root)
    for name, target in links.items():
        place = root / name
        if place.parent.is_dir() and not place.parent.is_symlink():
            place.symlink_to(target)
    try:
        found = tree.find(posixpath.join("/", path))
    except OSError as error:
        assert "too many links" in str(error)
        return
    assert Path(posixpath.realpath(found)).is_relative_to(root)
