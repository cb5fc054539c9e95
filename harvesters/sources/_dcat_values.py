"""Values of DCAT's vocabularies in the portal's words: codes, dates, periods, addresses. Pure.

Shared by the source types that speak DCAT in one form or another. What a rule of the portal would
refuse comes out empty; `Notes` remembers it where a person could do something about it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import schemas
from harvesters.errors import Problem
from schemas.rules import RuleError, iso_date, phone, web_url
from schemas.rules.coverage import complete_period
from schemas.text import nfc

EMAIL = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;:]+\.[^@\s<>,;:]+")
_DATA_THEME = re.compile(r"data-theme/([A-Z_]+)$")
_IANA = re.compile(r"^https?://www\.iana\.org/assignments/media-types/", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIZE = re.compile(r"(\d{1,15})(?:\.0*)?")
_HASHES = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_HEX = re.compile(r"[0-9a-fA-F]+")
#: Words for frequencies beside those of our codelist: Dublin Core, INSPIRE and ISO 19115, udata.
_FREQUENCIES = {
    "continual": "CONT",
    "continuous": "CONT",
    "update_cont": "CONT",
    "fortnightly": "BIWEEKLY",
    "semimonthly": "MONTHLY_2",
    "biannually": "ANNUAL_2",
    "semiannual": "ANNUAL_2",
    "annually": "ANNUAL",
    "biennial": "BIENNIAL",
    "as needed": "IRREG",
    "as_needed": "IRREG",
    "not planned": "NEVER",
    "not_planned": "NEVER",
    "unknown": "UNKNOWN",
    "1min": "CONT",
    "5min": "CONT",
    "10min": "CONT",
    "15min": "CONT",
    "30min": "CONT",
    "r/pt1s": "CONT",
    "r/p0.33m": "OTHER",
    "r/p0.33w": "OTHER",
    "r/p3.5d": "OTHER",
    "r/p4m": "OTHER",
}


@dataclass
class Notes:
    """What was left out of one record, and where it was read."""

    where: str
    found: list[Problem] = field(default_factory=list)

    def link(self, name: str, value: str) -> None:
        """A file whose address is empty or not valid."""
        params = {"field": name, "value": value[:200]}
        self.found.append(Problem("link_left_out", self.where, None, params))

    def refused(self, name: str, value: str, error: RuleError) -> None:
        """A value that a rule of the portal refuses."""
        params = {
            "field": name,
            "value": value[:80],
            "detail": error.message("vi"),
            "detail_en": error.message("en"),
        }
        self.found.append(Problem("bad_value", self.where, None, params))


def checked(rule: Callable[[str], str], text: str) -> str:
    """The text in its normal form; "" when the rule refuses it."""
    try:
        return rule(text) if text.strip() else ""
    except RuleError:
        return ""


def link(rule: Callable[[str], str], address: str) -> str:
    """An address in its normal form, a blank within it escaped; "" for none or for two in one."""
    plain = address.strip()
    if not plain or (plain.count("://") > 1 and any(c.isspace() for c in plain)):
        return ""
    return checked(rule, re.sub(r"\s", "%20", plain))


def a_date(text: str, name: str, notes: Notes) -> str:
    """A day (a month, a year) without the time; "" and a note for what is none."""
    plain = text.strip()
    if not plain:
        return ""
    try:
        return iso_date(_ZONE_OF_A_DAY.sub("", plain))[:10]
    except RuleError as error:
        notes.refused(name, plain, error)
        return ""


_ZONE_OF_A_DAY = re.compile(r"(?<=^\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})$")


def periods(pairs: Iterable[tuple[str, str]], notes: Notes) -> list[dict[str, str]]:
    """Rows of `temporal_coverage` from pairs of first and last day."""
    rows = []
    for first, last in pairs:
        row = {
            "start": a_date(first, "temporal_coverage", notes),
            "end": a_date(last, "temporal_coverage", notes),
        }
        row = {key: value for key, value in row.items() if value}
        try:
            if row and complete_period(row) and row not in rows:
                rows.append(row)
        except RuleError as error:
            notes.refused("temporal_coverage", f"{first} – {last}", error)
    return rows


def interval(text: str) -> tuple[str, str]:
    """The two ends of ``2004-11-03/2005-03-30``; one date is both the first and the last."""
    first, slash, last = (part.strip() for part in text.partition("/"))
    return (first, last.replace("..", "")) if slash else (first, first)


def last_segment(address: str) -> str:
    """The word at the end of an address: ``…/file-type/CSV`` → ``CSV``."""
    return unquote(re.split(r"[/#]", address.rstrip("/#"))[-1])


def frequency(text: str) -> str:
    """A code of our list for an address or a word in a known vocabulary; else the text itself."""
    plain = text.strip()
    items = schemas.codelist("frequency")
    end = last_segment(plain) if "://" in plain else plain
    words = _CAPITAL.sub(" ", end).strip()
    for said in (plain, end, words):
        item = items.find(said)
        if item is not None:
            return item.ma
        if said.lower() in _FREQUENCIES:
            return _FREQUENCIES[said.lower()]
    return plain


def language(text: str) -> str:
    """A code of our list for ``vi``, ``vie``, ``vi-VN`` or an address that ends so; else the text.

    Whatever is no language of ours is left to the mapping, which ignores it.
    """
    plain = text.strip()
    items = schemas.codelist("language")
    for said in (plain, last_segment(plain), last_segment(plain).partition("-")[0]):
        item = items.find(said)
        if item is not None:
            return item.ma
    return plain


def licence(candidates: Sequence[str]) -> str:
    """A code of our list for the first candidate that it knows; else the first as it is."""
    given = [text.strip() for text in candidates if text.strip()]
    return next(filter(None, map(_known_licence, given)), given[0] if given else "")


def _known_licence(text: str) -> str:
    items = schemas.codelist("licence")
    commons = _CREATIVE_COMMONS.search(text)
    said = [text, text.rstrip("/")]
    if commons:
        kind, name, version = commons.groups()
        said.append(f"CC0-{version}" if kind == "publicdomain" else f"CC-{name}-{version}")
    elif "://" in text:
        said.append(last_segment(text))
    found = (items.get(one) or items.find(one) for one in said)
    return next((item.ma for item in found if item is not None), "")


def access(text: str) -> str:
    """A class of ours for an EU access right, COAR's words or data.json's levels; else the text."""
    plain = text.strip()
    item = schemas.codelist("access_class").find(plain)
    if item is not None:
        return item.ma
    word = last_segment(plain).lower().replace("_", "-")
    return {"restricted public": "RESTRICTED", "non-public": "NON_PUBLIC"}.get(word, plain)


def themes(candidates: Iterable[str], keywords: Sequence[str]) -> tuple[list[str], list[str]]:
    """Themes of ours, and the keywords that are no themes.

    An EU data theme is one of ours where only one of ours is related to it. A keyword that is the
    name of one of ours, beside an EU theme related to it, is how this portal writes a theme into
    its own DCAT: it is read back as the theme.
    """
    found: list[str] = []
    european: set[str] = set()
    for text in candidates:
        match = _DATA_THEME.search(text)
        if match is None:
            found.append(text)
            continue
        european.add(match[1])
        ours = _by_european().get(match[1], ())
        found += ours if len(ours) == 1 else []
    words = []
    for keyword in keywords:
        item = next((item for item in schemas.codelist("theme") if item.ten == nfc(keyword)), None)
        if item is not None and european & set(item.extra.get("eu") or ()):
            found.append(item.ma)
        else:
            words.append(keyword)
    return list(dict.fromkeys(found)), words


@cache
def _by_european() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for item in schemas.codelist("theme"):
        for code in item.extra.get("eu") or ():
            found[code] = (*found.get(code, ()), item.ma)
    return found


def media_type(text: str) -> str:
    """``text/csv``, also where IANA's address of it stands; "" for what is none."""
    plain = _IANA.sub("", text.strip()).partition(";")[0].strip()
    return plain.lower() if _MEDIA_TYPE.fullmatch(plain) else ""


