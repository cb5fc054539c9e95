"""What the catalogues of maps and sensors have in common, in the portal's words. Pure.

Each value is brought into the form of the portal's field or left out, with a note where a reader
misses it. Places and periods, offices, and links have modules of their own, gathered here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import schemas
from harvesters.sources._geo_links import Link, format_of, public, resources
from harvesters.sources._geo_offices import contact, is_office, is_person
from harvesters.sources._geo_places import box, box_of, day, period, place

__all__ = [
    "FREQUENCIES",
    "Link",
    "box",
    "box_of",
    "contact",
    "day",
    "filled",
    "format_of",
    "is_office",
    "is_person",
    "language",
    "licence_of",
    "period",
    "place",
    "public",
    "resources",
    "tags",
    "themes",
    "with_rights",
]

#: ISO 19115 topic categories that are one of the province's themes; the others say too little.
TOPIC_THEMES: Mapping[str, str] = {
    "farming": "08",
    "boundaries": "01",
    "planningCadastre": "01",
    "transportation": "12",
    "health": "16",
    "environment": "20",
}
#: MD_MaintenanceFrequencyCode -> our frequency codes.
FREQUENCIES: Mapping[str, str] = {
    "continual": "CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "fortnightly": "BIWEEKLY",
    "semimonthly": "MONTHLY_2",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "biannually": "ANNUAL_2",
    "annually": "ANNUAL",
    "biennially": "BIENNIAL",
    "asneeded": "IRREG",
    "irregular": "IRREG",
    "notplanned": "NEVER",
}
_CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/(licenses/(by|by-sa|by-nc)/(\d\.\d)|publicdomain/zero)", re.IGNORECASE
)
_LICENCE_WORDS = (
    (re.compile(r"\bcc0\b|public domain dedication", re.I), "CC0-1.0"),
    (re.compile(r"\bcc[- ]by[- ]sa[- ]4", re.I), "CC-BY-SA-4.0"),
    (re.compile(r"\bcc[- ]by[- ]4", re.I), "CC-BY-4.0"),
    (re.compile(r"creative commons attribution 4", re.I), "CC-BY-4.0"),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence", re.I), "uk-ogl"),
    (re.compile(r"\bodbl\b|open data(?:base)? commons open database", re.I), "odc-odbl"),
    (re.compile(r"licence[ -]ouverte|open[ -]licence|govdata\.de/dl-de/by", re.I), "other-at"),
)
_RIGHTS_LENGTH = 2000
_TAGS = 60


def licence_of(texts: Iterable[str]) -> str:
    """The code of the licence that one of the texts names or links to; "" if none is known."""
    for text in texts:
        item = schemas.codelist("licence").find(text)
        if item is not None:
            return item.ma
        linked = _CREATIVE_COMMONS.search(text)
        if linked:
            return _creative_commons(linked[2], linked[3])
        known = next((code for pattern, code in _LICENCE_WORDS if pattern.search(text)), "")
        if known:
            return known
    return ""


def _creative_commons(kind: str | None, version: str | None) -> str:
    if kind is None:
        return "CC0-1.0"
    plain = {"by": "cc-by", "by-sa": "cc-by-sa", "by-nc": "cc-nc"}[kind.lower()]
    return f"CC-{kind.upper()}-4.0" if version == "4.0" and kind.lower() != "by-nc" else plain


def with_rights(notes: str, texts: Iterable[str]) -> str:
    """The description with the source's words on use and access below it; the portal has no field
    for them, and they bind whoever uses the data."""
    said = " ".join(dict.fromkeys(text for text in texts if len(text) > 3))[:_RIGHTS_LENGTH]
    parts = [notes, f"Điều kiện sử dụng (theo nguồn): {said}" if said else ""]
    return "\n\n".join(part for part in parts if part)


def tags(words: Iterable[str]) -> list[str]:
    """Keywords, each once, of a path (``EARTH SCIENCE > OCEANS``) its last word; at most 60."""
    plain = (" ".join(word.rpartition(">")[2].split()) for word in words)
    return [word for word in dict.fromkeys(plain) if word and not word.startswith("http")][:_TAGS]


def themes(topics: Iterable[str]) -> list[str]:
    """The themes of topic categories that clearly are one."""
    return list(dict.fromkeys(TOPIC_THEMES[t] for t in topics if t in TOPIC_THEMES))


def language(value: str) -> str:
    """The code of a language: “vie”, “eng; USA”, a URI; "" for one the portal has not."""
    for word in (value, value.partition(";")[0].strip(), value.rstrip("/").rpartition("/")[2]):
        item = schemas.codelist("language").find(word) if word else None
        if item is not None:
            return item.ma
    return ""


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}
