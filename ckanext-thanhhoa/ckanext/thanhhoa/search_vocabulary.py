"""The words of the catalogue: what an index holds tells how a typed word may have been meant.

`Vocabulary` is pure; it is made of the counts that Solr gives for the field ``word``: syllables
and pairs of neighbours, with their accents, of the datasets everybody may see (`words_of_document`
is what a document puts there). `current` keeps one per process and reads it again when the index
has changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise

from schemas.place_names import words_of
from schemas.text import fold, tone
from schemas.typing_residue import decode, is_syllable

#: Ways to read one word that are weighed against each other.
MOST_READINGS = 40
#: What a reading costs that is not what was typed, in the unit of ln(number of datasets).
_COST_RESTORED, _COST_DECODED, _COST_EDITED, _COST_OTHER_ACCENTS = 0.2, 1.0, 5.0, 3.0
#: A word left without the accents that it has in every dataset.
_COST_BARE = 0.5
#: A word that no dataset has; one that is good Vietnamese may just be missing, and is mended only
#: where the mended word is known beside its neighbour.
_COST_UNKNOWN, _COST_MISSING = 9.0, 2.0
_OPEN_Y = re.compile(r"\b([hklmst])y\b")
_OPEN_I_OR_Y = re.compile(r"\b([hklmst])([iíìỉĩịyýỳỷỹỵ])\b")
_SWAPPED = str.maketrans("iíìỉĩịyýỳỷỹỵ", "yýỳỷỹỵiíìỉĩị")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@lru_cache(100_000)
def _fold(word: str) -> str:
    return fold(word)


@lru_cache(100_000)
def word_key(words: str) -> str:
    """A syllable or pair without accents, i and y as one where they are pronounced so.

    >>> word_key("kỹ thuật"), word_key("tỉ lệ"), word_key("quý")
    ('ki thuat', 'ti le', 'quy')
    """
    return _OPEN_Y.sub(r"\1i", _fold(words))


def other_spelling(words: str) -> str:
    """The words with y for i and i for y where both are the same: "kỹ thuật", "kĩ thuật"."""
    return _OPEN_I_OR_Y.sub(lambda found: found[1] + found[2].translate(_SWAPPED), words)


def words_of_document(texts: Iterable[str]) -> list[str]:
    """The syllables and pairs of neighbours in texts, lower case with accents, each once."""
    found: dict[str, None] = {}
    for text in texts:
        # Names of agencies, themes and columns come again and again; titles and notes do not.
        found.update(_words_in(text) if len(text) > 60 else _known_words_in(text))
    return list(found)


def _words_in(text: str) -> dict[str, None]:
    words = [word.lower() for word in words_of(text) if len(word) <= 30]
    pairs = (f"{left} {right}" for left, right in pairwise(words))
    return dict.fromkeys([*words, *pairs])


_known_words_in = lru_cache(2_000)(_words_in)


@dataclass(frozen=True)
class Vocabulary:
    """`counts`: in how many of `size` datasets each syllable and each pair ("thủy sản") occurs."""

    counts: Mapping[str, int] = field(default_factory=dict)
    size: int = 0

    def known(self, syllable: str) -> bool:
        """Whether any dataset has the syllable; one typed without accents may have any."""
        typed = syllable.lower()
        return typed in self.counts or (typed == _fold(typed) and typed in self._forms)

    def forms(self, syllable: str) -> list[str]:
        """The accented forms that a syllable without accents stands for, most frequent first."""
        return self._forms.get(_fold(syllable), [])

    def count(self, syllable: str) -> int:
        """In how many datasets the syllable stands; one without accents: in any form."""
        typed = syllable.lower()
        if typed != _fold(typed):
            return self.counts.get(typed, 0) or self.counts.get(other_spelling(typed), 0)
        return sum(self.counts[form] for form in self.forms(typed))

    def pair(self, left: str, right: str) -> int:
        """In how many datasets the two stand side by side; without accents: in any form."""
        pair = f"{left.lower()} {right.lower()}"
        if pair == _fold(pair):
            return self._folded_pairs.get(word_key(pair), 0)
        return self.counts.get(pair, 0) or self.counts.get(other_spelling(pair), 0)

    def with_accents(self, words: Sequence[str]) -> list[str]:
        """The words as the catalogue would write them; what has accents or is unknown stays."""
        return self._best(words, lambda at, word: self._restorations(word))

    def corrections(self, words: Sequence[str]) -> list[str] | None:
        """The words as they were probably meant, typing slips mended; None: nothing to mend.

        Restored accents alone are no correction. Only words that the catalogue does not know, or
        not beside any of their neighbours, are doubted.
        """
        restored = self.with_accents(words)
        doubted = self._doubted(restored)
        if not doubted:
            return None
        best = self._best(
            words,
            lambda at, word: self._readings(word) if at in doubted else self._restorations(word),
        )
        changed = [_fold(a) != _fold(b) or _accented(a) for a, b in zip(words, best, strict=True)]
        typed = [word.lower() for word in words]
        if all(a == b or not c for a, b, c in zip(typed, best, changed, strict=True)):
            return None
        return best

    def prepared(self) -> Vocabulary:
        """Itself, with all that is derived from the counts worked out."""
        _ = self._forms, self._folded_pairs
        return self

    def _doubted(self, words: Sequence[str]) -> set[int]:
        bonds = [bool(self._bond(left, right)) for left, right in pairwise(words)]
        return {
            at
            for at, word in enumerate(words)
            if word not in self.counts or (bonds and not any(bonds[max(0, at - 1) : at + 1]))
        }

    @cached_property
    def _forms(self) -> dict[str, list[str]]:
        forms: dict[str, list[str]] = {}
        for word in sorted((w for w in self.counts if " " not in w), key=self._rarity):
            forms.setdefault(_fold(word), []).append(word)
        return forms

    @cached_property
    def _folded_pairs(self) -> dict[str, int]:
        pairs: dict[str, int] = {}
        for pair, count in self.counts.items():
            if " " in pair:
                pairs[word_key(pair)] = pairs.get(word_key(pair), 0) + count
        return pairs

    def _rarity(self, word: str) -> int:
        return -self.counts[word]

    def _restorations(self, word: str) -> Iterator[tuple[str, float]]:
        typed = word.lower()
        missing = _COST_MISSING if is_syllable(tone(typed)) else _COST_UNKNOWN
        if typed in self.counts:
            missing = 0.0
        elif self.known(typed):
            missing = _COST_BARE
        yield typed, missing
        if typed == _fold(typed):
            for form in self.forms(typed):
                yield form, _COST_RESTORED

    def _readings(self, word: str) -> Iterator[tuple[str, float]]:
        """Every way to read a typed word, with its cost."""
        typed = word.lower()
        yield from self._restorations(typed)
        decoded = decode(typed)
        if decoded and self.known(decoded):
            yield decoded, _COST_DECODED
        if _accented(typed):
            for form in self.forms(typed):
                if form != typed:
                    yield form, _COST_OTHER_ACCENTS
        if len(typed) > 1 and not any(char.isdigit() for char in typed):
            forms = self._forms
            for near in _one_edit(_fold(typed)):
                for form in forms.get(near, ())[:3]:
                    yield form, _COST_EDITED

    def _best(
        self,
        words: Sequence[str],
        readings: Callable[[int, str], Iterable[tuple[str, float]]],
    ) -> list[str]:
        """The cheapest sequence of readings: a known pair is worth more than frequent words."""
        steps: list[dict[str, tuple[float, str]]] = []
        for at, word in enumerate(words):
            ways: dict[str, float] = {}
            for form, cost in readings(at, word):
                cost -= 0.1 * min(8.0, math.log1p(self.counts.get(form, 0)))
                ways[form] = min(cost, ways.get(form, cost))
            chosen = sorted(ways.items(), key=lambda way: way[1])[:MOST_READINGS]
            before = {form: total for form, (total, _) in steps[-1].items()} if steps else {"": 0.0}
            steps.append({form: self._reached(before, form, cost) for form, cost in chosen})
        return _traced(steps)

    def _reached(self, before: Mapping[str, float], form: str, cost: float) -> tuple[float, str]:
        """What the reading costs at least, and after which one."""
        return min((total + cost - self._bond(left, form), left) for left, total in before.items())

    def _bond(self, left: str, right: str) -> float:
        count = self.counts.get(f"{left} {right}", 0)
        return 2.0 + math.log1p(count) if count else 0.0


def _traced(steps: Sequence[Mapping[str, tuple[float, str]]]) -> list[str]:
    """The cheapest way through the steps, read from its end."""
    if not steps:
        return []
    path = [min(steps[-1], key=lambda form: steps[-1][form])]
    for step in reversed(steps[1:]):
        path.append(step[path[-1]][1])
    return path[::-1]


def _accented(word: str) -> bool:
    return _fold(word) != word.lower()


def _one_edit(word: str) -> set[str]:
    """Every string one slip away: a letter left out, doubled, swapped, or another one."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    near = {left + right[1:] for left, right in cuts if right}
    near |= {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    near |= {left + char + right[1:] for left, right in cuts if right for char in _LETTERS}
    near |= {left + char + right for left, right in cuts for char in _LETTERS}
    return near - {word, ""}
