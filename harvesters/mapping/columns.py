"""What a resource says of its table's columns, with the values of those that have a short list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harvesters.model import Column, RecordResource, Table
from schemas.place_names import places_in, words_of
from schemas.text import fold, nfc

#: A column with more values, or a longer one, is no list to choose from.
MOST_VALUES = 200
LONGEST_VALUE = 80
#: Characters of all lists of one table; a column whose list goes beyond has none.
MOST_CHARACTERS = 20_000

_FRICTIONLESS = {"timestamp": "datetime", "text": "string"}
#: Headings of columns that name people: what is published in a table is not repeated elsewhere.
_PEOPLE = re.compile(
    r"\b(ho ten|ho va ten|ho dem|ten goi|ong|ba|chu ho|chu co so|chu trang trai|chu trai|chu tau"
    r"|chu doanh nghiep|dai dien|giam doc|hieu truong|lanh dao|nguoi|can bo|cong chuc|vien chuc"
    r"|nhan vien|bac si|giao vien|hoc sinh|sinh vien|benh nhan|name of (the )?(person|owner)"
    r"|full name|owner|person|contact|lien he|email|thu dien tu|dien thoai|phone)\b"
)
#: Numbers of people, accounts and telephones, whatever stands between their digits; addresses.
_PERSONAL = re.compile(r"\d(?:[ .\-/]?\d){5}|@")


def table_schema(resource: RecordResource) -> dict[str, Any]:
    """The columns of a resource's table as a Frictionless Table Schema.

    `categories` are the values of a dimension's column that has few and short ones, in the order
    of the table, so that the search finds them.
    """
    table = resource.table
    lists = dict(_lists(table)) if table else {}
    described = []
    for column in table.columns if table else ():
        entry = {
            "name": column.name,
            "type": _FRICTIONLESS.get(column.type, column.type),
            "title": column.title,
            "title_en": column.title_en,
            "description": column.description,
            "unit": column.unit,
            "role": column.role,
            "categories": lists.get(column.name),
        }
        described.append({k: v for k, v in entry.items() if v})
    return {"fields": described}


def _lists(table: Table) -> Iterator[tuple[str, list[str]]]:
    left = MOST_CHARACTERS
    for place, column in enumerate(table.columns):
        if column.role != "dimension" or column.type != "text" or _names_people(column):
            continue
        values = _distinct(table, place)
        length = sum(map(len, values))
        if values and length <= left and not _are_places(values):
            left -= length
            yield column.name, values


def _names_people(column: Column) -> bool:
    heading = f"{column.title} {column.title_en} {column.name.replace('_', ' ')}"
    return bool(_PEOPLE.search(fold(heading)))


def _distinct(table: Table, place: int) -> list[str]:
    """The column's values, each once; none where they are many, long, personal or say nothing."""
    found: dict[str, None] = {}
    for row in table.rows:
        value = row[place]
        if value is None or value in found:
            continue
        text = nfc(str(value)).strip()
        if len(found) == MOST_VALUES or len(text) > LONGEST_VALUE or _PERSONAL.search(text):
            return []
        if any(char.isalpha() for char in text):
            found[text] = None
    return list(found)


def _are_places(values: list[str]) -> bool:
    """Whether most are names of units: `spatial_coverage` says where, with old and new names."""
    return sum(map(_is_place, values)) > len(values) / 2


def _is_place(value: str) -> bool:
    return any(place.end - place.start == len(words_of(value)) for place in places_in(value))
