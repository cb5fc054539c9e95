"""A metadata record of ISO 19115 as a record of ours: 19139 (gmd, gmi) and 19115-3 (mdb). Pure.

Both spellings have the same tree below `identificationInfo`; where they differ (identifier, dates
of the metadata, parties, lineage) each is looked for.

Quirks of the field, each in a test on a recorded answer: Geo-IDE swaps west and east; Canada's
profile writes codes as ``RI_622`` with the word as text beside it (``dataset; jeuDonnées``), and
its languages as ``eng; CAN``; US agencies put links into `distributor` and licences into
`useLimitation`; INSPIRE records carry one text in many languages (`PT_FreeText`); empty elements
with a ``nilReason`` say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from harvesters.errors import Problem
from harvesters.model import Record
from harvesters.sources import _geo_fields as geo
from harvesters.tables.xml_document import (
    attribute,
    child,
    children,
    descendants,
    local,
    prose,
    text,
)

ROOTS = ("MD_Metadata", "MI_Metadata")
_EDGES = (
    "westBoundLongitude",
    "southBoundLatitude",
    "eastBoundLongitude",
    "northBoundLatitude",
)
_CODE = re.compile(r"RI_\d+")
_PUBLISHING_ROLES = ("pointOfContact", "publisher", "owner", "custodian", "distributor")
#: What records say where there is nothing to say.
_EMPTY_WORDS = re.compile(
    r"(?:n/?a|none|unknown|conditions unknown|otherrestrictions|license|copyright|[-.]*)$|"
    r"https?://inspire\.ec\.europa\.eu/metadata-codelist/",
    re.IGNORECASE,
)


def is_iso(root: Element) -> bool:
    """Whether an element is a metadata record of ISO 19115."""
    return local(root.tag) in ROOTS


def level_of(root: Element) -> str:
    """What is described: dataset, series, service …; "" where the record does not say."""
    found = next(children(root, "hierarchyLevel/*"), None)
    if found is None:
        found = child(root, "metadataScope/MD_MetadataScope/resourceScope/*")
    return _code(found)


def identifier_of(root: Element) -> str:
    """The record's identifier, else that of the data; "" when there is neither."""
    return (
        text(root, "fileIdentifier")
        or text(root, "metadataIdentifier/MD_Identifier/code")
        or text(_identification(root), "citation/CI_Citation/identifier/*/code")
    )


def to_record(root: Element, remote_id: str, where: str, mark: str = "") -> Record:
    """The record. Fields that the portal has not (`level`, `parent`, `rights`, `topics`) stay
    beside the others, so that a source's own mapping can reach them."""
    notes: list[Problem] = []
    about = _Words(root)
    data = _identification(root)
    citation = child(data, "citation/CI_Citation")
    rights = list(_rights(data))
    topics = [t for e in children(data, "topicCategory") for t in text(e).split()]
    names = about.all(child(citation, "title"))
    told = about.all(child(data, "abstract"))
    fields = {
        "title": _local_text(names),
        "title_en": names.get("en", ""),
        "notes": geo.with_rights(_local_text(told), rights),
        "notes_en": told.get("en", "") if "vi" in told else "",
        "tags": geo.tags(_keywords(data, about)),
        "theme": geo.themes(topics),
        "topics": topics,
        "contact": _contacts(root, data),
        "license_id": geo.licence_of(rights),
        "rights": rights,
        "spatial_coverage": _places(data, where, notes),
        "temporal_coverage": _periods(data),
        "frequency": _frequency(data),
        "language": _languages(data),
        "provenance": _lineage(root),
        "identifier": remote_id,
        "level": level_of(root),
        "parent": text(root, "parentIdentifier") or text(root, "parentMetadata/*/identifier"),
        "operates_on": [a for e in children(data, "operatesOn") if (a := attribute(e, "uuidref"))],
        **_dates(root, citation),
    }
    links = list(_links(root, data, about))
    formats = list(dict.fromkeys(_formats(root)))
    found = geo.resources(links, formats, where, notes)
    named = tuple(note.of(remote_id) for note in notes)
    return Record(remote_id, geo.filled(fields), found, mark, named)


