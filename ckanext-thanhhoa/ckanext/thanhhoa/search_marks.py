"""Where a query was found in a text: the words to mark, accents aside, and safe HTML of it.

Pure. Vietnamese words have several syllables, so neighbours of the query that are neighbours in
the text are marked together; a syllable by itself is marked only where no such pair has it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ckanext.thanhhoa.search_reading import Reading
from markupsafe import Markup, escape

from schemas.place_names import PlaceFound, today
from schemas.text import fold, nfc, tone

#: Characters of a description shown around what was found in it.
SNIPPET = 190
#: So many characters may stand before it.
LEAD = 60
#: Longer texts are looked through only so far.
MOST_CHARACTERS = 20_000
#: Words of a query that are looked for.
MOST_WORDS = 40
#: Units of today that are looked for where an old one is named.
MOST_HEIRS = 12

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")
_PARTING = re.compile(r"[,.;:!?()\[\]]")
_OPEN_Y = re.compile(r"^([hklmst])y([\u0300-\u0323]?)$")


@dataclass(frozen=True)
class Word:
    """A word of a text: where it stands, as it is spelled (`exact`), and without accents.

    `apart`: a sign parts it from the word before.
    """

    start: int
    end: int
    exact: str
    key: str
    apart: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is written without any accent, so that it stands for every accented one."""
        return self.exact == self.key

    def means(self, spelling: str) -> bool:
        """Whether the word, so spelled in a text, may be this one, as far as accents say."""
        return self.plain or spelling in (self.exact, self.key)


def words_of(text: str) -> list[Word]:
    """The words of a text that is in Unicode's composed form."""
    words, at = [], 0
    for found in _WORD.finditer(text[:MOST_CHARACTERS]):
        apart = bool(_PARTING.search(text, at, found.start()))
        words.append(Word(*found.span(), _exact(found[0]), _key(found[0]), apart))
        at = found.end()
    return words


@dataclass(frozen=True)
class Phrase:
    """Words that stand for some of a query: for the words with these keys."""

    words: tuple[Word, ...]
    says: frozenset[str]


@dataclass(frozen=True)
class Query:
    """What was asked for: the words as they were meant, and phrases that say some of them.

    `telling` are the keys of the words that say something: no function words, no kinds of units.
    """

    words: tuple[Word, ...] = ()
    telling: frozenset[str] = frozenset()
    others: tuple[Phrase, ...] = ()


def query_of(reading: Reading) -> Query:
    """What to look for of a query: as meant, as typed, its terms in other words, its old places."""
    words = tuple(words_of(" ".join(reading.meant[:MOST_WORDS])))
    if len(words) != len(reading.meant[:MOST_WORDS]):
        return Query()
    named = {place: _name_of(place) for place in reading.places}
    at = {*reading.topic, *(here for span in named.values() for here in span)}
    at |= {here for here, word in enumerate(reading.typed) if word in reading.years}
    # A dataset newer than the vocabulary may have what was typed where that seemed a slip.
    others = [
        Phrase(tuple(words_of(typed)), frozenset([word.key]))
        for typed, word in zip(reading.typed, words, strict=False)
        if _key(typed) != word.key
    ]
    others += [
        Phrase(tuple(words_of(" ".join(other))), _keys(words[known.start : known.end]))
        for known in reading.known
        for other in known.others
    ]
    for place, span in named.items():
        says = _keys(words[span.start : span.stop])
        heirs = (now for unit in place.units if unit.end is not None for now in today(unit))
        for unit in list(dict.fromkeys(heirs))[:MOST_HEIRS]:
            others.append(Phrase(tuple(words_of(unit.bare_name)), says))
    telling = _keys(word for here, word in enumerate(words) if here in at)
    return Query(words, telling or _keys(words), tuple(phrase for phrase in others if phrase.words))


def _name_of(place: PlaceFound) -> range:
    """Where the place's name stands, without its kind."""
    return range(place.end - len(words_of(place.name)), place.end)


def _keys(words: Iterable[Word]) -> frozenset[str]:
    return frozenset(word.key for word in words)


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
    if not query.words:
        return [Marked(text) for text in composed]
    keys = _keys(query.words).union(*(_keys(other.words) for other in query.others))
    parts = {_loosely(key) for key in keys}
    read = [words_of(text) if _may_have(text, parts) else [] for text in composed]
    spellings: dict[str, set[str]] = {}
    for word in (word for words in read for word in words):
        spellings.setdefault(word.key, set()).add(word.exact)
    seeker = _Seeker(query, spellings)
    runs = [seeker.runs(words) for words in read]
    joined = frozenset[str]().union(*(run.says for found in runs for run in found))
    lone = [seeker.lone(words, joined, found) for words, found in zip(read, runs, strict=True)]
    return [
        _marked(text, together + alone)
        for text, together, alone in zip(composed, runs, lone, strict=True)
    ]


