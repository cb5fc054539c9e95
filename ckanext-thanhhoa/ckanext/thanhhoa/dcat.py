"""DCAT-AP 3 of the portal's datasets: codes of our codelists as the EU's URIs; sound pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from ckan.plugins import toolkit
from ckanext.dcat import logic
from ckanext.dcat.processors import RDFSerializer
from ckanext.dcat.profiles import DCAT, DCT, RDF, RDFS, RDFProfile
from rdflib import BNode, Literal, Namespace, URIRef

import schemas
from schemas import Item

DCATAP = Namespace("http://data.europa.eu/r5r/")
_DATA_THEME = "http://publications.europa.eu/resource/authority/data-theme/"
#: What a catalogue can be asked besides the page; the next page is asked the same.
_ASKED = ("modified_since", "profiles", "q", "fq")


def install() -> None:
    """Lets ckanext-dcat's catalogue be written by our serializer; harmless when it is already."""
    logic.RDFSerializer = Serializer


class Serializer(RDFSerializer):
    """ckanext-dcat's serializer, with addresses of pages that are addresses.

    ckanext-dcat 2.4.4 puts the question into them as it was typed: with a blank rdflib refuses to
    write the feed (the answer was an error 500), with an ampersand the next page would be asked
    something else.
    """

    def _add_pagination_triples(self, paging_info: dict[str, Any]) -> Any:
        sound = {k: _page(v) if isinstance(v, str) else v for k, v in paging_info.items()}
        return super()._add_pagination_triples(sound)


def _page(address: str) -> str:
    """The address of a page of the catalogue, its question encoded; the page's number is last."""
    asked = [(k, v) for k, v in toolkit.request.args.items() if k in _ASKED]
    query = urlencode([*asked, ("page", address.rpartition("page=")[2])])
    return f"{address.partition('?')[0]}?{query}"


class ThanhhoaProfile(RDFProfile):
    """To be listed after ``euro_dcat_ap_3``: it replaces what that made of our codes."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        self._texts(dataset_dict, dataset_ref)
        self._themes(dataset_dict, dataset_ref)
        self._codes(dataset_dict, dataset_ref)
        self._legislation(dataset_dict, dataset_ref)
        self._distributions(dataset_dict, dataset_ref)

    def _texts(self, dataset: dict[str, Any], ref: URIRef) -> None:
        for field, predicate in (("title", DCT.title), ("notes", DCT.description)):
            texts = [Literal(dataset[field], lang="vi")] if dataset.get(field) else []
            if dataset.get(f"{field}_en"):
                texts.append(Literal(dataset[f"{field}_en"], lang="en"))
            self._replace(ref, predicate, texts)

    def _themes(self, dataset: dict[str, Any], ref: URIRef) -> None:
        items = _items("theme", dataset.get("theme"))
        codes = dict.fromkeys(code for item in items for code in _listed(item.extra.get("eu")))
        self._replace(ref, DCAT.theme, [URIRef(_DATA_THEME + code) for code in codes])
        # Beside the EU's thirteen, our twenty in words.
        for item in items:
            self.g.add((ref, DCAT.keyword, Literal(item.ten, lang="vi")))

    def _codes(self, dataset: dict[str, Any], ref: URIRef) -> None:
        for field, predicate, codelist in (
            ("frequency", DCT.accrualPeriodicity, "frequency"),
            ("access_rights", DCT.accessRights, "access_class"),
            ("language", DCT.language, "language"),
        ):
            self._replace(ref, predicate, _uris(_items(codelist, dataset.get(field))))

    def _legislation(self, dataset: dict[str, Any], ref: URIRef) -> None:
        acts = []
        for item in _items("legal_basis", dataset.get("applicable_legislation")):
            act = URIRef(item.extra["uri"]) if item.extra.get("uri") else BNode()
            self.g.add((act, RDF.type, URIRef("http://data.europa.eu/eli/ontology#LegalResource")))
            self.g.add((act, RDFS.label, Literal(item.ten, lang="vi")))
            acts.append(act)
        self._replace(ref, DCATAP.applicableLegislation, acts)

    def _distributions(self, dataset: dict[str, Any], ref: URIRef) -> None:
        licences = _items("licence", dataset.get("license_id"))
        for distribution in self.g.objects(ref, DCAT.distribution):
            self._replace(distribution, DCT.license, [_licence(self, item) for item in licences])
            for address in (DCAT.accessURL, DCAT.downloadURL):
                if not any(str(url) for url in self.g.objects(distribution, address)):
                    self.g.remove((distribution, address, None))

    def _replace(self, subject: Any, predicate: Any, values: Iterable[Any]) -> None:
        self.g.remove((subject, predicate, None))
        for value in values:
            self.g.add((subject, predicate, value))


def _licence(profile: RDFProfile, item: Item) -> Any:
    address = item.extra.get("uri") or item.extra.get("url")
    document = URIRef(address) if address else BNode()
    profile.g.add((document, RDF.type, DCT.LicenseDocument))
    profile.g.add((document, RDFS.label, Literal(item.ten, lang="vi")))
    return document


def _uris(items: Sequence[Item]) -> list[URIRef]:
    return [URIRef(item.extra["uri"]) for item in items if item.extra.get("uri")]


def _items(codelist: str, codes: Any) -> list[Item]:
    known = schemas.codelist(codelist)
    return [item for code in _listed(codes) if (item := known.get(str(code)))]


def _listed(value: Any) -> list[Any]:
    if value in (None, ""):
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
