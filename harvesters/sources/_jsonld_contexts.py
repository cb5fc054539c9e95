"""JSON-LD contexts that catalogues refer to, so that none is ever fetched.

Small ones of our own: the terms that describe datasets, in the IRIs that the vocabularies give
them. A context that is not known here is refused (`remote_context`): without it the words of the
document mean nothing, and fetching it would let a document name an address to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harvesters.errors import HarvestError

#: Prefixes of the vocabularies in use around DCAT.
PREFIXES: Mapping[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "cnt": "http://www.w3.org/2011/content#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "gsp": "http://www.opengis.net/ont/geosparql#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "ogc": "http://www.opengis.net/rdf#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "schemas": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "time": "http://www.w3.org/2006/time#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_TERMS = {
    "dcat": (
        "Catalog CatalogRecord Dataset DatasetSeries DataService Distribution "
        "accessURL accessService bbox byteSize catalog centroid contactPoint dataset distribution "
        "downloadURL endDate endpointURL inSeries keyword landingPage mediaType record "
        "seriesMember service startDate theme themeTaxonomy version"
    ),
    "dct": (
        "Frequency LicenseDocument LinguisticSystem Location PeriodOfTime RightsStatement "
        "accessRights accrualPeriodicity conformsTo created creator description format "
        "hasPart identifier isPartOf issued language license modified provenance publisher "
        "references rights rightsHolder source spatial subject temporal title type"
    ),
    "foaf": "Agent Document Organization homepage mbox name page primaryTopic",
    "vcard": "fn hasEmail hasTelephone hasURL hasUID",
    "skos": "Concept notation prefLabel",
    "spdx": "Checksum algorithm checksum checksumValue",
    "locn": "geometry",
    "hydra": "Collection PagedCollection PartialCollectionView next nextPage totalItems view",
}
_DCAT: Mapping[str, Any] = {
    **PREFIXES,
    **{term: f"{prefix}:{term}" for prefix, terms in _TERMS.items() for term in terms.split()},
    "Kind": "vcard:Kind",
    "Contact": "vcard:Kind",
}
#: Project Open Data: the words of data.json; `accessLevel` stands for the access rights there.
_POD: Mapping[str, Any] = {**_DCAT, "accessLevel": "dct:accessRights"}

_KNOWN: tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...] = (
    (re.compile(r"project-open-data\.cio\.gov/.*\.jsonld"), _POD),
    (re.compile(r"(?:www\.)?w3\.org/ns/dcat(?:\d|\.jsonld|#)?"), _DCAT),
    (re.compile(r".*/dcat(?:-ap|-us)?[\d._-]*\.jsonld"), _DCAT),
    (re.compile(r"(?:www\.)?w3\.org/ns/hydra/(?:core|context\.jsonld)"), _DCAT),
)


def prepared(data: Any, where: str) -> Any:
    """The document with each reference to a context replaced by ours, and no blank in an `@id`.

    rdflib leaves out a node whose `@id` has a blank without a word: datasets would seem gone.
    Raises `remote_context` for a context that is not known.
    """
    if isinstance(data, list):
        return [prepared(item, where) for item in data]
    if not isinstance(data, Mapping):
        return data
    return {key: _value(key, value, where) for key, value in data.items()}


def _value(key: str, value: Any, where: str) -> Any:
    if key == "@context":
        return _context(value, where)
    if key == "@import":  # a context may draw in another one; that would have to be fetched too
        raise HarvestError("remote_context", where=where, context=str(value)[:200])
    if key == "@id" and isinstance(value, str):
        return re.sub(r"\s", "%20", value.strip())
    return prepared(value, where)


def _context(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return [_context(item, where) for item in value]
    if isinstance(value, str):
        return _known(value, where)
    return prepared(value, where)


def _known(address: str, where: str) -> Mapping[str, Any]:
    name = address.strip().partition("://")[2].rstrip("/#")
    for form, context in _KNOWN:
        if form.fullmatch(name):
            return context
    raise HarvestError("remote_context", where=where, context=address[:200])
