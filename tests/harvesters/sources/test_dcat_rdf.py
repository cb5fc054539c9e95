"""RDF as it is written: its forms, contexts, literals, addresses, and any order."""

from __future__ import annotations

import json

import pytest
from rdflib import Graph

from harvesters.model import End
from tests.harvesters.sources.dcat_pages import HEAD, TURTLE, XML, dataset, ids
from tests.harvesters.sources.web import Site, records


@pytest.fixture
def site(httpserver):
    return Site(httpserver)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.ttl", TURTLE), ("a", "text/html"), ("a.rdf", "application/rdf+xml"), ("a.json", "")],
)
def test_the_form_is_told_by_what_comes_not_by_what_it_is_called(site, name, kind):
    bodies = {
        "turtle": HEAD + dataset("a"),
        "n-triples": (
            "<urn:bo:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
            "<http://www.w3.org/ns/dcat#Dataset> .\n"
            '<urn:bo:a> <http://purl.org/dc/terms/title> "a"@vi .\n'
        ),
        "rdf/xml": XML.format(
            '<dcat:Dataset rdf:about="urn:bo:a"><dct:title>a</dct:title></dcat:Dataset>'
        ),
        "rdf/xml with a BOM": "\ufeff<?xml version='1.0'?>"
        + XML.format('<dcat:Dataset rdf:about="urn:bo:a"><dct:title>a</dct:title></dcat:Dataset>'),
        "json-ld": json.dumps(
            {
                "@context": {"dcat": "http://www.w3.org/ns/dcat#", "t": "http://purl.org/dc/terms/title"},
                "@id": "urn:bo:a", "@type": "dcat:Dataset", "t": "a",
            }
        ),
        "json-ld list": json.dumps(
            [{"@id": "urn:bo:a", "@type": ["http://www.w3.org/ns/dcat#Dataset"],
              "http://purl.org/dc/terms/title": [{"@value": "a"}]}]
        ),
    }  # fmt: skip
    for form, body in bodies.items():
        site.pages[f"/{name}"] = (body, kind)
        items = site.read("dcat", f"/{name}")
        assert (ids(items), items[-1]) == (["a"], End(True, None)), form


def test_n_triples_are_read_line_by_line(site):
    body = (
        '<urn:bo:a> <http://purl.org/dc/terms/title> "d\\u00e2n s\\u1ed1"@vi .\n'
        "<urn:bo:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<http://www.w3.org/ns/dcat#Dataset> .\n"
    )
    site.pages["/a"] = (body, "application/n-triples")
    (record,) = records(site.read("dcat", "/a"))
    assert record.fields["title"] == "dân số"


def test_data_is_asked_for_before_web_pages(site):
    site.pages["/a"] = (HEAD + dataset("a"), TURTLE)
    site.read("dcat", "/a")
    assert site.accepted[0].startswith("application/rdf+xml")
    assert "text/turtle" in site.accepted[0]


@pytest.mark.parametrize(
    "context",
    [
        "https://schema.org/",
        ["https://www.w3.org/ns/dcat.jsonld", "http://169.254.169.254/c.jsonld"],
        {"@version": 1.1, "@import": "http://127.0.0.1/c.jsonld"},
        {"t": {"@id": "http://a/t", "@context": "c.jsonld"}},
    ],
)
def test_no_context_is_ever_fetched(site, context):
    body = {"@context": context, "@type": "http://www.w3.org/ns/dcat#Catalog"}
    site.pages["/a"] = (json.dumps(body), "application/ld+json")
    assert site.code("dcat", "/a") == "remote_context"
    inner = {"@context": {}, "@graph": [{"@context": context, "@id": "urn:a"}]}
    site.pages["/a"] = (json.dumps(inner), "application/ld+json")
    assert site.code("dcat", "/a") == "remote_context"
    assert site.asked == ["/a", "/a"]