def _identification(root: Element) -> Element | None:
    return child(root, "identificationInfo/*")


def _code(element: Element | None) -> str:
    """A code of a codelist: the attribute, unless it is a mere number of the list."""
    value = attribute(element, "codeListValue")
    if value and not _CODE.fullmatch(value):
        return value
    return text(element).partition(";")[0].strip()


class _Words:
    """The texts of a record by language."""

    def __init__(self, root: Element):
        main = text(root, "language") or text(root, "defaultLocale/PT_Locale/language")
        code = _code(next(children(root, "language/*"), None)) or _code(
            child(root, "defaultLocale/PT_Locale/language/LanguageCode")
        )
        self.main = geo.language(code or main)
        self.locales: dict[str, str] = {}
        for name in ("locale", "otherLocale"):
            for locale in children(root, f"{name}/PT_Locale"):
                spoken = child(locale, "languageCode/*")
                if spoken is None:
                    spoken = child(locale, "language/*")
                key = attribute(locale, "id").lower()
                self.locales[key] = geo.language(_code(spoken)) or key

    def all(self, element: Element | None) -> dict[str, str]:
        """Language -> text; the main text is under "" as well."""
        found: dict[str, str] = {}
        for part in element if element is not None else ():
            if local(part.tag) == "PT_FreeText":
                for said in descendants(part, "LocalisedCharacterString"):
                    key = attribute(said, "locale").lstrip("#").lower()
                    found.setdefault(self.locales.get(key, geo.language(key) or key), prose(said))
            elif "" not in found:
                found[""] = prose(part)
                if self.main and found[""]:
                    found[self.main] = found[""]
        return {key: value for key, value in found.items() if value}

    def one(self, element: Element | None) -> str:
        return _local_text(self.all(element))


def _local_text(texts: Mapping[str, str]) -> str:
    return texts.get("vi") or texts.get("") or next(iter(texts.values()), "")


def _keywords(data: Element | None, about: _Words) -> Iterator[str]:
    for keyword in children(data, "descriptiveKeywords/MD_Keywords/keyword"):
        yield about.one(keyword)


def _contacts(root: Element, data: Element | None) -> list[dict[str, str]]:
    """The organisations that answer for the data, else for its description; each once."""
    for parent, path in ((data, "pointOfContact/*"), (root, "contact/*")):
        parties = sorted(children(parent, path), key=_rank)
        rows = [row for party in parties if (row := _contact(party))]
        if rows:
            unique: dict[str, dict[str, str]] = {}
            for row in rows:
                unique.setdefault(row.get("name", ""), row)
            return list(unique.values())[:5]
    return []


def _rank(party: Element) -> int:
    role = _code(child(party, "role/*"))
    return _PUBLISHING_ROLES.index(role) if role in _PUBLISHING_ROLES else len(_PUBLISHING_ROLES)


def _contact(party: Element) -> dict[str, str]:
    """19139's CI_ResponsibleParty, or 19115-3's CI_Responsibility with an organisation."""
    organisation = child(party, "party/CI_Organisation")
    if organisation is None:
        name, info = child(party, "organisationName"), party
    else:
        name, info = child(organisation, "name"), organisation
    person = (
        text(party, "individualName")
        or text(organisation, "individual/CI_Individual/name")
        or text(party, "party/CI_Individual/name")
    )
    email = next((text(e) for e in descendants(info, "electronicMailAddress") if text(e)), "")
    first = next(iter(name), None) if name is not None else None
    return geo.contact(text(first), email, person)


def _dates(root: Element, citation: Element | None) -> dict[str, str]:
    """`issued` is the publication, else the creation; `modified` the last revision, else when the
    description itself was last touched."""
    dates: dict[str, str] = {}
    for date in children(citation, "date/CI_Date"):
        kind = _code(child(date, "dateType/*"))
        dates[kind] = max(dates.get(kind, ""), geo.day(text(date, "date")))
    touched = geo.day(text(root, "dateStamp"))
    for date in children(root, "dateInfo/CI_Date"):
        if _code(child(date, "dateType/*")) == "revision" or not touched:
            touched = geo.day(text(date, "date"))
    return {
        "issued": dates.get("publication") or dates.get("creation", ""),
        "modified": dates.get("revision") or touched,
    }


