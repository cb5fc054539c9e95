"""A dataset ("package") of CKAN's API in the portal's words. Pure.

CKAN and the services that speak its language differ in shape: extras are a list of pairs, a
mapping or text; tags are objects, names or one text with commas; DKAN writes dates in words and
sizes with a unit; scheming adds fields of its own. What can be understood is brought into the form
of the portal's field of that name, what cannot is left out; everything else stays as the source
has it, so that a source's own mapping can reach it (`extras.…`, `organization.title`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard
from urllib.parse import quote, urljoin, urlsplit

import msgspec

import schemas
from harvesters.errors import HarvestError, Problem
from harvesters.model import Record, RecordResource
from schemas.rules import RuleError, iso_date, period_span, resource_url, web_url

#: What changes without the dataset having changed, is read apart, or is the remote portal's own.
_NOT_CARRIED = (
    *("resources", "harvest_source", "metadata_modified", "tracking_summary"),
    *("revision_id", "revision_timestamp"),
)
_RESOURCE_NOT_CARRIED = (
    *("table_schema", "tracking_summary", "metadata_modified", "package_id", "revision_id"),
    *("cache_last_updated", "webstore_last_updated", "position"),
)
#: What moves although nothing was said anew.
_VOLATILE = frozenset(("tracking_summary", "revision_id", "revision_timestamp"))
#: Kinds of package that are no datasets.
_OTHER_TYPES = ("harvest", "showcase", "application")
_FREQUENCY_KEYS = (
    "frequency",
    "accrual_periodicity",
    "accrualPeriodicity",
    "update_frequency",
    "maintenance_frequency",
    "frequency-of-update",
    "tan_suat_cap_nhat",
    "ky_nhap_lieu",
)
_CONTACT = "name email phone url identifier uri"
_PLACE = "code valid_on text uri geom bbox centroid"
_TIME = "start_period end_period start end"
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_HASHES = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_SIZE = re.compile(r"\d{1,15}")

#: Portal field -> rule (`harvesters.mapping`); the other fields have their form already.
MAPPING: Mapping[str, Any] = {
    "license_id": {"from": "license_id", "unknown": "drop"},
    "frequency": {"from": "frequency", "unknown": "ignore"},
    "theme": {"from": "theme", "unknown": "ignore"},
    "language": {"from": "language", "unknown": "ignore"},
    "access_rights": {"from": "access_rights", "unknown": "ignore"},
    "indicator": {"from": "indicator", "unknown": "ignore"},
    "applicable_legislation": {"from": "applicable_legislation", "unknown": "ignore"},
}


def remote_id(package: Any) -> str:
    """The id of a package, its name if it has none; "" when it has neither or is no object."""
    if not isinstance(package, Mapping):
        return ""
    found = package.get("id") or package.get("name")
    return str(found).strip() if isinstance(found, (str, int)) else ""


def mark(package: Mapping[str, Any]) -> str:
    """When a whole package was last changed, "/", and a digest of what it says.

    The digest is of the package as it came, so that an unchanged one need not be understood again;
    what counts visitors or revisions is left out. It tells a change that has left the date alone.
    """
    said = {key: value for key, value in package.items() if key not in _VOLATILE}
    resources = package.get("resources")
    if isinstance(resources, list):
        said["resources"] = [
            {key: value for key, value in item.items() if key not in _VOLATILE}
            if isinstance(item, Mapping)
            else item
            for item in resources
        ]
    try:
        encoded = msgspec.json.encode(said, order="sorted")
    except (OverflowError, RecursionError):  # a number or a nesting that no dataset has
        return changed_at(package)
    return f"{changed_at(package)}/{hashlib.sha256(encoded).hexdigest()[:32]}"


def holds(held: str, package: Mapping[str, Any]) -> bool:
    """Whether a mark that is held says that this package is unchanged.

    A whole one is judged by its digest, one that is listed only by its date.
    """
    if "resources" in package:
        return held == mark(package) != ""
    return held.partition("/")[0] == changed_at(package) != ""


def changed_at(package: Mapping[str, Any]) -> str:
    """When the package was last changed, in UTC to the millisecond; "" when it does not say.

    Milliseconds, because Solr keeps no more: a package has six digits, its listing three.
    """
    value = package.get("metadata_modified")
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    if when.tzinfo is not None:
        when = when.astimezone(UTC).replace(tzinfo=None)
    return when.isoformat(timespec="milliseconds")


def is_public(package: Mapping[str, Any]) -> bool:
    """Whether this is a published dataset: not private, not a draft, not deleted."""
    private = str(package.get("private") or "").lower() in ("true", "1", "yes")
    state = str(package.get("state") or "active").lower()
    kind = str(package.get("type") or "dataset").lower()
    return not private and state == "active" and kind not in _OTHER_TYPES


def to_record(package: Mapping[str, Any], base: str) -> Record:
    """The package as a record. `base` is the portal's address, without a slash at the end.

    Raises `unexpected_answer` when its resources are no list.
    """
    id_ = remote_id(package)
    raw = package.get("resources") or []
    if not isinstance(raw, list):
        raise HarvestError("unexpected_answer", where=base, record=id_, detail="resources")
    notes: list[Problem] = []
    resources = tuple(_resources(raw, base, notes))
    fields = {key: value for key, value in package.items() if key not in _NOT_CARRIED}
    extras = _extras(package.get("extras"))
    fields.update(_known_fields({**extras, **_filled(package)}, extras, base, id_))
    named = tuple(note.of(id_) for note in notes)
    return Record(id_, _filled(fields), resources, mark(package), named)


def _known_fields(
    package: Mapping[str, Any], extras: Mapping[str, Any], base: str, id_: str
) -> dict[str, Any]:
    name = _text(package.get("name")) or id_
    return {
        "title": _text(package.get("title_translated")) or _text(package.get("title")) or name,
        "title_en": _english(package, "title"),
        "notes": _text(package.get("notes_translated")) or _text(package.get("notes")),
        "notes_en": _english(package, "notes"),
        "tags": _tags(package),
        "extras": extras,
        "url": _page(package, base, name),
        "identifier": id_,
        "source_system": urlsplit(base).hostname,
        "issued": _first_date(package, ("issued", "metadata_created")),
        "modified": _first_date(package, ("modified", "metadata_modified")),
        "version": _text(package.get("version"))[:100],
        "license_id": next(
            filter(None, (_text(package.get(f"license_{k}")) for k in ("id", "url", "title"))), ""
        ),
        "frequency": next(filter(None, (_text(package.get(k)) for k in _FREQUENCY_KEYS)), ""),
        "theme": _themes(package),
        "language": _words(package.get("language")),
        "indicator": _words(package.get("indicator")),
        "applicable_legislation": _words(package.get("applicable_legislation")),
        "contact": _contact(package),
        "provenance": _text(package.get("provenance")),
        "quality_statement": _text(package.get("quality_statement")),
        "spatial_coverage": _objects(package.get("spatial_coverage"), _PLACE),
        "temporal_coverage": _objects(package.get("temporal_coverage"), _TIME),
    }


def _text(value: Any) -> str:
    """One text: of several languages the Vietnamese one, then English, then the first."""
    if isinstance(value, Mapping):
        known = (value.get("vi"), value.get("en"), *value.values())
        return next((text for text in known if isinstance(text, str) and text.strip()), "")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).strip()


def _english(package: Mapping[str, Any], field: str) -> str:
    own = package.get(f"{field}_en")
    translated = package.get(f"{field}_translated")
    return _text(own) or (_text(translated.get("en")) if isinstance(translated, Mapping) else "")


def _extras(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    pairs = (item for item in value if isinstance(item, Mapping)) if _is_list(value) else ()
    return {str(pair["key"]): pair.get("value") for pair in pairs if pair.get("key")}


def _tags(package: Mapping[str, Any]) -> list[str]:
    value = package.get("tags") or package.get("tag_string") or []
    parts = value.split(",") if isinstance(value, str) else value if _is_list(value) else []
    names = (_text(part.get("name") if isinstance(part, Mapping) else part) for part in parts)
    return sorted({name for name in names if name})


def _themes(package: Mapping[str, Any]) -> list[str]:
    """What may name a theme of ours: a `theme` field, and the titles and names of groups."""
    groups = package.get("groups")
    found = _words(package.get("theme"))
    for group in groups if _is_list(groups) else []:
        if isinstance(group, Mapping):
            found += [_text(group.get("title")) or _text(group.get("display_name"))]
            found += [_text(group.get("name")).replace("-", " ")]
        else:
            found.append(_text(group))
    return [word for word in dict.fromkeys(found) if word]


def _words(value: Any) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    return [text for item in (value if _is_list(value) else [value]) if (text := _text(item))]


def _contact(package: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A DCAT contact if there is one, else the maintainer, else the author."""
    given = _objects(package.get("contact"), _CONTACT)
    if given:
        return given
    for role in ("maintainer", "author"):
        name = _text(package.get(role))
        email = _EMAIL.search(_text(package.get(f"{role}_email")))
        if name or email:
            contact = {"name": name, "email": email[0] if email else ""}
            return [_filled(contact)]
    return []


