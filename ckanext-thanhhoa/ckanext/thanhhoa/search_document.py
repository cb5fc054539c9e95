"""Shaping of the Solr document: a dataset as CKAN would index it, made findable and harmless.

`shape_document` is pure and called from ``before_dataset_index``. It reads metadata only, never a
table or a file, so that what is in Solr is what the dataset's page shows to everybody. Field
names and what Solr makes of them: ``docker/solr/conf/schema.xml``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, TypeGuard

from ckanext.thanhhoa.search_places import areas_named, places_of
from ckanext.thanhhoa.search_vocabulary import word_key, words_of_document

from schemas import codelist
from schemas.text import nfc

#: Solr refuses a document with a longer term (32,766 bytes, up to 4 per character).
LONGEST_VALUE = 8_000
#: Column titles taken from one dataset; a table may have thousands.
MOST_COLUMNS = 500
#: Characters of the notes whose words can be asked for by pairs.
LONGEST_NOTES = 3_000
#: Listed values taken from one column: a harvest lists no more.
MOST_VALUES = 200
#: A reporting period of more years than this is taken for a typing slip.
MOST_YEARS = 150

#: Fields of a dataset that hold several codes, and are facets.
_CODES = ("theme", "language", "indicator", "applicable_legislation")
#: Fields of a dataset that hold one code, and are facets; an empty one is no value to choose.
_CODE = ("frequency", "access_rights")
#: Whole dataset as JSON: stored, not searched, to be handed out unchanged.
_STORED = ("data_dict", "validated_data_dict")
#: CKAN gives these as lists; any other list would be refused by Solr.
_LISTS = (
    "tags", "groups", "res_name", "res_description", "res_format", "res_url", "res_type",
    "permission_labels", "depends_on", "dependency_of", "derives_from", "has_derivation",
    "links_to", "linked_from", "child_of", "parent_of",
)  # fmt: skip
_LIST_PREFIXES = ("vocab_", "res_extras_")
#: Searched as text, of any length.
_LONG = (
    "title", "notes", "author", "maintainer", "res_name", "res_description",
)  # fmt: skip
#: Fields of the schema that only this module may fill, whatever a harvested extra is called.
_OURS = (
    "year", "place", "title_order", "issued", "modified", "title_vi", "title_en", "tags_vi",
    "tags_fold", "notes_vi", "notes_en", "organization_vi", "organization_fold", "theme_vi",
    "theme_fold", "place_vi", "place_fold", "related_place_vi", "related_place_fold",
    "column_vi", "column_fold", "title_begin", "title_begin_vi", "text", "text_vi",
    "text_en", "word", "word_fold", "area", "_version_",
    "_childDocuments_",
)  # fmt: skip
#: Counts of CKAN's statistics; any other value under such a name would be refused by Solr.
_NUMBERS = (
    "views_total", "views_recent", "resources_accessed_total", "resources_accessed_recent",
)  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,9}")
_YEAR = re.compile(r"(?:19|20)\d\d")


def shape_document(
    document: Mapping[str, Any], dataset: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The Solr document of a dataset, from the one that CKAN made.

    `dataset` is the dataset as ``package_show`` gives it; without it, it is read from the
    document's ``validated_data_dict``. Structured fields (contact, coverage) leave the document,
    which can only hold plain values; what is worth finding of them comes back as text, facets and
    dates. A value that cannot be indexed is left out, never the dataset.
    """
    if dataset is None:
        dataset = json.loads(document.get("validated_data_dict") or "{}")
    ours = {**_facets(dataset), **_texts(dataset), **_dates(dataset)}
    if isinstance(title := document.get("title"), str):
        ours["title_order"] = alphabet_key(title)
    ours["word"] = words_of_document(_worth_asking_for(document, ours))
    ours["word_fold"] = list(dict.fromkeys(word_key(word) for word in ours["word"]))
    ours = {key: value for key, value in ours.items() if value not in (None, "", [])}
    return {**dict(_plain(document, dataset)), **ours}


