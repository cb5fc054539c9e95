"""The requests and answers of OGC CSW 2.0.2 and 3.0. Pure.

A request is made as key-value pairs or as XML; an answer is taken apart into its records. Servers
report their errors with status 200: as `ExceptionReport`, as WMS's `ServiceException`, or, like
GeoNetwork when it sees no request at all, in words of their own (``<response><info>…``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from harvesters.errors import HarvestError
from harvesters.fetch.refusals import sentence
from harvesters.tables.xml_document import attribute, child, children, descendants, local, text

CSW2 = "http://www.opengis.net/cat/csw/2.0.2"
CSW3 = "http://www.opengis.net/cat/csw/3.0"
_OGC = "http://www.opengis.net/ogc"
_FES = "http://www.opengis.net/fes/2.0"
VERSIONS = ("2.0.2", "3.0.0")
#: Output schemas by the names of the settings, the best first, each with the addresses in use.
SCHEMAS = {
    "iso19139": ("http://www.isotc211.org/2005/gmd",),
    "iso19115-3": (
        "http://standards.iso.org/iso/19115/-3/mdb/2.0",
        "http://standards.iso.org/iso/19115/-3/mdb/1.0",
    ),
    "dcat": (
        "http://data.europa.eu/930/",
        "http://data.europa.eu/r5r/",
        "http://www.w3.org/ns/dcat#",
    ),
    "dublin_core": (CSW2, CSW3),
}
_REFUSALS = ("ExceptionText", "ServiceException", "info", "message", "Exception")
_REFUSAL_ROOTS = ("ExceptionReport", "ServiceExceptionReport", "response", "error")


@dataclass(frozen=True)
class Capabilities:
    """What a catalogue says of itself; `schemas` are the addresses of its output schemas."""

    title: str
    version: str
    schemas: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One answer to GetRecords. `matched` is None where the server does not count; `next` is the
    position of the next record, 0 for none, None where it is not said."""

    matched: int | None
    next: int | None
    records: tuple[Element, ...]


@dataclass(frozen=True)
class Query:
    """How the records are asked for; `position` counts from 1."""

    version: str = "2.0.2"
    schema: str = SCHEMAS["iso19139"][0]
    constraint: str = ""
    sorted: bool = True
    rows: int = 50

    def pairs(self, position: int) -> dict[str, str]:
        """The request as key-value pairs."""
        old = self.version == "2.0.2"
        pairs = {
            "service": "CSW",
            "version": self.version,
            "request": "GetRecords",
            "resultType": "results",
            "elementSetName": "full",
            "typeNames": "csw:Record",
            "namespace": f"xmlns(csw={CSW2 if old else CSW3})",
            "outputSchema": self.schema,
            "startPosition": str(position),
            "maxRecords": str(self.rows),
        }
        if not old:
            del pairs["resultType"]
        if self.sorted:
            pairs["sortBy"] = "dc:identifier:A"
        if self.constraint:
            pairs["constraint"] = self.constraint
            pairs["constraintLanguage"] = "CQL_TEXT"
            pairs["constraint_language_version"] = "1.1.0"
        return pairs

    def xml(self, position: int) -> bytes:
        """The request as XML, for servers that answer POST only (Geo-IDE, older ESRI)."""
        old = self.version == "2.0.2"
        csw, filter_ = (CSW2, _OGC) if old else (CSW3, _FES)
        root = Element(f"{{{csw}}}GetRecords", service="CSW", version=self.version)
        if old:
            root.set("resultType", "results")
        root.set("outputFormat", "application/xml")
        root.set("outputSchema", self.schema)
        root.set("startPosition", str(position))
        root.set("maxRecords", str(self.rows))
        query = ElementTree.SubElement(root, f"{{{csw}}}Query", typeNames="csw:Record")
        query.set("xmlns:csw", csw)
        ElementTree.SubElement(query, f"{{{csw}}}ElementSetName").text = "full"
        if self.constraint:
            limit = ElementTree.SubElement(query, f"{{{csw}}}Constraint", version="1.1.0")
            ElementTree.SubElement(limit, f"{{{csw}}}CqlText").text = self.constraint
        if self.sorted:
            sort = ElementTree.SubElement(query, f"{{{filter_}}}SortBy")
            by = ElementTree.SubElement(sort, f"{{{filter_}}}SortProperty")
            name = "PropertyName" if old else "ValueReference"
            ElementTree.SubElement(by, f"{{{filter_}}}{name}").text = "dc:identifier"
            ElementTree.SubElement(by, f"{{{filter_}}}SortOrder").text = "ASC"
        return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def read_capabilities(root: Element) -> Capabilities | None:
    """What a GetCapabilities answer says; None for the capabilities of other services.

    Of several versions 2.0.2 is taken, which every server understands best.
    """
    if local(root.tag) != "Capabilities" or "/cat/csw" not in root.tag:
        return None
    versions = {attribute(root, "version")}
    versions |= {text(e) for e in children(root, "ServiceIdentification/ServiceTypeVersion")}
    schemas: list[str] = []
    for operation in children(root, "OperationsMetadata/Operation"):
        if attribute(operation, "name") == "GetRecords":
            schemas = [text(e) for e in _parameter(operation, "outputSchema")]
    version = next((v for v in VERSIONS if v in versions), VERSIONS[0])
    title = text(root, "ServiceIdentification/Title")
    return Capabilities(title, version, tuple(dict.fromkeys(schemas)))


def _parameter(operation: Element, name: str) -> Iterable[Element]:
    for parameter in children(operation, "Parameter"):
        if attribute(parameter, "name").lower() == name.lower():
            yield from descendants(parameter, "Value")


def schemas_to_try(capabilities: Capabilities, wanted: str) -> tuple[str, ...]:
    """Addresses of output schemas, the best first.

    `wanted` is a name of `SCHEMAS`, an address, or "" for whatever the catalogue gives: those it
    advertises, or, when it advertises none, ISO 19139 and the CSW's own.
    """
    own = CSW3 if capabilities.version.startswith("3") else CSW2
    if wanted == "dublin_core":
        return (own,)
    if wanted in SCHEMAS:
        given = [a for a in SCHEMAS[wanted] if a in capabilities.schemas]
        return (*given, *SCHEMAS[wanted][:1])[:1]
    if wanted:
        return (wanted,)
    known = [a for addresses in SCHEMAS.values() for a in addresses if a not in (CSW2, CSW3)]
    given = [a for a in known if a in capabilities.schemas]
    return (*(given or SCHEMAS["iso19139"]), own)


def refusal(root: Element) -> str:
    """The sentence of an error with status 200; "" when the answer is no error."""
    if local(root.tag) not in _REFUSAL_ROOTS:
        return ""
    for name in _REFUSALS:
        for found in descendants(root, name):
            if said := sentence(text(found)) or attribute(found, "exceptionCode"):
                return said
    return sentence(text(root)) or local(root.tag)


def read_page(root: Element, where: str) -> Page:
    """The records of a GetRecords answer. Raises `api_error` and `unexpected_answer`."""
    said = refusal(root)
    if said:
        raise HarvestError("api_error", where=where, detail=said)
    results = child(root, "SearchResults")
    if local(root.tag) != "GetRecordsResponse" or results is None:
        raise HarvestError("unexpected_answer", where=where, detail="GetRecordsResponse")
    return Page(
        _number(attribute(results, "numberOfRecordsMatched")),
        _number(attribute(results, "nextRecord")),
        tuple(e for e in results if isinstance(e.tag, str)),
    )


def _number(value: str) -> int | None:
    return int(value) if value.isdigit() else None