def _places(data: Element | None, where: str, notes: list[Problem]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for extent in children(data, "extent/EX_Extent"):
        name = text(extent, "description")
        for found in children(extent, "geographicElement/EX_GeographicBoundingBox"):
            west, south, east, north = (text(found, edge) for edge in _EDGES)
            row = geo.place((west, south, east, north), name, where, notes)
            if row and row not in rows:
                rows.append(row)
    return rows


def _periods(data: Element | None) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for extent in children(data, "extent/EX_Extent/temporalElement/*/extent"):
        instant = next(descendants(extent, "timePosition"), None)
        start = next(descendants(extent, "beginPosition"), None)
        end = next(descendants(extent, "endPosition"), None)
        if start is None and end is None:
            inside = [*children(extent, "TimePeriod/begin"), *children(extent, "TimePeriod/end")]
            days = [text(e) for e in inside] if len(inside) == 2 else [text(instant)] * 2
        else:
            days = [text(start), text(end)]
        rows += [row for row in geo.period(*days) if row not in rows]
    return rows


def _frequency(data: Element | None) -> str:
    path = "resourceMaintenance/MD_MaintenanceInformation/maintenanceAndUpdateFrequency/*"
    return geo.FREQUENCIES.get(_code(child(data, path)).lower(), "")


def _languages(data: Element | None) -> list[str]:
    spoken = [*children(data, "language/*"), *children(data, "defaultLocale/PT_Locale/language/*")]
    return list(dict.fromkeys(code for e in spoken if (code := geo.language(_code(e)))))


def _rights(data: Element | None) -> Iterator[str]:
    """Everything the record says on use and access, licences first as they stand, each once."""
    seen: set[str] = set()
    for constraint in children(data, "resourceConstraints/*"):
        for part in constraint:
            if local(part.tag) not in ("useLimitation", "otherConstraints"):
                continue
            first = next(iter(part), None)
            for said in (text(first), attribute(first, "href")):
                if said and said not in seen and not _EMPTY_WORDS.match(said):
                    seen.add(said)
                    yield said


def _lineage(root: Element) -> str:
    for path in ("dataQualityInfo/DQ_DataQuality/lineage", "resourceLineage"):
        for found in children(root, f"{path}/LI_Lineage/statement"):
            if said := prose(next(iter(found), None)):
                return said
    return ""


def _formats(root: Element) -> Iterator[str]:
    for found in descendants(root, "MD_Format"):
        name = text(found, "name") or text(found, "formatSpecificationCitation/CI_Citation/title")
        if name:
            yield name


def _links(root: Element, data: Element | None, about: _Words) -> Iterator[geo.Link]:
    """Where the data or the service is to be had, then pictures of it."""
    for online in _online(root, data):
        name = about.one(child(online, "name"))
        yield geo.Link(
            text(online, "linkage"),
            text(online, "protocol"),
            name or about.one(child(online, "description"))[:200],
            about.one(child(online, "description")) if name else "",
        )
    for graphic in children(data, "graphicOverview/MD_BrowseGraphic"):
        address = text(graphic, "fileName")
        if address.lower().startswith("http"):
            kind = address.rpartition(".")[2].lower()
            protocol = f"image/{kind}" if kind in ("png", "gif", "jpg", "jpeg") else ""
            name = text(graphic, "fileDescription") or "Ảnh xem trước"
            yield geo.Link(address, protocol, name)


def _online(root: Element, data: Element | None) -> Iterator[Element]:
    for distribution in children(root, "distributionInfo/MD_Distribution"):
        for options in descendants(distribution, "MD_DigitalTransferOptions"):
            yield from children(options, "onLine/CI_OnlineResource")
    for operation in children(data, "containsOperations/SV_OperationMetadata"):
        yield from children(operation, "connectPoint/CI_OnlineResource")
