"""A dataset of data.json (DCAT-US 1.1 and 3.0, Project Open Data) as a record. Pure.

The values are taken as they come: a text may be a number, an object with a label, a list with one
item, null. What the standard requires and a file lacks is no reason to refuse a dataset, save its
title. What is not understood stays in the record's fields under the source's own name, so that a
source's own mapping can reach it (`bureauCode`, `isPartOf`, `describedBy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import schemas
from harvesters.errors import HarvestError
from harvesters.model import Record, RecordResource
from harvesters.sources import _dcat_codes as codes
from harvesters.sources import _dcat_values as values
from harvesters.sources._dcat_values import Notes, filled
from harvesters.sources._geometry import bbox, geojson, placed
from schemas.rules import resource_url, web_url

#: Where an object keeps its name, in order of preference.
_NAMES = ("@value", "vi", "prefLabel", "name", "label", "title", "fn", "en", "description", "@id")
_NOT_CARRIED = ("distribution", "@context", "seriesMember", "first", "last")
#: Portal fields of which the file's own value of that name would not be one.
_OURS = ("contact", "provenance", "source_system", "harvest_source", "quality_statement", "url")
_REPEATING = ("R/", "r/")


def remote_id(dataset: Any) -> str:
    """The identifier; else the address, the landing page, or what the title makes."""
    if not isinstance(dataset, Mapping):
        return ""
    found = (text(dataset.get(name)) for name in ("identifier", "@id", "landingPage"))
    return next(filter(None, found), "") or values.dataset_id_by_title(text(dataset.get("title")))


def to_record(dataset: Any, where: str) -> Record:
    """Raises `unexpected_answer` for what is no object, `missing_value` without a title."""
    if not isinstance(dataset, Mapping):
        raise HarvestError("unexpected_answer", where=where, detail="dataset")
    id_ = remote_id(dataset)
    if not text(dataset.get("title")):
        raise HarvestError("missing_value", where=where, record=id_ or None, field="title")
    notes = Notes(where)
    given = list(_distributions(dataset))
    resources = tuple(_resources(given, notes))
    own = {k: v for k, v in dataset.items() if k not in _NOT_CARRIED and k not in _OURS}
    fields = {**own, **_fields(dataset, id_, given, notes)}
    named = tuple(note.of(id_) for note in notes.found)
    return Record(id_, filled(fields), resources, "", named)


def _fields(
    dataset: Mapping[str, Any], id_: str, given: list[Mapping[str, Any]], notes: Notes
) -> dict[str, Any]:
    theme, tags = codes.themes(texts(dataset.get("theme")), _keywords(dataset.get("keyword")))
    modified = text(dataset.get("modified"))
    repeating = modified if modified.startswith(_REPEATING) else ""
    licences = [*texts(dataset.get("license")), *_shared(given, "license")]
    return {
        "title": text(dataset.get("title")),
        "title_en": _english(dataset.get("title")),
        "notes": text(dataset.get("description")),
        "notes_en": _english(dataset.get("description")),
        "tags": tags,
        "theme": theme,
        "identifier": text(dataset.get("identifier")) or values.without_title_id(id_),
        "access_rights": codes.access(_access(dataset)),
        "license_id": codes.licence(licences),
        "frequency": codes.frequency(text(dataset.get("accrualPeriodicity")) or repeating),
        "language": [codes.language(word) for word in texts(dataset.get("language"))],
        "issued": values.a_date(text(dataset.get("issued")), "issued", notes),
        "modified": "" if repeating else values.a_date(modified, "modified", notes),
        "version": text(dataset.get("version"))[:100],
        "url": values.link(web_url, text(dataset.get("landingPage"))),
        "contact": list(_contacts(dataset)),
        "temporal_coverage": values.periods(_periods(dataset.get("temporal")), notes),
        "spatial_coverage": list(_places(dataset.get("spatial"))),
        "provenance": text(dataset.get("provenance")),
        "applicable_legislation": texts(dataset.get("applicableLegislation")),
        "source_system": urlsplit(notes.where).hostname or "",
    }


def text(value: Any) -> str:
    """One text: of an object its name, of a list the first that says something."""
    if isinstance(value, Mapping):
        return next(filter(None, (text(value.get(name)) for name in _NAMES)), "")
    if isinstance(value, list):
        return next(filter(None, map(text, _vietnamese_first(value))), "")
    if isinstance(value, bool) or value is None:
        return ""
    return str(value).replace("\x00", "").strip()


def _english(value: Any) -> str:
    """The English text of several languages, where it is another one than `text` takes."""
    tagged = {str(i.get("@language")): text(i.get("@value")) for i in _objects(value)}
    plain = value if isinstance(value, Mapping) and "@value" not in value else {}
    found = tagged.get("en") or text(plain.get("en"))
    return "" if found == text(value) else found


def texts(value: Any) -> list[str]:
    """Every text of a list; one text is a list of one."""
    found = map(text, value if isinstance(value, list) else [value])
    return list(dict.fromkeys(filter(None, found)))


def _vietnamese_first(items: list[Any]) -> list[Any]:
    def other(item: Any) -> bool:
        return not (isinstance(item, Mapping) and item.get("@language") == "vi")

    return sorted(items, key=other)


def _keywords(value: Any) -> list[str]:
    words = value.split(",") if isinstance(value, str) else value
    return texts(words)


def _access(dataset: Mapping[str, Any]) -> str:
    """The level of 1.1, which is required there; else the access rights of 3.0."""
    return text(dataset.get("accessLevel")) or text(dataset.get("accessRights"))


def _shared(given: list[Mapping[str, Any]], name: str) -> list[str]:
    """What all files of the dataset have in common."""
    found = {tuple(texts(distribution.get(name))) for distribution in given}
    return list(found.pop()) if len(found) == 1 else []


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            yield item


def _contacts(dataset: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    found = False
    for item in _objects(dataset.get("contactPoint")):
        row = values.contact(
            name=text(item.get("fn")) or text(item.get("hasName")) or text(item.get("name")),
            email=text(item.get("hasEmail")) or text(item.get("email")),
            telephone=text(item.get("tel")) or text(item.get("hasTelephone")),
            url=text(item.get("hasURL")),
            organisation=text(dataset.get("publisher")),
        )
        found = found or bool(row)
        yield from [row] if row else []
    said = text(dataset.get("contactPoint")) if not found else ""
    email = text(dataset.get("mbox"))
    if (said or email) and (row := values.contact(name=said, email=email or said)):
        yield row


def _periods(value: Any) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            yield text(item.get("startDate")), text(item.get("endDate"))
        elif said := text(item):
            # An open interval ends with a duration or a repetition: its beginning is what is known.
            first, last = values.interval(said)
            yield first, "" if last.upper().startswith(("P", "R")) else last


def _places(value: Any) -> Iterator[dict[str, str]]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping) and "coordinates" not in item:
            row = {name: geojson(text(item.get(name))) for name in ("bbox", "centroid")}
            row["geom"] = geojson(text(item.get("geometry")))
            row["text"] = text({k: v for k, v in item.items() if k != "@id"})
            if row := filled(row):
                yield row
            continue
        shape = geojson(item if isinstance(item, Mapping) else text(item))
        if box := bbox(text(item)):
            yield {"bbox": box}
        elif shape:
            yield placed(shape)
        elif said := text(item):
            yield {"text": said[:300]}


def _distributions(dataset: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those of the dataset; in files of the first version the dataset is its own one file."""
    given = list(_objects(dataset.get("distribution")))
    if not given and (dataset.get("accessURL") or dataset.get("downloadURL")):
        names = ("accessURL", "downloadURL", "format", "mediaType")
        given = [{name: dataset.get(name) for name in names}]
    yield from given


