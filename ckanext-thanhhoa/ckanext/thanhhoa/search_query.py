"""What Solr is asked of a reading: one edismax query, pure text.

    +(what at least one must match) +(places that fit) all that counts for the order

`exact`, `folded`, `english` and `heading` stand for many fields each; which and with what weights
is said in ``docker/solr/conf/solrconfig.xml``. A Vietnamese word has several syllables, so what
must match are pairs of neighbours, known terms and single syllables that belong to no pair, the
rarest first, until they make up `MOST_FOUND` of the catalogue: "hộ nghèo" is asked for, not every
"hộ". The rest only counts for the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ckanext.thanhhoa.search_places import NOWHERE
from ckanext.thanhhoa.search_reading import Reading, is_accented
from ckanext.thanhhoa.search_vocabulary import Vocabulary, other_spelling, word_key

from schemas.admin_units import PROVINCE
from schemas.place_names import PlaceFound, places_in, today
from schemas.text import fold

#: What may match, as a share of the catalogue and, in a small one, as a number of datasets.
MOST_FOUND = 0.08
FEWEST_FOUND = 12
#: Other names of a known term that are asked for, the first ones.
MOST_OTHERS = 5
MOST_PLACES = 40


@dataclass(frozen=True)
class Weights:
    """What each kind of evidence counts for in the order of results."""

    word: float = 1.0
    word_folded: float = 0.35
    pair: float = 2.2
    pair_folded: float = 0.7
    meant: float = 0.8
    term: float = 2.0
    #: Of a known term of several words, each word and pair inside it: it is one word.
    inside: float = 0.5
    other: float = 4.0
    heading: float = 1.0
    #: For each word of the topic that a dataset has in any form or by another name: a constant.
    covered: float = 80.0
    quoted: float = 4.0
    year: float = 1.0
    name: float = 1.0
    province: float = 0.3
    #: Factors of the whole score.
    of_the_place: float = 3.0
    of_a_place_alike: float = 1.5
    of_the_year: float = 1.6
    of_the_province: float = 1.25


WEIGHTS = Weights()
Phrase = tuple[str, ...]


def solr_query(reading: Reading, vocabulary: Vocabulary, weights: Weights = WEIGHTS) -> str:
    """The query in edismax syntax; without local parameters."""
    parts = [f"+({' '.join(alternatives)})^=0" for alternatives in _musts(reading, vocabulary)]
    parts += [f"+({_any_form(words)})" for words in reading.required]
    parts += [f"-({_exclusion(words)})" for words in reading.excluded]
    if not reading.typed:
        return " ".join(["*:*", *parts])
    parts += _word_clauses(reading, weights)
    parts += _term_clauses(reading, weights)
    parts += _coverage(reading, weights)
    parts += [f"({_any_form(words)})^{weights.quoted}" for words in reading.phrases]
    parts += [f"folded:{year}^{weights.year}" for year in reading.years]
    for place in reading.places:
        weight = weights.province if place.is_province else weights.name
        name = _name(place)
        forms = f"{_any_form(name)} folded:{_quoted(_fold(name))}^0.5 where:{_quoted(name)}"
        parts.append(f"({forms})^{weight}")
    return " ".join(parts)


def solr_boost(reading: Reading, weights: Weights = WEIGHTS) -> str:
    """A function that the score is multiplied by: what is of the place and the year comes first.

    Where no place is named, what is of the whole province comes a little before the communes.
    """
    factors = [_factor("year", [year], weights.of_the_year, "1") for year in reading.years[:3]]
    places = [place for place in reading.places if not place.is_province]
    for place in places[:3]:
        meant = _codes(place.units if place.is_old else [u for u in place.units if u.end is None])
        alike = [code for code in _codes(_alike(place)) if code not in meant]
        less = _factor("area", alike, weights.of_a_place_alike, "1") if alike else "1"
        factors.append(_factor("area", meant, weights.of_the_place, less))
    if not places:
        factors.append(_factor("area", [PROVINCE, NOWHERE], weights.of_the_province, "1"))
    return f"product({','.join(factors)},1)"


def _factor(field: str, values: Sequence[str], factor: float, otherwise: str) -> str:
    held = [f"termfreq({field},{value})" for value in values]
    test = held[0] if len(held) == 1 else f"or({','.join(held)})"
    return f"if({test},{factor},{otherwise})"


def _musts(reading: Reading, vocabulary: Vocabulary) -> Iterator[list[str]]:
    for words in reading.phrases:
        yield [_any_form(words)]
    evidence = list(_evidence(reading, vocabulary))
    evidence += [f'folded:"{code}"' for code in reading.codes]
    if evidence and not reading.phrases:
        yield evidence
    places = [place for place in reading.places if not place.is_province]
    if places:
        alone = not evidence and not reading.phrases
        yield list(_fitting(places, alone=alone))
    elif reading.typed and not evidence and not reading.phrases:
        yield [_any_form((word,)) for word in reading.typed]


def _evidence(reading: Reading, vocabulary: Vocabulary) -> Iterator[str]:
    """What must match: the rarest first, as long as the sum stays within the share."""
    most = max(FEWEST_FOUND, MOST_FOUND * vocabulary.size)
    total = 0.0
    for count, clause in sorted(_candidates(reading, vocabulary), key=lambda found: found[0]):
        if total and total + count > most:
            return
        total += count
        yield clause


def _candidates(reading: Reading, vocabulary: Vocabulary) -> Iterator[tuple[int, str]]:
    phrases: dict[Phrase, None] = {}
    for run in reading.runs():
        paired: set[int] = set()
        for left, right in pairwise(run):
            for words in (reading.typed, reading.meant):
                pair = (words[left], words[right])
                # A pair too rare for the vocabulary costs nothing to ask for.
                phrases[pair] = None
                if vocabulary.pair(*pair):
                    paired |= {left, right}
        phrases.update(
            ((word,), None)
            for at in run
            if at not in paired
            for word in (reading.typed[at], reading.meant[at])
        )
    for known in reading.known:
        phrases.update(dict.fromkeys(known.others[:MOST_OTHERS]))
        if known.end - known.start > 1:
            phrases[reading.meant[known.start : known.end]] = None
    for phrase in phrases:
        yield _count(phrase, vocabulary), _held(phrase)


def _count(phrase: Phrase, vocabulary: Vocabulary) -> int:
    """In how many datasets a phrase may be, by the vocabulary."""
    if len(phrase) == 1:
        return vocabulary.count(phrase[0])
    return min(vocabulary.pair(left, right) for left, right in pairwise(phrase))


def _held(phrase: Phrase) -> str:
    """Datasets that have the phrase's pairs, accents as typed: look-ups of single terms."""
    if len(phrase) == 1 and phrase[0].isascii():
        return f"word_fold:{word_key(phrase[0])} english:{phrase[0]}"
    pairs = [phrase] if len(phrase) == 1 else list(pairwise(phrase))
    held = [_word(pair) for pair in pairs]
    return held[0] if len(held) == 1 else f"({' '.join(f'+{word}' for word in held)})"


