"""Values of DCAT's vocabularies in the portal's words: codes, dates, periods, addresses. Pure.

Shared by the source types that speak DCAT in one form or another. What a rule of the portal would
refuse comes out empty; `Notes` remembers it where a person could do something about it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from harvesters.errors import Problem
from harvesters.sources import _dcat_codes as codes
from harvesters.sources._geo_offices import contact as office_contact
from harvesters.sources._geo_offices import is_person
from schemas.rules import RuleError, iso_date, phone, web_url
from schemas.rules.coverage import complete_period

EMAIL = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;:]+\.[^@\s<>,;:]+")
_IANA = re.compile(r"^https?://www\.iana\.org/assignments/media-types/", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_SIZE = re.compile(r"(\d{1,15})(?:\.0*)?")
_HASHES = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_HEX = re.compile(r"[0-9a-fA-F]+")


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
            return media_type(plain) or codes.last_segment(plain)[:100]
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
    *,
    individual: bool = False,
    organisation: str = "",
) -> dict[str, str]:
    """A row of `contact`; {} when it names nobody and no way to reach them.

    Of a person (`individual`, or a name that is evidently one) nothing is taken over but the
    organisation, and the mailbox where it is an office's.
    """
    if individual or is_person(name):
        return office_contact(organisation, unquote(email), name)
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


def office(agent: Mapping[str, str]) -> dict[str, str]:
    """The row of a publisher: `name`, `email`, `url`, `uri`."""
    given = {key: agent.get(key, "") for key in ("name", "email", "url", "uri")}
    return contact(given["name"], given["email"], url=given["url"], uri=given["uri"])


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
