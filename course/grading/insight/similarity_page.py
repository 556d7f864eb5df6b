"""The page of similar submissions: pairs side by side, with common code marked."""

from __future__ import annotations

import difflib
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from course import pages
from course.grading.batches.result import Result
from course.grading.insight.answer_similarity import AnswerMatch, SimilaritySettings, SimilarPair
from course.grading.insight.tokens import Token

WARNING = (
    "A score is a reason to look and nothing more. It counts the tokens that two answers have in common and that neither the course nor "
    "many learners have, and so it grows with the length of answers. Work in pairs, a shared source or the same tutor explain such "
    "similarity, too: look at the code, and ask, before you conclude anything."
)


def write(path: Path, lesson: str, found: Sequence[SimilarPair], results: Sequence[Result], settings: SimilaritySettings) -> Path:
    """Write the page; ``found`` are the pairs, highest score first."""
    learners, shown = len({result.student for result in results}), found[: settings.most]
    said = (
        f"{learners} learners make {learners * (learners - 1) // 2} pairs; {len(found)} of them listed: at least {settings.similarity:.0%} "
        f"similar in an exercise, with {settings.tokens} tokens or more in common. Names, comments and layout are ignored, and so is what "
        f"is in the stub, the released notebook or the reference, or in the answers of more than {settings.common:.0%} of the class. "
        f"A mistake that both made, and hardly anybody else, counts {settings.mistake:g} times."
    )
    parts = [pages.paragraph(WARNING), pages.paragraph(said)]
    if not found:
        return pages.write(path, f"Similar submissions: {lesson}", [*parts, pages.paragraph("No pair is more similar than that.")])
    rows = [(_names(pair), f"{pair.score:.0f}", _exercises(pair)) for pair in found]
    parts += [pages.heading("Pairs"), pages.table("Pairs that are worth a look", ("learners", "score", "similar in"), rows)]
    if len(found) > len(shown):
        parts.append(pages.paragraph(f"The first {len(shown)} are shown below; `--most` shows more."))
    parts.append(pages.contents(_names(pair) for pair in shown))
    for pair in shown:
        parts += [pages.heading(_names(pair)), *map(_side_by_side, pair.matches)]
    return pages.write(path, f"Similar submissions: {lesson}", parts)


def _names(pair: SimilarPair) -> str:
    return " and ".join(pair.students)


def _exercises(pair: SimilarPair) -> str:
    said = (f"{each.exercise} ({each.similarity:.0%}, {each.common} tokens{', a rare mistake' * _rare(each)})" for each in pair.matches)
    return ", ".join(said)


def _rare(match: AnswerMatch) -> bool:
    return match.weight > 1


def _side_by_side(match: AnswerMatch) -> pages.Markup:
    matcher = difflib.SequenceMatcher(None, *([each.text for each in some] for some in (match.firsts, match.seconds)), autojunk=False)
    blocks = matcher.get_matching_blocks()
    left = _marked(match.first.source, match.firsts, ((block.a, block.size) for block in blocks))
    right = _marked(match.second.source, match.seconds, ((block.b, block.size) for block in blocks))
    columns = (
        pages.Markup(pages.paragraph(answer.student) + pages.block(code, f"{match.exercise} of {answer.student}"))
        for answer, code in ((match.first, left), (match.second, right))
    )
    mistake = f' Both failed on "{match.first.mistake}".' if _rare(match) else ""
    said = f"{match.exercise}: {match.common} own tokens in common, {match.similarity:.0%} similar.{mistake}"
    return pages.Markup(pages.paragraph(said) + pages.side_by_side(columns))


def _marked(source: str, owned: Sequence[Token], blocks: Iterable[tuple[int, int]]) -> pages.Markup:
    """The source with the blocks of its own tokens marked, line by line."""
    spans: dict[int, list[list[int]]] = {}
    lines = source.split("\n")
    for start, size in blocks:
        for token in owned[start : start + size]:
            on_line = spans.setdefault(token.line, [])
            if on_line and not lines[token.line][on_line[-1][1] : token.start].strip():
                on_line[-1][1] = token.end  # one mark across blanks
            else:
                on_line.append([token.start, token.end])
    return pages.Markup("\n".join(_line(line, spans.get(number, [])) for number, line in enumerate(lines)))


def _line(line: str, spans: Iterable[Sequence[int]]) -> str:
    made, at = "", 0
    for start, end in spans:
        made += f"{html.escape(line[at:start])}<mark>{html.escape(line[start:end])}</mark>"
        at = end
    return made + html.escape(line[at:])