def _word(pair: Phrase) -> str:
    words = " ".join(pair)
    if not any(is_accented(word) for word in pair):
        return f'word_fold:"{word_key(words)}"'
    spellings = dict.fromkeys((words, other_spelling(words)))
    quoted = " ".join(f'"{spelling}"' for spelling in spellings)
    return f"word:({quoted})"


def _any_form(phrase: Phrase) -> str:
    """The phrase with its accents where it has any, else in every form; and as English."""
    text = _quoted(phrase)
    if any(is_accented(word) for word in phrase):
        return f"exact:{text}"
    return f"folded:{text} english:{text}"


def _exclusion(phrase: Phrase) -> str:
    accented = any(is_accented(word) for word in phrase)
    return f"{'exact' if accented else 'folded'}:{_quoted(phrase)}"


def _word_clauses(reading: Reading, weights: Weights) -> Iterator[str]:
    for run in reading.runs():
        for at in run:
            part = weights.inside if _inside(reading, at, at) else 1.0
            yield from _forms(reading, (at,), weights.word * part, weights.word_folded * part)
        for pair in pairwise(run):
            part = weights.inside if _inside(reading, *pair) else 1.0
            yield from _forms(reading, pair, weights.pair * part, weights.pair_folded * part)
        if len(run) > 2:
            text = _quoted([reading.meant[at] for at in run])
            yield f"heading:{text}~3^{weights.heading}"


