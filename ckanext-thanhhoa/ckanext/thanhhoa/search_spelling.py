"""“Did you mean”: a query as the catalogue would write it. Pure, on the catalogue's vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ckanext.thanhhoa.search_vocabulary import Vocabulary

from schemas.place_names import words_of
from schemas.text import fold

#: With so many results or fewer another spelling is offered, whatever it is.
FEW = 3
#: A reading is clear when the catalogue writes the syllables so at least this often.
CLEAR = 0.8
#: Longer queries are sentences, which nobody wants to read again with accents.
MOST_WORDS = 8

_SIGNS = re.compile(r'["“”„«»:*(){}\[\]\\^~]|(?<!\S)[+-]\S')


def other_spelling(text: str, found: int, vocabulary: Vocabulary) -> str:
    """The query as it was probably meant, where that is worth asking; else empty.

    Typing slips are mended where a word is in no dataset or few are found; then accents are
    restored, too. With many results that is done only for a query without any accents, of which
    the catalogue has one clear reading.
    """
    words = [] if _SIGNS.search(text) else words_of(text)
    if not 0 < len(words) <= MOST_WORDS:
        return ""
    typed = [word.lower() for word in words]
    restored = vocabulary.with_accents(words)
    slipped = not all(map(vocabulary.known, typed))
    if found > FEW and not slipped:
        unaccented = typed == [fold(word) for word in words]
        meant = restored if unaccented and _clear(typed, restored, vocabulary) else typed
    else:
        meant = vocabulary.corrections(words) or restored
    return " ".join(meant) if meant != typed and _said(meant, vocabulary) else ""


def _said(words: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Whether the catalogue says any of it: a word alone, two of several side by side.

    Syllables that never stand together are no spelling, just the most frequent ones each.
    """
    if len(words) == 1:
        return vocabulary.known(words[0])
    return any(vocabulary.pair(left, right) for left, right in pairwise(words))


def _clear(typed: Sequence[str], restored: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Whether the catalogue nearly always means the restored words by those typed."""
    if len(typed) == 1:
        forms = [vocabulary.counts.get(form, 0) for form in vocabulary.forms(typed[0])]
        counted = vocabulary.counts.get(restored[0], 0)
        return bool(forms) and counted >= CLEAR * sum(forms)
    pairs = zip(pairwise(typed), pairwise(restored), strict=True)
    return all(
        vocabulary.counts.get(" ".join(meant), 0) >= CLEAR * max(_written(plain, vocabulary), 1)
        for plain, meant in pairs
    )


def _written(pair: Sequence[str], vocabulary: Vocabulary) -> int:
    """How often the catalogue writes two syllables side by side, with any accents."""
    left, right = (vocabulary.forms(syllable) for syllable in pair)
    return sum(vocabulary.counts.get(f"{a} {b}", 0) for a in left for b in right)
