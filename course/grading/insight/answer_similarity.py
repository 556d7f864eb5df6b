"""Finds pairs of learners whose answers are more similar than chance and the course explain.

Two answers to an exercise are compared by their own tokens: those that occur neither in the stub, the released notebook or the
reference nor in the answers of many learners. `rapidfuzz` compares these sequences (normalised Indel similarity: the share of the tokens
that one longest common subsequence covers). Comparing fingerprints that others do not share follows S. Schleimer, D. S. Wilkerson, A.
Aiken, Winnowing: local algorithms for document fingerprinting, SIGMOD 2003.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from course.grading.insight.tokens import Token, distinctive_tokens, grams, known_ngrams, tokens

FIRST_LETTER = 0x1_0000  # above the surrogates, which are not valid in text


@dataclass(frozen=True)
class SimilaritySettings:
    """The section ``similarity`` of ``thresholds.yaml``, which explains each setting."""

    similarity: float
    tokens: int
    gram: int
    common: float
    learners: int
    mistake: float
    rare: float
    most: int


@dataclass(frozen=True)
class AnswerSource:
    """One learner's answer to one exercise.

    ``mistake`` is the sub-check that failed first with its normalised message; empty for a right or missing answer.
    """

    student: str
    source: str
    mistake: str = ""

    @cached_property
    def tokens(self) -> list[Token]:
        return tokens(self.source)


@dataclass(frozen=True)
class AnswerMatch:
    """Two similar answers to an exercise.

    Attributes
    ----------
    firsts, seconds : list of Token
        Their own tokens.
    similarity : float
        Share of these that they have in common, 0..1.
    common : int
        Number of own tokens in common.
    weight : float
        1, or more for a mistake that few made.
    """

    exercise: str
    first: AnswerSource
    second: AnswerSource
    firsts: list[Token]
    seconds: list[Token]
    similarity: float
    common: int
    weight: float

    @property
    def score(self) -> float:
        return self.common * self.similarity * self.weight


@dataclass(frozen=True)
class SimilarPair:
    """Two learners and their similar answers, highest score first."""

    students: tuple[str, str]
    matches: tuple[AnswerMatch, ...]

    @property
    def score(self) -> float:
        """Weighted tokens in common: a reason to look, not a probability."""
        return sum(each.score for each in self.matches)


def similar_pairs(
    answers: Mapping[str, Sequence[AnswerSource]],
    course: Mapping[str, Iterable[str]],
    settings: SimilaritySettings,
    on_compared: Callable[[str], None],
) -> list[SimilarPair]:
    """The pairs worth a look, highest score first.

    Parameters
    ----------
    answers : mapping
        By exercise.
    course : mapping
        By exercise, the code of the course itself: the stub, the released code cells, the reference.
    settings : SimilaritySettings
    on_compared : callable
        Called with each exercise that has been compared.
    """
    found: dict[tuple[str, str], list[AnswerMatch]] = defaultdict(list)
    for exercise, given in answers.items():
        for each in answer_matches(exercise, given, course.get(exercise, ()), settings):
            found[each.first.student, each.second.student].append(each)
        on_compared(exercise)
    # Short answers are similar by chance: they count only together with a longer one.
    worth = {who: some for who, some in found.items() if any(each.common >= settings.tokens for each in some)}
    made = [SimilarPair(who, tuple(sorted(some, key=lambda each: -each.score))) for who, some in worth.items()]
    return sorted(made, key=lambda pair: (-pair.score, pair.students))


def answer_matches(
    exercise: str, answers: Sequence[AnswerSource], course: Iterable[str], settings: SimilaritySettings
) -> list[AnswerMatch]:
    """All pairs of similar answers to one exercise."""
    known = known_ngrams(course, settings.gram) | _common(answers, settings)
    letters: dict[str, str] = {}  # one character a token, since rapidfuzz is fastest on strings
    parts = [distinctive_tokens(each.tokens, known, settings.gram) for each in answers]
    owned = ["".join(letters.setdefault(token.text, chr(FIRST_LETTER + len(letters))) for token in part) for part in parts]
    shares = cdist(owned, owned, scorer=Indel.normalized_similarity, score_cutoff=settings.similarity)
    rare = _rare_mistakes(answers, settings)
    found = []
    for i, j in zip(*(shares >= settings.similarity).nonzero(), strict=True):
        if i < j and owned[i] and owned[j]:
            share = float(shares[i, j])
            common = round(share * (len(owned[i]) + len(owned[j])) / 2)
            (first, its), (second, others) = sorted(((answers[i], parts[i]), (answers[j], parts[j])), key=lambda each: each[0].student)
            weight = settings.mistake if first.mistake == second.mistake and first.mistake in rare else 1.0
            found.append(AnswerMatch(exercise, first, second, its, others, share, common, weight))
    return found


def _common(answers: Sequence[AnswerSource], settings: SimilaritySettings) -> set[tuple[str, ...]]:
    """Runs of tokens that occur in many learners' answers."""
    counts = Counter(gram for each in answers for gram in set(grams([token.text for token in each.tokens], settings.gram)))
    most = max(settings.learners, settings.common * len(answers))
    return {gram for gram, count in counts.items() if count > most}


def _rare_mistakes(answers: Collection[AnswerSource], settings: SimilaritySettings) -> set[str]:
    counts = Counter(each.mistake for each in answers if each.mistake)
    return {mistake for mistake, count in counts.items() if count <= max(2, settings.rare * len(answers))}