def _inside(reading: Reading, first: int, last: int) -> bool:
    """Whether the words are but a part of a known term of three or more."""
    return any(
        known.start <= first and last < known.end and known.end - known.start > 2
        for known in reading.known
        if known.others
    )


def _forms(
    reading: Reading, positions: Sequence[int], exact: float, folded: float
) -> Iterator[str]:
    """One or two words as typed, as meant, and without accents."""
    typed = tuple(reading.typed[at] for at in positions)
    meant = tuple(reading.meant[at] for at in positions)
    if any(is_accented(word) for word in typed):
        yield f"exact:{_quoted(typed)}^{exact}"
    if meant != typed:
        yield f"exact:{_quoted(meant)}^{exact * WEIGHTS.meant:.3g}"
    elif all(word.isascii() for word in typed):
        yield f"english:{_quoted(typed)}^{exact}"
    for form in dict.fromkeys((_fold(typed), _fold(meant))):
        if len(form) == len(positions):
            yield f"folded:{_quoted(form)}^{folded}"


def _term_clauses(reading: Reading, weights: Weights) -> Iterator[str]:
    for known in reading.known:
        if known.end - known.start > 2:
            term = reading.meant[known.start : known.end]
            yield f"({_any_form(term)})^{weights.term}"
        for other in known.others[:MOST_OTHERS]:
            yield f"({_any_form(other)})^{weights.other * min(1.0, 2 / len(other)):.3g}"


def _coverage(reading: Reading, weights: Weights) -> Iterator[str]:
    if len(reading.topic) > 1:
        for at in reading.topic:
            forms = {(reading.typed[at],): None, (reading.meant[at],): None}
            for known in reading.known:
                if known.start <= at < known.end:
                    forms.update(dict.fromkeys(known.others[:MOST_OTHERS]))
            yield f"({' '.join(_held(form) for form in forms)})^={weights.covered}"


def _fitting(places: Iterable[PlaceFound], *, alone: bool) -> Iterator[str]:
    """What may concern the places; beside a topic also what is of the province or of none."""
    for place in places:
        yield f"area:({' '.join(_codes(_alike(place)))})"
        yield _any_form(_name(place))
        yield f"where:{_quoted(_name(place))}"
    if not alone:
        yield f"area:({PROVINCE} {NOWHERE})"


def _name(place: PlaceFound) -> Phrase:
    return tuple(place.name.lower().split())


def _alike(place: PlaceFound) -> list:
    """All units of that name whatever its accents, those meant first."""
    near = [unit for found in places_in(f"{place.kind} {fold(place.name)}") for unit in found.units]
    return list(dict.fromkeys([*place.units, *near]))


def _codes(units: Iterable) -> list[str]:
    return list(dict.fromkeys(now.code for unit in units for now in today(unit)))[:MOST_PLACES]


def _fold(phrase: Phrase) -> Phrase:
    """Without accents; a word that is nothing but a mark is left out."""
    return tuple(folded for word in phrase if (folded := fold(word)))


def _quoted(phrase: Sequence[str]) -> str:
    """The phrase as edismax takes it for words: a fold may be "(1)", or several words."""
    return phrase[0] if len(phrase) == 1 and phrase[0].isalnum() else f'"{" ".join(phrase)}"'