def file_format(candidates: Iterable[str]) -> str:
    """The first that names a format: an EU file type, a content type, or a word."""
    for text in candidates:
        plain = text.strip()
        if plain and "://" not in plain:
            return plain[:100]
        if plain:
            return media_type(plain) or last_segment(plain)[:100]
    return ""


def size(text: str) -> int | None:
    """Bytes from ``147253`` or ``147253.0``."""
    match = _SIZE.fullmatch(text.strip())
    return int(match[1]) if match else None


def checksum(value: str) -> dict[str, str]:
    """`hash` and `hash_algorithm`; the algorithm is told by the length, for its names vary."""
    plain = value.strip().rpartition(":")[2].lower()
    algorithm = _HASHES.get(len(plain), "")
    if not algorithm or not _HEX.fullmatch(plain):
        return {}
    return {"hash": plain, "hash_algorithm": algorithm}


def contact(
    name: str = "",
    email: str = "",
    telephone: str = "",
    url: str = "",
    identifier: str = "",
    uri: str = "",
) -> dict[str, str]:
    """A row of `contact`; {} when it names nobody and no way to reach them."""
    address = EMAIL.search(unquote(email))
    row = {
        "name": name.strip(),
        "email": address[0] if address else "",
        "phone": checked(phone, telephone.strip().removeprefix("tel:")),
        "url": link(web_url, url),
        "identifier": identifier.strip(),
        "uri": uri,
    }
    row = {key: value for key, value in row.items() if value}
    return row if set(row) - {"identifier", "uri"} else {}


def resource_id(own: str, url: str, fields: Mapping[str, Any], taken: set[str]) -> str:
    """A name for a file that stays: its own, else made of its address.

    Files of one dataset may share an address (the same table in two formats): then the format and
    the title tell them apart, and only as the last resort their order.
    """
    told = f"{url} {fields.get('format', '')} {fields.get('name', '')}"
    names = (name for name in (own, _digest(url), _digest(told)) if name)
    id_ = next((name for name in names if name not in taken), _digest(told))
    while id_ in taken:
        id_ += "+"
    taken.add(id_)
    return id_


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def dataset_id_by_title(title: str) -> str:
    """What names a dataset for which the source has neither an address nor an identifier."""
    return f"title:{_digest(title)}" if title else ""


def without_title_id(id_: str) -> str:
    """The id, save one that was made of the title: the source has never heard of that."""
    return "" if id_.startswith("title:") else id_


def file_name(address: str) -> str:
    """The last part of an address's path."""
    return unquote(urlsplit(address).path.rstrip("/").rpartition("/")[2])


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}


#: Portal field -> rule (`harvesters.mapping`) for records that carry these fields.
MAPPING: Mapping[str, Any] = {
    "license_id": {"from": "license_id", "unknown": "drop"},
    "frequency": {"from": "frequency", "unknown": "ignore"},
    "theme": {"from": "theme", "unknown": "ignore"},
    "language": {"from": "language", "unknown": "ignore"},
    "access_rights": {"from": "access_rights", "unknown": "ignore"},
    "applicable_legislation": {"from": "applicable_legislation", "unknown": "ignore"},
}
