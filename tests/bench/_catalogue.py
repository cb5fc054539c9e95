"""A catalogue of very many datasets, made up from the codelists, and its rows in CKAN's tables.

The rows are those that `package_create` leaves, less the activities, written by COPY: what is
measured here is reading. The same database, copied as a template, is the stock CKAN's.
"""

from __future__ import annotations

import csv
import io
import json
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import schemas
from schemas.admin_units import AdminUnit, units_with_code
from schemas.text import fold
from tests.ckan_source import FORMATS, SUBJECTS

ORGANIZATIONS = 500
AT_ONCE = 5000
FREQUENCIES = ("ANNUAL", "QUARTERLY", "MONTHLY")
_NAMESPACE = uuid.UUID("8f2b1c9e-0d53-4f4e-9a5e-6c1f5a1b7a10")
_FIRST_DAY = datetime(2025, 1, 1, 8)


@dataclass(frozen=True)
class Made:
    """A dataset of the catalogue, as a person would describe it."""

    number: int
    subject: str
    place: AdminUnit
    year: int
    theme: str

    @property
    def id(self) -> str:
        return _id("dataset", self.number)

    @property
    def title(self) -> str:
        return f"{self.subject} tại {self.place.name} năm {self.year}"


def datasets(count: int, first: int = 0) -> Iterator[Made]:
    """The datasets of the catalogue up to a number; always the same ones."""
    subjects, places = _subjects(), _places()
    for number in range(first, count):
        at = number * 7919
        subject, theme = subjects[at % len(subjects)]
        place = places[at // len(subjects) % len(places)]
        yield Made(number, subject, place, 2010 + number % 16, theme)


def queries(count: int, seed: int = 5) -> list[str]:
    """So many different queries of two to six words, every other one without accents."""
    chosen = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        subject, _ = chosen.choice(_subjects())
        words = subject.lower().split()
        start = chosen.randrange(max(1, len(words) - 2))
        text = " ".join(words[start : start + chosen.choice((2, 3, 4))])
        if chosen.random() < 0.6:
            text += f" {chosen.choice(_places()).bare_name.lower()}"
        if chosen.random() < 0.3:
            text += f" {chosen.randrange(2010, 2026)}"
        found[fold(text) if len(found) % 2 else text] = None
    return list(found)


@cache
def _subjects() -> tuple[tuple[str, str], ...]:
    themes = [item.ma for item in schemas.codelist("theme").items]
    named = [subject for subject, _, _ in SUBJECTS]
    named += [item.ten for item in schemas.codelist("indicator").items]
    named += [f"Số liệu về {item.ten.lower()}" for item in schemas.codelist("theme").items]
    return tuple((name, themes[at % len(themes)]) for at, name in enumerate(named))


@cache
def _places() -> tuple[AdminUnit, ...]:
    codes = dict.fromkeys(item.ma for item in schemas.codelist("admin_unit").items)
    units = (units_with_code(code)[-1] for code in codes)
    return tuple(unit for unit in units if unit.end is None)


def _id(*parts: object) -> str:
    return str(uuid.uuid5(_NAMESPACE, " ".join(map(str, parts))))


def fill(connection: Any, count: int, first: int = 0, organizations: int = ORGANIZATIONS) -> None:
    """Writes datasets up to a number, and with the first ones the organisations; commits."""
    cursor = connection.cursor()
    cursor.execute('SELECT id FROM public."user" WHERE sysadmin ORDER BY created LIMIT 1')
    [user_id] = cursor.fetchone()
    if not first:
        _copy(cursor, "group", _GROUP, map(_organization, range(organizations)))
        _copy(cursor, "member", _MEMBER, (_admin(at, user_id) for at in range(organizations)))
    words = dict.fromkeys(word for made in datasets(count, first) for word in _tags(made))
    cursor.execute("SELECT name FROM tag WHERE vocabulary_id IS NULL")
    there = {name for (name,) in cursor.fetchall()}
    _copy(cursor, "tag", "id name", ((_tag(word), word) for word in words if word not in there))
    cursor.execute("SELECT name, id FROM tag WHERE vocabulary_id IS NULL")
    tags = dict(cursor.fetchall())
    listed = datasets(count, first)
    while batch := list(islice(listed, AT_ONCE)):
        _copy(cursor, "package", _PACKAGE, (_package(m, user_id, organizations) for m in batch))
        _copy(cursor, "member", _MEMBER, (_owned(made, organizations) for made in batch))
        _copy(cursor, "resource", _RESOURCE, (row for made in batch for row in _resources(made)))
        linked = (
            (_id("tagged", made.number, word), "active", made.id, tags[word])
            for made in batch
            for word in _tags(made)
        )
        _copy(cursor, "package_tag", "id state package_id tag_id", linked)
    connection.commit()
    connection.autocommit = True
    cursor.execute("ANALYZE")
    connection.autocommit = False


def empty(connection: Any) -> None:
    """Takes everything out of a catalogue that was measured in before; commits."""
    tables = "package, resource, package_tag, tag, member"
    connection.cursor().execute(f'TRUNCATE {tables}, "group", thanhhoa.to_index CASCADE')
    connection.commit()


_GROUP = "id name title description created state type approval_status image_url is_organization"
_GROUP += " extras"
_MEMBER = "id group_id table_id state table_name capacity"
_PACKAGE = "id name title notes state license_id type owner_org private metadata_modified"
_PACKAGE += " creator_user_id metadata_created extras"
_RESOURCE = "id url format description position hash state name mimetype created package_id"
_RESOURCE += " metadata_modified"


def _organization(at: int) -> Sequence[Any]:
    agencies = schemas.codelist("agency").items
    place = _places()[at % len(_places())]
    if at < len(agencies):
        title = agencies[at].ten
    else:
        title = f"Phòng chuyên môn {at // len(_places()) + 1}, UBND {place.name}"
    common = (_FIRST_DAY, "active", "organization", "approved", "", True, "{}")
    return (_id("org", at), f"don-vi-{at:03}", title, f"{title}.", *common)


def _admin(at: int, user_id: str) -> Sequence[Any]:
    return (_id("admin", at), _id("org", at), user_id, "active", "user", "admin")


def _owned(made: Made, organizations: int) -> Sequence[Any]:
    owner = _id("org", made.number % organizations)
    return (_id("owned", made.number), owner, made.id, "active", "package", "organization")


def _tags(made: Made) -> list[str]:
    return list(dict.fromkeys([made.subject.lower().replace(",", ""), made.place.name, "thống kê"]))


def _tag(word: str) -> str:
    return _id("tag", word)


def _package(made: Made, user_id: str, organizations: int) -> Sequence[Any]:
    changed = _FIRST_DAY + timedelta(minutes=7 * made.number, microseconds=made.number * 7919 + 1)
    year = str(made.year)
    fields: Mapping[str, Any] = {
        "theme": [made.theme],
        "access_rights": "PUBLIC",
        "frequency": FREQUENCIES[made.number % 3],
        "language": ["vi"],
        "issued": f"{made.year}-12-31",
        "identifier": f"TH-{made.number:06}",
        "spatial_coverage": [{"code": made.place.code, "text": made.place.name}],
        "temporal_coverage": [
            {"end": f"{year}-12-31", "end_period": year, "start": f"{year}-01-01",
             "start_period": year}
        ],
        "contact": [{"email": "thongke@thanhhoa.gov.vn", "name": "Phòng Thống kê tổng hợp"}],
    }  # fmt: skip
    extras = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    notes = f"{made.title}. Số liệu do cơ quan chuyên môn tổng hợp theo kỳ báo cáo thống kê."
    owner = _id("org", made.number % organizations)
    name = f"bo-du-lieu-{made.number:06}"
    common = ("active", "CC-BY-4.0", "dataset", owner, False, changed, user_id, changed)
    return (made.id, name, made.title, notes, *common, json.dumps(extras))


def _resources(made: Made) -> Iterator[Sequence[Any]]:
    changed = _FIRST_DAY + timedelta(minutes=7 * made.number)
    for at, (format_, media_type) in enumerate(FORMATS):
        url = f"https://cong-nguon.test/tep/{made.number}/{at}.{format_.lower()}"
        about = (f"Tệp {format_} của bộ dữ liệu", at, "", "active", f"{made.title} ({format_})")
        id_ = _id("resource", made.number, at)
        yield (id_, url, format_, *about, media_type, changed, made.id, changed)


def _copy(cursor: Any, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO()
    # What is empty is an empty text, not NULL: only what is unquoted is NULL.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    text.seek(0)
    names = ", ".join(columns.split())
    cursor.copy_expert(f'COPY public."{table}" ({names}) FROM STDIN CSV', text)