def _objects(value: Any, keys: str) -> list[dict[str, Any]]:
    """A repeating field of DCAT's: a list of objects, each with those of the keys that it fills."""
    items = value if _is_list(value) else [value]
    known = (
        _filled({key: _text(item.get(key)) for key in keys.split()})
        for item in items
        if isinstance(item, Mapping)
    )
    return [item for item in known if item]


def _page(package: Mapping[str, Any], base: str, name: str) -> str:
    """The dataset's page. CKAN's `url` is a page elsewhere, save where it is on the same host."""
    own = _checked(web_url, package.get("url"))
    if own and urlsplit(own).hostname == urlsplit(base).hostname:
        return own
    return f"{base}/dataset/{quote(name)}"


def _first_date(package: Mapping[str, Any], names: Iterable[str]) -> str:
    return next(filter(None, (_checked(iso_date, package.get(n))[:10] for n in names)), "")


def _checked(rule: Callable[[str], str], value: Any) -> str:
    """The value in its normal form; "" when the rule refuses it."""
    text = _text(value)
    try:
        return rule(text) if text else ""
    except RuleError:
        return ""


def _resources(raw: list[Any], base: str, notes: list[Problem]) -> Iterable[RecordResource]:
    taken: set[str] = set()
    for at, item in enumerate(raw):
        if not isinstance(item, Mapping):
            notes.append(Problem("unexpected_answer", base, None, {"detail": f"resources[{at}]"}))
            continue
        if str(item.get("state") or "active").lower() != "active":
            continue
        address = _text(item.get("url"))
        url = _checked(resource_url, urljoin(f"{base}/", address) if address else "")
        if not url:
            field = f"resources[{at}].url"
            notes.append(Problem("link_left_out", base, None, {"field": field, "value": address}))
            continue
        id_ = _text(item.get("id")) or hashlib.sha256(address.encode()).hexdigest()[:16]
        while id_ in taken:
            id_ += "+"
        taken.add(id_)
        yield RecordResource(id_, _resource_fields(item, url))


def _resource_fields(item: Mapping[str, Any], url: str) -> dict[str, Any]:
    own = {key: value for key, value in item.items() if key not in _RESOURCE_NOT_CARRIED}
    hash_ = _text(item.get("hash")).rpartition(":")[2]
    size = _SIZE.match(_text(item.get("size")))
    file_name = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    fields = {
        **own,
        "name": _text(item.get("name_translated")) or _text(item.get("name")) or file_name,
        "description": _text(item.get("description_translated")) or _text(item.get("description")),
        "url": url,
        "format": _text(item.get("format")),
        "mimetype": _text(item.get("mimetype")),
        "size": int(size[0]) if size else None,
        "hash": hash_,
        "hash_algorithm": _HASHES.get(len(hash_), ""),
        "issued": _first_date(item, ("issued", "created")),
        "modified": _first_date(item, ("modified", "last_modified", "metadata_modified")),
        "language": [code for word in _words(item.get("language")) if (code := _language(word))],
        "period": _checked(period_span, item.get("period")),
        "unit": _text(item.get("unit")),
        "encoding": _text(item.get("encoding")),
    }
    return _filled(fields)


def _language(word: str) -> str:
    item = schemas.codelist("language").find(word)
    return item.ma if item else ""


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, (list, tuple))
