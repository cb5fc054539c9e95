"""Where a query was found in a text: the words to mark, accents aside, and safe HTML of it.

Pure. Vietnamese words have several syllables, so neighbours of the query that are neighbours in
the text are marked together; a syllable by itself is marked only where no such pair has it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup, escape

from schemas.text import fold, nfc, tone

#: Characters of a description shown around what was found in it.
SNIPPET = 190
#: So many characters may stand before it.
LEAD = 60
#: Longer texts are looked through only so far.
MOST_CHARACTERS = 20_000
#: Words of a query that are looked for.
MOST_WORDS = 40
#: Words that say nothing by themselves; marked only beside another word of the query. Without
#: accents only those that are no other word then ("so" may be "số", "cho" may be "chợ").
_FUNCTION_WORDS = """
    bị các cái có của do đã đang để đến đó đây được gì hãy hoặc không là mà mấy mỗi này nào nên
    nếu nhất như những nhưng ở rất sẽ tại thế thì tất cả và vào về vì với cac cua duoc neu nhung
    theo trong voi and by for from how of or what where which with
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")
_PHRASE_MARKS = re.compile(r'(?<!\S)-"[^"]*"|(?<!\S)-\S+|[+"“”„«»]')
_OPEN_Y = re.compile(r"^([hklmst])y([\u0300-\u0323]?)$")


@dataclass(frozen=True)
class Word:
    """A word of a text: where it stands, as it is spelled (`exact`), and without accents."""

    start: int
    end: int
    exact: str
    key: str

    @property
    def plain(self) -> bool:
        """Whether it is written without any accent, so that it stands for every accented one."""
        return self.exact == self.key

    def means(self, spelling: str) -> bool:
        """Whether the word, so spelled in a text, may be this one, as far as accents say."""
        return self.plain or spelling in (self.exact, self.key)


def words_of(text: str) -> list[Word]:
    """The words of a text that is in Unicode's composed form."""
    return [
        Word(found.start(), found.end(), _exact(found[0]), _key(found[0]))
        for found in _WORD.finditer(text[:MOST_CHARACTERS])
    ]


@dataclass(frozen=True)
class Query:
    """What was asked for: the phrase typed, and others that stand for it as a whole."""

    phrases: tuple[tuple[Word, ...], ...]

    @cached_property
    def telling(self) -> frozenset[str]:
        """The keys of the words typed that say something; all of them when none does."""
        typed = self.phrases[0] if self.phrases else ()
        telling = {word.key for word in typed if word.exact not in FUNCTION_WORDS}
        return frozenset(telling or {word.key for word in typed})


def query_of(text: str, others: Iterable[str] = ()) -> Query:
    """The query of a free text; excluded words (``-xã``) are not looked for.

    `others` are phrases that stand for it or for a part of it (an abbreviation in full).
    """
    typed = tuple(words_of(_PHRASE_MARKS.sub(" ", nfc(text)))[:MOST_WORDS])
    instead = (tuple(words_of(nfc(other))[:MOST_WORDS]) for other in others)
    return Query((typed, *filter(None, instead)) if typed else ())