def alphabet_key(title: str) -> str:
    """A key that sorts titles by the Vietnamese alphabet: a ă â b c d đ e ê …, then by tone.

    >>> sorted(["Đất", "Dân", "Ân", "Ăn", "An"], key=alphabet_key)
    ['An', 'Ăn', 'Ân', 'Dân', 'Đất']
    """
    letters, tones = [], []
    for char in unicodedata.normalize("NFD", nfc(title).lower().replace("đ", "d\u0335")):
        if char in _TONE_ORDER:
            tones.append(f"{len(letters):03x}{_TONE_ORDER.index(char)}")
        elif unicodedata.combining(char):
            letters.append(_HATS.get(char, ""))
        elif char.isalnum():
            letters.append(char)
        elif letters and letters[-1] != " ":
            letters.append(" ")
    return ("".join(letters).strip() + "\t" + "".join(tones))[:LONGEST_VALUE]


_TONE_ORDER = "\u0300\u0309\u0303\u0301\u0323"
# After every letter: "a" + "{" sorts between "az" and "b". Breve, circumflex, horn, stroke.
_HATS = {"\u0306": "{", "\u0302": "|", "\u031b": "}", "\u0335": "{"}


def _plain(document: Mapping[str, Any], dataset: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What of CKAN's document Solr can hold, composed, one value per single-valued field."""
    structured = {key for key, value in dataset.items() if _is_structured(value)}
    for key, value in document.items():
        kind, reading = _kind(key)
        if kind == "stored":
            yield key, value
        elif kind == "list":
            yield key, [reading(item) for item in _as_list(value)]
        elif kind == "value":
            yield key, reading(value)
        elif kind == "text":
            if key.removeprefix("extras_") in structured and not _is_word(value):
                continue
            if not _is_structured(value) and (value or key not in _CODE):
                yield key, reading(value)


@lru_cache(1_000)
def _kind(key: str) -> tuple[str, Callable[[Any], Any]]:
    """What CKAN's field of that name holds, and how one value of it is read."""
    if key in _STORED:
        return "stored", str
    if key in _OURS or key in _CODES:
        return "ours", str
    if key in _NUMBERS:
        return "value", _number
    if key.endswith("_date") and not key.startswith("extras_"):
        return "value", _moment
    searched = key in _LONG or key.startswith(("extras_", "res_extras_"))
    several = key in _LISTS or key.startswith(_LIST_PREFIXES)
    return "list" if several else "text", partial(_text, None if searched else LONGEST_VALUE)


def _number(value: Any) -> int | None:
    return int(value) if _NUMBER.fullmatch(str(value)) else None


def _is_structured(value: Any) -> bool:
    """Whether a value is a record or a list of records, as repeating subfields are."""
    if isinstance(value, list):
        return any(isinstance(item, (dict, list)) for item in value)
    return isinstance(value, dict)


def _is_word(value: Any) -> bool:
    """A plain value, not a record written as JSON."""
    return isinstance(value, str) and not value.startswith(("[", "{"))


def _text(longest: int | None, value: Any) -> Any:
    if isinstance(value, list):
        value = " ".join(str(item) for item in value)
    return nfc(value)[:longest] if isinstance(value, str) else value


def _facets(dataset: Mapping[str, Any]) -> dict[str, Any]:
    places = places_of(_records(dataset.get("spatial_coverage")))
    organization = dataset.get("organization") or {}
    return {
        **{field: _words(dataset.get(field)) for field in _CODES},
        "year": sorted(_years(dataset)),
        "place": places.codes,
        "area": places.codes or areas_named(dataset.get("title"), organization.get("title")),
        "place_vi": places.names,
        "related_place_vi": places.related,
    }


def _texts(dataset: Mapping[str, Any]) -> dict[str, Any]:
    organization = dataset.get("organization") or {}
    references = [*_labels("legal_basis", dataset.get("applicable_legislation"))]
    references += _words([dataset.get("identifier"), dataset.get("version")])
    years = sorted(_years(dataset))
    return {
        "title_en": _words(dataset.get("title_en")),
        "notes_en": _words(dataset.get("notes_en")),
        "organization_vi": _words([organization.get("title"), organization.get("title_en")]),
        "theme_vi": list(_labels("theme", dataset.get("theme"))),
        "column_vi": [*_labels("indicator", dataset.get("indicator")), *_columns(dataset)],
        "text": [*references, *years],
        "text_vi": [*references, *years],
    }


def _worth_asking_for(document: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    """The texts whose words people look for; of long notes only the beginning."""
    yield from _words([document.get("title"), str(document.get("notes") or "")[:LONGEST_NOTES]])
    yield from _words(document.get("tags"))
    yield from _words(document.get("res_name"))
    for field in ("title_en", "organization_vi", "theme_vi", "place_vi", "column_vi"):
        yield from _words(ours.get(field))


def _dates(dataset: Mapping[str, Any]) -> dict[str, Any]:
    return {field: _moment(dataset.get(field)) for field in ("issued", "modified")}


def _moment(value: Any) -> str | None:
    """A date of the source, also ``2024`` or ``2024-05``, as Solr wants it; None if it is none."""
    text = value.strip() if isinstance(value, str) else ""
    text += {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        moment = datetime.fromisoformat(text)
        utc = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return f"{utc:%Y-%m-%dT%H:%M:%S}Z" if utc.year >= 1000 else None


def _years(dataset: Mapping[str, Any]) -> set[str]:
    """Every year that the dataset's reporting periods touch."""
    years: set[str] = set()
    for period in _records(dataset.get("temporal_coverage")):
        start = _YEAR.match(str(period.get("start") or period.get("start_period") or ""))
        end = _YEAR.match(str(period.get("end") or period.get("end_period") or ""))
        first, last = start or end, end or start
        if first and last and 0 <= int(last[0]) - int(first[0]) < MOST_YEARS:
            years.update(str(year) for year in range(int(first[0]), int(last[0]) + 1))
    for resource in _records(dataset.get("resources")):
        if found := _YEAR.match(str(resource.get("period") or "")):
            years.add(found[0])
    return years


def _columns(dataset: Mapping[str, Any]) -> list[str]:
    """Titles of the tables' columns and the values they may have, from each Table Schema, once."""
    titles: dict[str, None] = {}
    for resource in _records(dataset.get("resources")):
        schema = _json(resource.get("table_schema"))
        fields = schema.get("fields") if isinstance(schema, dict) else None
        for column in _records(fields):
            title = column.get("title") or column.get("name")
            titles.update(
                (nfc(word), None)
                for word in (title, column.get("title_en"), *listed_values(column))
                if _is_said(word)
            )
    return list(titles)[:MOST_COLUMNS]


def listed_values(column: Mapping[str, Any]) -> list[Any]:
    """The values a column may have, where its schema lists them; labels rather than codes."""
    constraints = column.get("constraints")
    listed = constraints.get("enum") if isinstance(constraints, Mapping) else None
    categories = [
        item.get("label") or item.get("value") if isinstance(item, Mapping) else item
        for item in _as_list(column.get("categories"))
    ]
    return [*_as_list(listed), *categories][:MOST_VALUES]


def _is_said(word: Any) -> TypeGuard[str]:
    return isinstance(word, str) and bool(word.strip())


def _labels(name: str, codes: Any) -> Iterator[str]:
    """The names, in both languages, of the codes; a code that the list does not know is skipped."""
    for code in _words(codes):
        item = codelist(name).get(code)
        if item is not None:
            yield from dict.fromkeys(label for label in (item.ten, item.ten_en) if label)


def _words(value: Any) -> list[str]:
    """The texts of a field that holds one, several, or several as JSON."""
    value = _json(value) if isinstance(value, str) and value.startswith("[") else value
    return [nfc(item) for item in _as_list(value) if isinstance(item, str) and item.strip()]


def _records(value: Any) -> Iterable[Mapping[str, Any]]:
    """The records of a repeating field, also when it comes as JSON."""
    value = _json(value) if isinstance(value, str) else value
    return [item for item in _as_list(value) if isinstance(item, Mapping)]


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple, set)) else [value]
