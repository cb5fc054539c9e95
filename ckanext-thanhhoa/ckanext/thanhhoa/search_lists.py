"""The lists of ``schemas/words``: function words, everyday speech, abbreviations, English terms.

Pure look-ups in words as `schemas.place_names.words_of` cuts them, lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import schemas
from schemas.place_names import words_of
from schemas.text import fold

Words = tuple[str, ...]
_FOLDER = Path(schemas.__file__).parent / "words"


@dataclass(frozen=True)
class Known:
    """A term of the lists found from word `start` to before `end`, and what also says it."""

    start: int
    end: int
    others: tuple[Words, ...]


@dataclass(frozen=True)
class _Term:
    words: Words
    others: tuple[Words, ...]
    english: bool


class _Spans(NamedTuple):
    """Some words: as typed, as meant, without accents, as English words in the singular."""

    typed: Words
    meant: Words
    folded: Words
    english: Words


def known_terms(typed: Words, meant: Words) -> list[Known]:
    """The longest terms of the lists within the words, as typed or as they were probably meant.

    A term of several syllables is also known without its accents, one syllable is not: "phi" may
    be many words.
    """
    found: list[Known] = []
    folded, english = _key(typed), english_key(typed)
    longest = _longest()
    for start in range(len(typed)):
        for end in range(min(len(typed), start + longest), start, -1):
            spans = _Spans(*(words[start:end] for words in (typed, meant, folded, english)))
            others = _others(spans)
            if others is not None:
                if not any(known.start <= start and end <= known.end for known in found):
                    found.append(Known(start, end, others))
                break
    return found


def as_written(words: Words) -> str:
    """A form of the lists with its capitals and signs: "UBND", "GD&ĐT"."""
    return _written().get(words) or " ".join(words)


def function_words(typed: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Spans of words that only ask or join, the longest first at each word."""
    at = 0
    while at < len(typed):
        end = next(
            (
                end
                for end in range(min(len(typed), at + 4), at, -1)
                if _is_function(tuple(typed[at:end]))
            ),
            None,
        )
        if end is not None:
            yield at, end
        at = end or at + 1


def english_key(words: Words) -> Words:
    """English words without the ending of their plural: a look-up knows both."""
    return tuple(_singular(word) for word in words)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _others(spans: _Spans) -> tuple[Words, ...] | None:
    typed, meant = spans.typed, spans.meant
    candidates = (*_terms().get(spans.folded, ()), *_english().get(spans.english, ()))
    terms = [term for term in candidates if _says(typed, meant, term)]
    if not terms and typed != meant:
        terms = [term for term in _terms().get(_key(meant), ()) if term.words == meant]
    if not terms:
        return None
    others = dict.fromkeys(other for term in terms for other in term.others)
    return tuple(other for other in others if other not in (typed, meant))


def _says(typed: Words, meant: Words, term: _Term) -> bool:
    if term.english:
        return len(typed) > 1 or meant == typed
    if len(typed) == 1 and len(term.words[0]) > 1:
        return term.words in (typed, meant) or _is_short_form(term.words[0], typed[0])
    return all(
        word in (wanted, fold(wanted)) for word, wanted in zip(typed, term.words, strict=True)
    )


def _is_short_form(word: str, typed: str) -> bool:
    """An abbreviation has no vowel to put an accent on: "cds" is CĐS."""
    return fold(word) == typed and not any(char in "aeiouy" for char in typed)


def _is_function(typed: Words) -> bool:
    return typed in _functions() or (len(typed) > 1 and typed in _folded_functions())


def is_folded_function(word: str) -> bool:
    """Whether a word typed without accents may be a function word."""
    return (word,) in _folded_functions()


def _key(words: Words) -> Words:
    return tuple(_fold(word) for word in words)


@lru_cache(20_000)
def _fold(word: str) -> str:
    return fold(word)


@cache
def _functions() -> frozenset[Words]:
    return frozenset(_words(form) for line in _lines("function") for form in line.split(","))


@cache
def _folded_functions() -> frozenset[Words]:
    return frozenset(_key(words) for words in _functions())


@cache
def _terms() -> dict[Words, tuple[_Term, ...]]:
    return _index(english=False)


@cache
def _english() -> dict[Words, tuple[_Term, ...]]:
    return _index(english=True)


@cache
def _longest() -> int:
    return max(len(key) for key in (*_terms(), *_english()))


def _index(*, english: bool) -> dict[Words, tuple[_Term, ...]]:
    index: dict[Words, list[_Term]] = {}
    for words, others, is_english in _pairs():
        if is_english == english:
            at = english_key(words) if english else _key(words)
            index.setdefault(at, []).append(_Term(words, others, english))
    return {at: tuple(terms) for at, terms in index.items()}


def _pairs() -> Iterator[tuple[Words, tuple[Words, ...], bool]]:
    """Every form of the lists with what else says it, and whether it is English."""
    for name in ("abbreviations", "everyday"):
        for line in _lines(name):
            wide, _, narrow = line.partition(">")
            group = _forms(wide)
            also = _forms(narrow)
            for form in group:
                yield form, (*(other for other in group if other != form), *also), False
    for line in _lines("glossary"):
        left, _, right = line.partition("=")
        for form in _forms(left):
            yield form, _forms(right), True
        for form in _forms(right):
            yield form, _forms(left), False


@cache
def _written() -> dict[Words, str]:
    forms = [
        form.strip()
        for name in ("abbreviations", "everyday", "glossary")
        for line in _lines(name)
        for form in re.split("[,>=]", line)
    ]
    return {_words(form): form for form in reversed(forms)}


def _forms(text: str) -> tuple[Words, ...]:
    return tuple(words for form in text.split(",") if (words := _words(form)))


def _words(form: str) -> Words:
    return tuple(word.lower() for word in words_of(form))


def _lines(name: str) -> list[str]:
    text = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