@dataclass(frozen=True)
class Marked:
    """A text with what was found in it: spans of characters, and the keys of the query's words."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()
    keys: frozenset[str] = frozenset()

    def html(self, start: int = 0, end: int | None = None) -> Markup:
        """The text, or a part of it, with ``<mark>``; everything else is escaped."""
        end = len(self.text) if end is None else end
        out, at = Markup(""), start
        for first, last in self.spans:
            if first >= start and last <= end:
                out += escape(self.text[at:first])
                out += Markup("<mark>{}</mark>").format(self.text[first:last])
                at = last
        return out + escape(self.text[at:end])

    def snippet(self, length: int = SNIPPET) -> Markup:
        """About `length` characters of it, with the best of what was found, cut between words."""
        if len(self.text) <= length:
            return self.html()
        best = max(self.spans, key=lambda span: (span[1] - span[0], -span[0]), default=(0, 0))
        start = 0 if best[1] <= length - 20 else _cut(self.text, max(0, best[0] - LEAD))
        end = self.text.rfind(" ", start + length // 2, start + length)
        end = max(end if end > 0 else start + length, min(best[1], start + 2 * length))
        head, tail = "… " if start else "", " …" if end < len(self.text) else ""
        return escape(head) + self.html(start, end) + tail


def mark(query: Query, texts: Sequence[str]) -> list[Marked]:
    """What of the query is found in the texts of one dataset, each of them marked.

    A word with accents is looked for with these; only where no text has it so, without.
    """
    composed = [nfc(str(text)) for text in texts]
    if not query.phrases:
        return [Marked(text) for text in composed]
    read = [words_of(text) for text in composed]
    spellings: dict[str, set[str]] = {}
    for word in (word for words in read for word in words):
        spellings.setdefault(word.key, set()).add(word.exact)
    seeker = _Seeker(query, spellings)
    runs = [seeker.runs(words) for words in read]
    joined = {word.key for found in runs for run in found for word in run}
    lone = [seeker.lone(words, joined, found) for words, found in zip(read, runs, strict=True)]
    return [
        _marked(text, together + alone)
        for text, together, alone in zip(composed, runs, lone, strict=True)
    ]


@dataclass(frozen=True)
class _Seeker:
    """Finds a query's words among those of a dataset, which are spelled as `spellings` says."""

    query: Query
    spellings: Mapping[str, set[str]]

    def runs(self, words: Sequence[Word]) -> list[list[Word]]:
        """Neighbours in the text that are neighbours in the query, from left to right."""
        found, at = [], 0
        while at < len(words):
            run = max((self._run(phrase, words, at) for phrase in self.query.phrases), key=len)
            found += [run] if run else []
            at += len(run) or 1
        return found

    def lone(
        self, words: Sequence[Word], joined: Collection[str], runs: Sequence[object]
    ) -> list[list[Word]]:
        """The telling words of the query that stand nowhere beside another one.

        A text that has all of them, though apart, says what was asked for by itself.
        """
        asked = self.query.phrases[0]
        there = [
            word
            for word in words
            if word.key in self.query.telling and any(self._same(one, word) for one in asked)
        ]
        if not runs and {word.key for word in there} == self.query.telling:
            return [[word] for word in there]
        return [[word] for word in there if word.key not in joined]

    def _run(self, phrase: Sequence[Word], words: Sequence[Word], at: int) -> list[Word]:
        """The longest run of the phrase that starts there; empty when it says too little."""
        best = 0
        for first in range(len(phrase)):
            length = 0
            while (
                first + length < len(phrase)
                and at + length < len(words)
                and self._same(phrase[first + length], words[at + length])
            ):
                length += 1
            best = max(best, length)
        run = list(words[at : at + best])
        while run and run[-1].key not in self._telling(phrase):
            run.pop()
        return run if self._says_enough(phrase, run) else []

    def _says_enough(self, phrase: Sequence[Word], run: Sequence[Word]) -> bool:
        if not run or run[0].key not in self._telling(phrase):
            return False
        if phrase is not self.query.phrases[0]:
            return len(run) == len(phrase)
        said = {word.key for word in run} & self.query.telling
        return len(said) > 1 or said == self.query.telling

    def _telling(self, phrase: Sequence[Word]) -> Collection[str]:
        """The words of a phrase that say something; of one that stands for another, all."""
        first = phrase is self.query.phrases[0]
        return self.query.telling if first else {word.key for word in phrase}

    def _same(self, asked: Word, word: Word) -> bool:
        if asked.key != word.key:
            return False
        return asked.means(word.exact) or not any(map(asked.means, self.spellings[word.key]))


def _marked(text: str, runs: list[list[Word]]) -> Marked:
    spans: list[tuple[int, int]] = []
    for start, end in sorted((run[0].start, run[-1].end) for run in runs):
        beside = spans and text[spans[-1][1] : start].strip() == ""
        spans[-1:] = [(spans[-1][0], end)] if beside else [*spans[-1:], (start, end)]
    return Marked(text, tuple(spans), frozenset(word.key for run in runs for word in run))


def _cut(text: str, at: int) -> int:
    """The start of the word that stands there, or of the next one."""
    blank = text.find(" ", at) if at else -1
    return blank + 1 if 0 <= blank < at + LEAD else at


def _exact(word: str) -> str:
    return nfc(_i_for_y(tone(unicodedata.normalize("NFKC", word)).lower()))


def _key(word: str) -> str:
    return _i_for_y(fold(word))


def _i_for_y(word: str) -> str:
    """One letter for the vowel of ``kỹ``, ``kĩ``, as the index has it."""
    return _OPEN_Y.sub(r"\1i\2", unicodedata.normalize("NFD", word))