def _may_have(text: str, parts: Collection[str]) -> bool:
    """Whether a text may have one of the words: a dataset lists hundreds that have none."""
    if len(text) > SNIPPET:
        return True
    loose = _loosely(text)
    return any(part in loose for part in parts)


@dataclass(frozen=True)
class _Seeker:
    """Finds a query's words among those of a dataset, which are spelled as `spellings` says."""

    query: Query
    spellings: Mapping[str, set[str]]

    def runs(self, words: Sequence[Word]) -> list[Phrase]:
        """Neighbours in the text that are neighbours in the query, from left to right."""
        found: list[Phrase] = []
        at = 0
        while at < len(words):
            ways = [
                self._run(words, at),
                *(self._whole(one, words, at) for one in self.query.others),
            ]
            best = max(filter(None, ways), key=lambda run: len(run.words), default=None)
            found += [best] if best else []
            at += len(best.words) if best else 1
        return found

    def lone(
        self, words: Sequence[Word], joined: Collection[str], runs: Collection[Phrase]
    ) -> list[Phrase]:
        """The telling words of the query that stand nowhere beside another one.

        A text that has all of them, though apart, says what was asked for by itself.
        """
        there = [
            Phrase((word,), frozenset([word.key]))
            for word in words
            if word.key in self.query.telling
            and any(self._same(asked, word) for asked in self.query.words)
        ]
        if not runs and {key for one in there for key in one.says} == self.query.telling:
            return there
        return [one for one in there if not one.says & joined]

    def _run(self, words: Sequence[Word], at: int) -> Phrase | None:
        """The longest run of the query's words that starts there, if it says enough."""
        asked = self.query.words
        best = max(self._length(asked[first:], words, at) for first in range(len(asked)))
        run = list(words[at : at + best])
        while run and run[-1].key not in self.query.telling:
            run.pop()
        if not run or run[0].key not in self.query.telling:
            return None
        says = _keys(run) & self.query.telling
        enough = len(says) > 1 or says == self.query.telling
        return Phrase(tuple(run), says) if enough else None

    def _whole(self, phrase: Phrase, words: Sequence[Word], at: int) -> Phrase | None:
        """The phrase, if all of it stands there."""
        length = len(phrase.words)
        if self._length(phrase.words, words, at) < length:
            return None
        return Phrase(tuple(words[at : at + length]), phrase.says)

    def _length(self, asked: Sequence[Word], words: Sequence[Word], at: int) -> int:
        """How many of the words asked for stand there, one after the other."""
        length = 0
        while length < len(asked) and at + length < len(words):
            word = words[at + length]
            if (length and word.apart) or not self._same(asked[length], word):
                break
            length += 1
        return length

    def _same(self, asked: Word, word: Word) -> bool:
        if asked.key != word.key:
            return False
        return asked.means(word.exact) or not any(map(asked.means, self.spellings[word.key]))


def _marked(text: str, runs: list[Phrase]) -> Marked:
    spans: list[tuple[int, int]] = []
    for start, end in sorted((run.words[0].start, run.words[-1].end) for run in runs):
        beside = spans and text[spans[-1][1] : start].strip() == ""
        spans[-1:] = [(spans[-1][0], end)] if beside else [*spans[-1:], (start, end)]
    return Marked(text, tuple(spans), frozenset[str]().union(*(run.says for run in runs)))


def _cut(text: str, at: int) -> int:
    """The start of the word that stands there, or of the next one."""
    blank = text.find(" ", at) if at else -1
    return blank + 1 if 0 <= blank < at + LEAD else at


@lru_cache(20_000)
def _loosely(text: str) -> str:
    return fold(text).replace("y", "i")


@lru_cache(50_000)
def _exact(word: str) -> str:
    return nfc(_i_for_y(tone(unicodedata.normalize("NFKC", word)).lower()))


@lru_cache(50_000)
def _key(word: str) -> str:
    return _i_for_y(fold(word))


def _i_for_y(word: str) -> str:
    """One letter for the vowel of ``kỹ``, ``kĩ``, as the index has it."""
    return _OPEN_Y.sub(r"\1i\2", unicodedata.normalize("NFD", word))
