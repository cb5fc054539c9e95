"""DCAT-AP 3 feeds: parse as RDF, and say with the EU's codes what our codes mean."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF

from harvesters.model import Column, File, Table
from tests.ckanext.harvest_rig import create

DCAT = Namespace("http://www.w3.org/ns/dcat#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
EU = "http://publications.europa.eu/resource/authority/"
FIELDS = {
    "title": "Dân số trung bình phân theo xã",
    "title_en": "Average population by commune",
    "notes": "Số liệu của Cục Thống kê.",
    "theme": ["02"],
    "tags": ["dân số"],
    "frequency": "ANNUAL",
    "license_id": "CC-BY-4.0",
    "language": ["vi"],
    "temporal_coverage": [
        {"start_period": "2011", "end_period": "2024", "start": "2011-01-01", "end": "2024-12-31"}
    ],
    "spatial_coverage": [{"code": "38", "text": "Tỉnh Thanh Hóa"}],
    "contact": [{"name": "Phòng Tổng hợp", "email": "tonghop@thanhhoa.gov.vn"}],
    "issued": "2024-06-30",
    "identifier": "V02.03",
}


@pytest.fixture
def dataset(harvest: Any) -> Any:
    table = Table((Column("nam", "integer", "Năm"),), ((2024,),))
    file = File("Dân số.xlsx", "application/vnd.ms-excel", b"x")
    made = harvest.dataset(
        "r",
        [
            harvest.resource("r", "tệp", file=file, format="XLSX"),
            harvest.resource("r", "bảng", table=table, format="CSV"),
            harvest.resource("r", "liên kết", url="https://example.org/a.json", format="JSON"),
        ],
        **FIELDS,
    )
    (outcome,) = harvest.apply([create("r", made)])
    assert outcome.problem is None
    return made


@pytest.mark.parametrize(
    ("ending", "form"), [("ttl", "turtle"), ("jsonld", "json-ld"), ("rdf", "xml")]
)
def test_a_dataset_speaks_the_eus_codes(dataset: Any, browse: Any, ending: str, form: str) -> None:
    graph = _graph(browse(f"/dataset/{dataset.id}.{ending}"), form)
    (ref,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert set(graph.objects(ref, DCTERMS.title)) == {
        Literal(FIELDS["title"], lang="vi"),
        Literal(FIELDS["title_en"], lang="en"),
    }
    assert URIRef(EU + "data-theme/SOCI") in set(graph.objects(ref, DCAT.theme))
    for predicate, code in (
        (DCTERMS.accrualPeriodicity, "frequency/ANNUAL"),
        (DCTERMS.accessRights, "access-right/PUBLIC"),
        (DCTERMS.language, "language/VIE"),
    ):
        assert list(graph.objects(ref, predicate)) == [URIRef(EU + code)]
    (period,) = graph.objects(ref, DCTERMS.temporal)
    assert str(graph.value(period, DCAT.startDate)) == "2011-01-01"
    (place,) = graph.objects(ref, DCTERMS.spatial)
    assert "Thanh Hóa" in {str(o)[-9:] for o in graph.objects(place)}
    assert str(graph.value(ref, DCTERMS.identifier)) == "V02.03"


def test_each_resource_is_a_distribution_with_its_address(dataset: Any, browse: Any) -> None:
    graph = _graph(browse(f"/dataset/{dataset.id}.ttl"), "turtle")
    (ref,) = graph.subjects(RDF.type, DCAT.Dataset)
    distributions = list(graph.objects(ref, DCAT.distribution))
    addresses = {str(graph.value(d, DCAT.accessURL)) for d in distributions}
    assert len(distributions) == len(addresses) == 3
    assert "https://example.org/a.json" in addresses
    assert any("/download/dan-so.xlsx" in address for address in addresses)
    licence = URIRef(EU + "licence/CC_BY_4_0")
    assert {graph.value(d, DCTERMS.license) for d in distributions} == {licence}


@pytest.mark.parametrize(
    ("ending", "form"), [("ttl", "turtle"), ("jsonld", "json-ld"), ("xml", "xml")]
)
def test_the_catalogue_lists_the_dataset(dataset: Any, browse: Any, ending: str, form: str) -> None:
    graph = _graph(browse(f"/catalog.{ending}?q=id:{dataset.id}"), form)
    assert len(list(graph.subjects(RDF.type, DCAT.Dataset))) == 1
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    assert len(list(graph.objects(catalogue, DCAT.dataset))) == 1


@pytest.mark.parametrize(
    ("ending", "form"), [("ttl", "turtle"), ("jsonld", "json-ld"), ("xml", "xml")]
)
def test_the_pages_of_a_question_in_words_ask_the_same_question(
    dataset: Any, browse: Any, ending: str, form: str
) -> None:
    asked = {"q": "dân số trung bình", "fq": f'id:{dataset.id} AND -title:"a & b #1+%"'}
    graph = _graph(browse(f"/catalog.{ending}?{urlencode({**asked, 'lạ': 'x y'})}"), form)
    assert len(list(graph.subjects(RDF.type, DCAT.Dataset))) == 1
    (view,) = graph.subjects(RDF.type, HYDRA.PagedCollection)
    for address in (str(view), str(graph.value(view, HYDRA.first))):
        assert address == str(URIRef(address).n3())[1:-1]
        assert urlsplit(address).path == f"/catalog.{ending}"
        assert dict(parse_qsl(urlsplit(address).query)) == {**asked, "page": "1"}


def _graph(answer: Any, form: str) -> Graph:
    assert answer.status_code == 200
    graph = Graph()
    graph.parse(data=answer.get_data(as_text=True), format=form)
    return graph
