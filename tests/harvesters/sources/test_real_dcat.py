"""Catalogues as they were recorded, each compared with its file by eye."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harvesters import mapping
from harvesters.fetch import Response
from harvesters.model import End
from harvesters.sources._dcat_graph import listing, to_record
from harvesters.sources._rdf import parse
from harvesters.sources.dcat import SOURCE
from tests import recorded
from tests.harvesters.sources.web import Site, records
from tests.recorded.settings import ADDRESS

REAL = recorded.REAL / "dcat"
SOURCE_ID = "0f6a3c1e-2f0c-4d8e-9a59-b2d6f3a1c7e4"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason=recorded.NOT_HERE)

#: Files by name: titles and numbers of files in their order.
FILES = {
    "catalog_pod.jsonld": {"U.S. Widget Manufacturing Statistics": 4},
    "catalog_with_at_graph.jsonld": {"Title dataset": 1},
    "dataset_gob_es.ttl": {
        "Estudio de Satisfacción con el Programa de Escuelas Municipales de Promoción "
        "Deportiva en centros escolares": 1
    },
    "dataset_gov_de.rdf": {"Liefer- und Abholservices (Gastronomie)": 9},
    "dataset_multilingual.ttl": {"Test DCAT dataset": 1},
    "dataset_sweden.rdf": {"Linked Nobel prizes": 1},
    "fr_bnodes.xml": {"Dataset 3": 1, "Dataset 1": 2, "Dataset 2": 2},
    "fr_capatlantique_dcat.rdf": {"Arrêtés du CCAS de Guérande": 2},
    "fr_catalog.xml": {"Dataset 3": 1, "Dataset 1": 3, "Dataset 2": 2, "Dataset 4": 2},
    "fr_datara--5a26b0f6-0ccf-46ad-ac58-734054b91977.rdf.xml": {
        "Campings issus de la BDTopo de Auvergne Rhône-Alpes": 1
    },
    "fr_geonetwork.xml": {
        "Data of type chemistry in Le Gardon basin, from the Observatory of the former mining "
        "site of Carnoulès (TO Carnoules)": 0
    },
    "fr_paged-collection-1.jsonld": {"Dataset 1": 1, "Dataset 2": 1, "Dataset 3": 1},
    "fr_paged-collection-2.jsonld": {"Dataset 1": 1},
    "fr_series.xml": {"DCE – Bassin Artois-Picardie - Etat global": 2},
    "fr_udata.xml": {
        "Ville de Vanves - Part des véhicules à faibles émissions dans le renouvellement du "
        "parc": 2,
        "Bureaux de vote - Vanves": 4,
    },
    "made_udata_catalog.jsonld": {"Air quality": 0, "Population": 0},
}


def read(name, base=None):
    base = base or ADDRESS[f"dcat/{name}"]
    graph = parse(Response(base, (REAL / name).read_bytes()), base, 10_000)
    return [to_record(graph, node, base) for node in listing(graph).datasets]


def mapped(record):
    made, _ = mapping.map_record(SOURCE_ID, record, SOURCE.mapping, {})
    return made


def test_no_recorded_catalogue_is_forgotten():
    names = {path.name for path in REAL.glob("*") if path.suffix not in (".md", ".json")}
    assert names == {*FILES, "fr_ckan.rdf"}


@pytest.mark.parametrize("name", FILES)
def test_titles_and_files(name):
    found = read(name)
    expected = FILES[name]
    assert {r.fields["title"]: len(r.resources) for r in found} == expected
    for record in found:
        made = mapped(record)
        assert made.fields["title"] == record.fields["title"]
        json.dumps(made.to_json())
        assert all(r.fields["url"].startswith("http") for r in record.resources)


def test_a_catalogue_of_germany_with_checksums_and_shapes():
    (record,) = read("dataset_gov_de.rdf")
    fields = mapped(record).fields
    assert fields["license_id"] == "CC0-1.0"
    assert fields["access_rights"] == "PUBLIC"
    assert (fields["issued"], fields["modified"]) == ("2020-04-21", "2024-05-08")
    assert fields["identifier"] == "c1be4007-d811-48fb-8818-2cb358b06a63"
    assert "theme" not in fields  # ECON is eight of ours
    assert "language" not in fields  # German is not in our list
    assert fields["tags"][0] == "gastronomiebetriebe"
    assert fields["contact"] == [
        {
            "name": "Hanse- und Universitätsstadt Rostock – Kataster-, Vermessungs- und "
            "Liegenschaftsamt",
            "email": "geodienste@rostock.de",
        }
    ]
    (place,) = fields["spatial_coverage"]
    assert json.loads(place["geom"])["coordinates"][0][2] == [12.3045, 54.2466]
    first = record.resources[0].fields
    assert (first["size"], first["mimetype"]) == (147253, "application/geo+json")
    assert (first["hash"][:8], first["hash_algorithm"]) == ("1d5a3926", "sha256")
    formats = Counter(r.fields.get("format") for r in record.resources)
    assert (formats["GEOJSON"], formats["WMS"], formats["WFS"]) == (1, 1, 1)


def test_a_dataset_of_spain_with_a_duration_for_a_frequency():
    (record,) = read("dataset_gob_es.ttl")
    assert record.fields["frequency"] == "ANNUAL"
    assert record.fields["tags"] == ["deporte escolar", "escuelas", "promoción"]
    assert record.fields["publisher"]["name"] == "Ayuntamiento de Madrid"
    assert record.fields["modified"] == "2024-04-15"
    (file,) = record.resources
    assert (file.fields["size"], file.fields["format"]) == (43008, "XLS")
    assert file.fields["mimetype"] == "application/vnd.ms-excel"


def test_a_dataset_in_three_languages_none_of_them_ours():
    (record,) = read("dataset_multilingual.ttl")
    fields = mapped(record).fields
    assert (fields["title"], fields["notes"]) == ("Test DCAT dataset", "Some description")
    assert fields["tags"] == ["Oaks", "Pines"]
    assert [c["identifier"] for c in fields["contact"]] == ["123", "456"]
    assert fields["provenance"] == "Statement about provenance"
    assert (fields["version"], fields["language"]) == ("1.0b", ["en"])
    assert record.resources[0].fields["language"] == ["en"]


def test_a_dataset_of_sweden_with_nodes_for_values():
    (record,) = read("dataset_sweden.rdf")
    fields = mapped(record).fields
    assert fields["frequency"] == "DAILY"
    assert fields["contact"] == [
        {"name": "Nobel Media AB", "email": "info@nobelmedia.org", "phone": "086631722"}
    ]
    assert fields["temporal_coverage"] == [{"start": "1905-03-01", "end": "2013-01-05"}]
    assert fields["spatial_coverage"][0]["text"] == "Stockholm"
    assert fields["url"] == "http://data.nobelprize.org/"


def test_blank_nodes_are_named_by_their_identifiers():
    found = {record.fields["title"]: record for record in read("fr_bnodes.xml")}
    assert found["Dataset 1"].remote_id == "1"
    assert found["Dataset 3"].remote_id == "http://data.test.org/dataset-3"
    # One of its two shapes has NaN for a latitude.
    assert found["Dataset 3"].fields["spatial_coverage"] == [{"uri": "http://wuEurope.com/"}]
    (place,) = found["Dataset 2"].fields["spatial_coverage"]
    assert json.loads(place["geom"])["coordinates"][0][0] == [-6, 51]


def test_a_catalogue_with_terms_old_and_new():
    found = {record.fields["title"]: record for record in read("fr_catalog.xml")}
    first = found["Dataset 1"].fields
    assert first["notes"].startswith("<h1>h1 title</h1>")  # dct:abstract
    assert first["contact"][0]["email"] == "hello@its.me"
    assert first["contact"][0]["url"] == "https://data.support.com"
    assert first["temporal_coverage"] == [{"start": "2016-01-01", "end": "2016-12-05"}]
    assert "frequency" not in mapped(found["Dataset 1"]).fields  # a term that does not exist
    assert found["Dataset 3"].fields["frequency"] == "DAILY"
    file = found["Dataset 1"].resources[0].fields
    assert (file["size"], file["mimetype"]) == (12323, "application/json")
    assert (file["issued"], file["modified"]) == ("2018-03-12", "2018-03-14")
    assert [r.remote_id for r in found["Dataset 4"].resources] == [
        "http://data.test.org/datasets/4/resources/1",
        "http://data.test.org/datasets/4/resources/2",
    ]


def test_geonetworks_names_what_it_does_not_describe():
    (record,) = read("fr_geonetwork.xml")
    assert [note.code for note in record.notes] == ["link_left_out"] * 4
    fields = mapped(record).fields
    assert (fields["issued"], fields["modified"]) == ("2004-11-03", "2021-05-05")
    assert fields["temporal_coverage"] == [{"start": "2004-11-03", "end": "2005-03-30"}]
    assert (fields["frequency"], fields["language"]) == ("CONT", ["en"])
    assert fields["quality_statement"].startswith("The measured parameters are: Aluminium")
    assert "url" not in fields  # its address is two addresses
    assert json.loads(fields["spatial_coverage"][0]["geom"])["coordinates"][0][0][0] == 3.98197778


def test_geodcat_with_shapes_in_four_forms_and_empty_dates():
    (record,) = read("fr_datara--5a26b0f6-0ccf-46ad-ac58-734054b91977.rdf.xml")
    (place,) = record.fields["spatial_coverage"]
    assert json.loads(place["bbox"])["coordinates"][0][0] == [2.06287814767608, 46.8042870493687]
    assert not {"issued", "modified"} & set(record.fields)
    assert record.notes == ()
    assert record.resources[0].fields["encoding"] == "UTF-8"


def test_a_series_that_is_a_dataset_too():
    (record,) = read("fr_series.xml")
    assert mapped(record).fields["theme"] == ["20"]
    assert record.fields["frequency"] == "IRREG"
    assert [r.fields["url"][-10:] for r in record.resources] == ["wms/dce_ap", "wfs/dce_ap"]


def test_opendatasoft_behind_udata():
    first, second = read("fr_udata.xml")
    assert [r.fields["format"] for r in second.resources] == ["csv", "json", "json", "zip"]
    assert first.resources[0].fields["access_url"].startswith("https://www.data.gouv.fr/datasets/r")
    assert second.fields["tags"] == [
        "administration-finances-publiques",
        "bureaux-de-vote",
        "elections",
    ]


def test_the_first_example_of_project_open_data():
    (record,) = read("catalog_pod.jsonld")
    fields = mapped(record).fields
    assert record.remote_id == "http://www.agency.gov/datasets/widgets-data"
    assert (fields["license_id"], fields["frequency"]) == ("CC0-1.0", "ANNUAL")
    assert fields["identifier"] == "widgets-0001"
    assert fields["temporal_coverage"] == [{"start": "2009-09-01", "end": "2010-05-31"}]
    assert [r.fields["mimetype"] for r in record.resources[:3]] == [
        "text/csv",
        "application/zip",
        "application/json",
    ]


def test_two_recorded_pages_follow_one_another(httpserver):
    site = Site(httpserver)
    site.pages["/catalog.jsonld"] = (REAL / "fr_paged-collection-1.jsonld").read_bytes()
    site.pages["/catalog.jsonld?page=2"] = (REAL / "fr_paged-collection-2.jsonld").read_bytes()
    items = site.read("dcat", "/catalog.jsonld")
    assert [r.fields["identifier"] for r in records(items)] == ["1", "2", "3", "4"]
    assert items[-1] == End(True, 4)
    assert site.asked == ["/catalog.jsonld", "/catalog.jsonld?page=2"]


def test_a_page_of_ckan_of_a_hundred_datasets(httpserver):
    site = Site(httpserver)
    page = (REAL / "fr_ckan.rdf").read_bytes()
    site.pages["/catalog.rdf"] = page
    site.pages["/catalog.rdf?page=2"] = page.replace(b"nextPage", b"previousPage")
    items = site.read("dcat", "/catalog.rdf")
    found = records(items)
    assert len(found) == 100
    assert sum(len(record.resources) for record in found) == 140
    assert (items[-1].complete, items[-1].expected) == (False, 2561)
    school = next(r for r in found if r.fields["title"] == "Edo State Schools")
    assert school.fields["tags"] == ["Edo", "Schools"]
    assert school.resources[0].fields["url"].endswith("/download/edosecondaryschoolmapping.csv")
    for record in found:
        mapped(record)


def test_a_recorded_catalogue_whose_next_page_is_not_granted(httpserver):
    site = Site(httpserver)
    site.pages["/api/"] = (REAL / "made_udata_catalog.jsonld").read_bytes()
    assert site.code("dcat", "/api/") == "host_not_granted"