def test_no_node_of_json_ld_is_lost_for_a_blank_in_its_address(site):
    """Neither the view, which would make the first page the whole catalogue, nor a dataset."""
    dcat, dct = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
    first = [
        {
            "@id": "{base}/a?q=x y&page=1",
            "@type": "http://www.w3.org/ns/hydra/core#PagedCollection",
            "http://www.w3.org/ns/hydra/core#nextPage": "{base}/a?q=x y&page=2",
        },
        {"@id": "http://x/một bộ", "@type": f"{dcat}Dataset", f"{dct}title": "Một"},
        {
            "@context": {"id": "@id", "file": {"@id": f"{dcat}distribution", "@type": "@id"}},
            "id": "http://x/hai bộ",
            "@type": f"{dcat}Dataset",
            f"{dct}title": "Hai",
            "file": "http://x/tệp a.csv",
        },
        {
            "@id": "urn:g",
            "@graph": [{"@id": "urn:bo:3", "@type": f"{dcat}Dataset", f"{dct}title": "Ba"}],
        },
    ]
    site.pages["/a"] = json.dumps(first)
    site.pages["/a?q=x%20y&page=2"] = site.pages["/a?q=x+y&page=2"] = HEAD + dataset("4", "Bốn")
    items = site.read("dcat", "/a")
    assert [r.fields["title"] for r in records(items)] == ["Một", "Hai", "Ba", "Bốn"]
    assert records(items)[0].remote_id == "http://x/một%20bộ"
    assert [note.code for note in records(items)[1].notes] == ["link_left_out"]


@pytest.mark.parametrize(
    "literal",
    [
        '"1E999999999"^^xsd:decimal',
        '"' + "9" * 20_000 + '"^^xsd:integer',
        '"P' + "9" * 20_000 + 'Y"^^xsd:duration',
        '"<!DOCTYPE a [<!ENTITY b \\"bb\\">]><a>&b;</a>"^^rdf:XMLLiteral',
        '"<i>' + "<b>" * 5_000 + '"^^rdf:HTML',
    ],
    ids=["decimal", "integer", "duration", "xml", "html"],
)
def test_literals_stay_as_they_are_written(site, literal):
    """rdflib's normal form of the first would be a text of a gigabyte."""
    body = dataset("a", more=f"; dct:description {literal}")
    site.pages["/a"] = (HEAD + body, TURTLE)
    (record,) = records(site.read("dcat", "/a"))
    written = literal.split('"^^')[0][1:].replace('\\"', '"')
    assert record.fields["notes"] == written


def test_relative_addresses_are_those_of_the_document(site):
    files = '; dcat:distribution [ dcat:downloadURL <tep/a.csv> ], [ dcat:accessURL "/b c.csv" ]'
    body = HEAD + f'<bo/1> a dcat:Dataset ; dct:title "Một" {files} .'
    site.pages["/kho/a"] = (body, TURTLE)
    (record,) = records(site.read("dcat", "/kho/a?x=1#y"))
    assert record.remote_id == f"{site.base}/kho/bo/1"
    urls = [resource.fields["url"] for resource in record.resources]
    assert set(urls) == {f"{site.base}/kho/tep/a.csv", f"{site.base}/b%20c.csv"}


def test_the_order_of_a_writer_of_rdf_changes_no_record(site):
    """Blank nodes have new names each time, and N-Triples come in any order."""
    vcard = "http://www.w3.org/2006/vcard/ns#"
    contacts = [f'[ <{vcard}fn> "Phòng {n}" ; <{vcard}hasEmail> <mailto:{n}@x.vn> ]' for n in "abc"]
    files = [f"[ dcat:accessURL <http://x/{n}> ]" for n in "123"]
    periods = [f'[ dcat:startDate "{y}" ; dcat:endDate "{y}" ]' for y in (2020, 2021)]

    def written(step):
        def several(values):
            return ", ".join(values[::step])

        body = dataset("a", more=f"""; dcat:contactPoint {several(contacts)} ;
            dcat:distribution {several(files)} ; dct:temporal {several(periods)} ;
            dcat:keyword "z", "y" """)  # fmt: skip
        site.pages["/a"] = (HEAD + body, TURTLE)
        return records(site.read("dcat", "/a"))

    first = written(1)
    assert written(-1) == first
    assert [c["name"] for c in first[0].fields["contact"]] != []
    assert len(first[0].resources) == 3

    graph = Graph().parse(data=HEAD + dataset("a", more='; dcat:keyword "z", "y", "x"'))
    lines = sorted(graph.serialize(format="nt").splitlines())
    found = []
    for order in (lines, lines[::-1]):
        site.pages["/a"] = ("\n".join(order), "application/n-triples")
        found.append(records(site.read("dcat", "/a")))
    assert found[0] == found[1]
    assert found[0][0].fields["tags"] == ["x", "y", "z"]
