"""What a query says: its words as typed and as meant, its places, years, phrases and known terms.

Pure: the vocabulary of the catalogue is given. What Solr is asked of it: `search_query`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ckanext.thanhhoa.search_lists import (
    Known,
    function_words,
    is_folded_function,
    known_terms,
)
from ckanext.thanhhoa.search_vocabulary import Vocabulary

from schemas.place_names import PlaceFound, places_in, words_of
from schemas.text import fold

_PHRASE = re.compile(r'([+-]?)"([^"]*)"')
_SIGNED = re.compile(r"(?<!\S)([+-])(\S+)")
#: A code or number that signs hold together: 000.00.00.H56, 12/2024/QH15.
_CODE = re.compile(r"(?<!\S)(?=\S*\d)\w+(?:[./_-]\w+)+(?!\S)")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Reading:
    """A query understood.

    `typed` and `meant` are its words, of equal number, lower case; `meant` has accents restored
    and slips mended. `topic` are the positions of words that say the subject: neither function
    words nor names of places. `required`, `excluded` and `phrases` are what the signs +, - and
    quotes hold, `codes` what must stay whole.
    """

    typed: tuple[str, ...]
    meant: tuple[str, ...]
    topic: tuple[int, ...]
    known: tuple[Known, ...] = ()
    places: tuple[PlaceFound, ...] = ()
    years: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    required: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    codes: tuple[str, ...] = ()

    def runs(self) -> list[tuple[int, ...]]:
        """The topic's words that stand side by side."""
        runs: list[list[int]] = []
        for at in self.topic:
            if runs and runs[-1][-1] == at - 1:
                runs[-1].append(at)
            else:
                runs.append([at])
        return [tuple(run) for run in runs]


def read(text: str, vocabulary: Vocabulary) -> Reading:
    """The reading of free text as `search` cleans it: words, "phrases", +required, -excluded."""
    marked: dict[str, list[tuple[str, ...]]] = {"": [], "+": [], "-": []}

    def keep(sign: str, words: str) -> str:
        found = tuple(word.lower() for word in words_of(words))
        if found:
            marked[sign].append(found)
        return " " if sign == "-" else f" {words} "

    text = _PHRASE.sub(lambda match: keep(match[1], match[2]), text)
    text = _SIGNED.sub(lambda match: keep(match[1], match[2]), text)
    words = words_of(text)
    typed = tuple(word.lower() for word in words)
    meant = _meant(typed, vocabulary)
    places = places_in(text)
    known = known_terms(typed, meant)
    topic = _topic(typed, meant, known, places, vocabulary)
    return Reading(
        typed,
        meant,
        topic,
        tuple(term for term in known if not _within_a_place(term.start, term.end, places)),
        places,
        tuple(dict.fromkeys(word for word in typed if _YEAR.fullmatch(word))),
        tuple(marked[""]),
        tuple(marked["+"]),
        tuple(marked["-"]),
        tuple(_CODE.findall(text)),
    )


def _meant(typed: tuple[str, ...], vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(vocabulary.corrections(typed) or vocabulary.with_accents(typed))


def _topic(
    typed: tuple[str, ...],
    meant: tuple[str, ...],
    known: list[Known],
    places: tuple[PlaceFound, ...],
    vocabulary: Vocabulary,
) -> tuple[int, ...]:
    named = {at for place in places for at in range(place.start, place.end)}
    in_terms = {at for term in known for at in range(term.start, term.end) if term.others}
    left_out = {at for at, word in enumerate(typed) if _YEAR.fullmatch(word)}
    bare = not any(is_accented(word) for word in typed)
    for start, end in function_words(typed):
        several = end - start > 1
        left_out.update(
            at for at in range(start, end) if several or (not bare and at not in in_terms)
        )
        # Without accents "cho" may be a market: the words beside it tell.
    left_out.update(
        at
        for at, word in enumerate(typed)
        if at not in in_terms
        and is_folded_function(word)
        and not _is_in_a_word(at, meant, vocabulary)
    )
    topic = tuple(at for at in range(len(typed)) if at not in named and at not in left_out)
    if topic or any(not place.is_province for place in places):
        return topic
    return tuple(at for at in range(len(typed)) if at not in named) or tuple(range(len(typed)))


def _is_in_a_word(at: int, words: tuple[str, ...], vocabulary: Vocabulary) -> bool:
    """Whether the catalogue knows the word together with its neighbour."""
    return any(
        vocabulary.pair(words[left], words[left + 1])
        for left in (at - 1, at)
        if 0 <= left < len(words) - 1
    )


def _within_a_place(start: int, end: int, places: tuple[PlaceFound, ...]) -> bool:
    return any(place.start <= start and end <= place.end for place in places)


def is_accented(word: str) -> bool:
    """Whether the word has any accent, đ included."""
    return fold(word) != word