def _resources(given: Iterable[Mapping[str, Any]], notes: Notes) -> Iterator[RecordResource]:
    taken: set[str] = set()
    for at, item in enumerate(given):
        download, access = _address(item, "downloadURL", notes), _address(item, "accessURL", notes)
        services = _objects(item.get("accessService"))
        ends = (_address(service, "endpointURL", notes) for service in services)
        url = download or access or next(filter(None, ends), "")
        if not url:
            said = text(item.get("downloadURL")) or text(item.get("accessURL"))
            notes.link(f"distribution[{at}]", said)
            continue
        fields = _resource_fields(item, url, notes)
        if access and access != url:
            fields["access_url"] = access
        own = text(item.get("@id")) or text(item.get("identifier"))
        yield RecordResource(values.resource_id(own, url, fields, taken), fields)


def _address(item: Mapping[str, Any], name: str, notes: Notes) -> str:
    given = text(item.get(name))
    return values.link(resource_url, urljoin(notes.where, given)) if given else ""


def _resource_fields(item: Mapping[str, Any], url: str, notes: Notes) -> dict[str, Any]:
    kind = values.media_type(text(item.get("mediaType")))
    checksum = item.get("checksum")
    value = checksum.get("checksumValue") if isinstance(checksum, Mapping) else checksum
    ours = schemas.codelist("language")
    spoken = map(codes.language, texts(item.get("language")))
    fields = {
        "name": text(item.get("title")) or values.file_name(url) or str(urlsplit(url).hostname),
        "description": text(item.get("description")),
        "url": url,
        "format": values.file_format([text(item.get("format")), kind]),
        "mimetype": kind,
        "size": values.size(text(item.get("byteSize"))),
        "issued": values.a_date(text(item.get("issued")), "issued", notes),
        "modified": values.a_date(text(item.get("modified")), "modified", notes),
        "language": [code for code in spoken if ours.get(code)],
        "encoding": text(item.get("characterEncoding")),
        **values.checksum(text(value)),
    }
    return filled(fields)
