"""DCAT catalogues: forms, pages, completeness, bounds, and where a catalogue is found."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from rdflib import Graph
from werkzeug import Response

from harvesters import mapping
from harvesters.model import End, Failure, Record
from harvesters.sources.dcat import SOURCE
from tests.bad_inputs import reading
from tests.harvesters.sources.web import Site, records

HEAD = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""
XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/">{}</rdf:RDF>'
)
TURTLE = "text/turtle"
INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist/"
CATALOGUE = '{"@id": "urn:dm", "@type": "http://www.w3.org/ns/dcat#Catalog"}'


@pytest.fixture
def site(httpserver):
    return Site(httpserver)


def dataset(name, title=None, more=""):
    return f'<urn:bo:{name}> a dcat:Dataset ; dct:title "{title or name}"@vi {more}.\n'


def page(*names, head="", total=None):
    view = f"<> a hydra:PartialCollectionView {head} .\n" if head else ""
    count = f"<urn:dm> a hydra:Collection ; hydra:totalItems {total} .\n" if total else ""
    return HEAD + "<urn:dm> a dcat:Catalog .\n" + view + count + "".join(map(dataset, names))


def kinds(items):
    return Counter(type(item).__name__ for item in items)


def ids(items):
    return [item.remote_id.removeprefix("urn:bo:") for item in records(items)]


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


def test_vietnamese_is_taken_first_and_english_beside_it(site):
    body = HEAD + (
        '<urn:bo:a> a dcat:Dataset ; dct:title "Rice"@en, "Lúa"@vi, "Riz"@fr ; '
        'dct:description "Riz."@fr, "Rice."@en-GB ; '
        'dcat:keyword "riz"@fr, "rice"@en, "lúa"@vi, "ST25" .\n'
        '<urn:bo:b> a dcat:Dataset ; dct:title "Only English"@en ; '
        'dcat:keyword "riz"@fr, "rice"@en .'
    )
    site.pages["/a"] = (body, TURTLE)
    first, second = records(site.read("dcat", "/a"))
    assert (first.fields["title"], first.fields["title_en"]) == ("Lúa", "Rice")
    assert first.fields["notes"] == "Rice."
    assert "notes_en" not in first.fields
    assert first.fields["tags"] == ["lúa", "ST25"]
    assert second.fields["title"] == "Only English"
    assert "title_en" not in second.fields
    assert second.fields["tags"] == ["rice"]


def test_only_unambiguous_eu_themes_become_themes_of_ours(site):
    eu = "<http://publications.europa.eu/resource/authority/data-theme/{}>"
    codes = [
        "AGRI",
        "ECON",
        "EDUC",
        "ENER",
        "ENVI",
        "GOVE",
        "HEAL",
        "JUST",
        "REGI",
        "SOCI",
        "TECH",
        "TRAN",
        "INTR",
        "OP_DATPRO",
    ]
    bodies = [dataset(code, more=f"; dcat:theme {eu.format(code)}") for code in codes]
    site.pages["/a"] = (HEAD + "".join(bodies), TURTLE)
    found = {r.fields["title"]: r.fields.get("theme") for r in records(site.read("dcat", "/a"))}
    assert {code: theme for code, theme in found.items() if theme} == {
        "AGRI": ["08"],
        "ENER": ["09"],
        "ENVI": ["20"],
        "HEAL": ["16"],
        "JUST": ["19"],
        "REGI": ["01"],
        "TRAN": ["12"],
    }


def test_a_theme_in_words_beside_its_eu_theme_is_read_back(site):
    eu = "<http://publications.europa.eu/resource/authority/data-theme/ECON>"
    body = dataset("a", more=f'; dcat:theme {eu} ; dcat:keyword "Giá cả"@vi, "vàng"')
    other = dataset("b", more='; dcat:keyword "Giá cả"@vi')
    site.pages["/a"] = (HEAD + body + other, TURTLE)
    first, second = records(site.read("dcat", "/a"))
    assert (first.fields["theme"], first.fields["tags"]) == (["11"], ["vàng"])
    assert (second.fields.get("theme"), second.fields["tags"]) == (None, ["Giá cả"])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("<http://publications.europa.eu/resource/authority/frequency/QUARTERLY>", "QUARTERLY"),
        ("<http://purl.org/cld/freq/annual>", "ANNUAL"),
        ("<http://purl.org/cld/freq/semiannual>", "ANNUAL_2"),
        ("<http://publications.europa.eu/resource/authority/frequency/UPDATE_CONT>", "CONT"),
        ("<http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/asNeeded>", "IRREG"),
        (
            "<http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/notPlanned>",
            "NEVER",
        ),
        ('"R/P1W"', "WEEKLY"),
        ('"Hằng tháng"@vi', "MONTHLY"),
        ('"continual"', "CONT"),
    ],
)
def test_frequencies_of_other_vocabularies(site, said, code):
    site.pages["/a"] = (HEAD + dataset("a", more=f"; dct:accrualPeriodicity {said}"), TURTLE)
    (record,) = records(site.read("dcat", "/a"))
    assert record.fields["frequency"] == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("<https://creativecommons.org/licenses/by-sa/4.0/deed.vi>", "CC-BY-SA-4.0"),
        ("<http://publications.europa.eu/resource/authority/licence/CC_BY_4_0>", "CC-BY-4.0"),
        ("<http://dcat-ap.de/def/licenses/cc-zero>", "CC0-1.0"),
        ("<http://www.opendefinition.org/licenses/odc-odbl>", "odc-odbl"),
        ('"Creative Commons Attribution 4.0"', "CC-BY-4.0"),
    ],
)
def test_licences_of_other_vocabularies(site, said, code):
    body = dataset(
        "a", more=f"; dcat:distribution [ dcat:accessURL <http://x/a> ; dct:license {said} ]"
    )
    site.pages["/a"] = (HEAD + body, TURTLE)
    (record,) = records(site.read("dcat", "/a"))
    assert record.fields["license_id"] == code


def test_persons_are_no_contacts(site):
    """The organisation stands for them, and a mailbox that is an office's."""
    vcard = "http://www.w3.org/2006/vcard/ns#"
    foaf = "http://xmlns.com/foaf/0.1/"

    def one(name, more, fn, email):
        contact = f'[ a <{vcard}{more}> ; <{vcard}fn> "{fn}" ; <{vcard}hasEmail> <mailto:{email}> ;'
        contact += f" <{vcard}hasTelephone> <tel:0912345678> ]"
        office = f'dct:publisher [ <{foaf}name> "Sở Nội vụ" ]'
        return dataset(name, more=f"; dcat:contactPoint {contact} ; {office}")

    site.pages["/a"] = (
        HEAD
        + one("1", "Individual", "Jane Doe", "jane.doe@agency.gov")
        + one("2", "Kind", "Nguyễn Thị Lan", "vanthu@noivu.example")
        + one("3", "Organization", "Phòng Cải cách hành chính", "cchc@noivu.example"),
        TURTLE,
    )
    found = [record.fields["contact"] for record in records(site.read("dcat", "/a"))]
    assert found == [
        [{"name": "Sở Nội vụ"}],
        [{"name": "Sở Nội vụ", "email": "vanthu@noivu.example"}],
        [
            {
                "name": "Phòng Cải cách hành chính",
                "email": "cchc@noivu.example",
                "phone": "0912345678",
            }
        ],
    ]


def test_different_licences_of_files_are_no_licence_of_the_dataset(site):
    files = ", ".join(
        f"[ dcat:accessURL <http://x/{n}> ; dct:license <http://x/l/{n}> ]" for n in "ab"
    )
    site.pages["/a"] = (HEAD + dataset("a", more=f"; dcat:distribution {files}"), TURTLE)
    (record,) = records(site.read("dcat", "/a"))
    assert "license_id" not in record.fields
    assert [r.fields["licence"] for r in record.resources] == ["http://x/l/a", "http://x/l/b"]


def test_what_no_rule_of_the_portal_takes_is_dropped_with_a_note(site):
    body = dataset(
        "a",
        more="""; dct:issued "31/02/2024" ; dct:modified "2024-03-01Z"^^xsd:date ;
        dct:language "ca", "vi" ; dct:accessRights "Sur demande"@fr ;
        dct:license <http://x/own-licence> ; dct:temporal "2025/2024" ;
        dcat:landingPage "khong-co" ;
        dcat:contactPoint [ <http://www.w3.org/2006/vcard/ns#hasEmail> "no address" ;
          <http://www.w3.org/2006/vcard/ns#hasTelephone> <tel:+84-call-me> ] """,
    )
    site.pages["/a"] = (HEAD + body, TURTLE)
    (record,) = records(site.read("dcat", "/a"))
    made, notes = mapping.map_record(
        "6e1e4e0c-2f4c-4a7b-9f3f-0d8a1c1d2e3f", record, SOURCE.mapping, {}
    )
    assert made.fields == {
        "title": "a",
        "modified": "2024-03-01",
        "language": ["vi"],
        "identifier": "urn:bo:a",
        "source_system": "127.0.0.1",
    }
    assert [(n.code, n.params["field"]) for n in record.notes] == [
        ("bad_value", "issued"),
        ("bad_value", "temporal_coverage"),
    ]
    assert [(n.code, n.params["field"]) for n in notes] == [("unknown_code", "license_id")]


def test_pages_are_followed_by_hydra_and_counted(site):
    next_ = "; hydra:next <{base}/a?page=2>"
    site.pages["/a"] = (page("1", "2", head=next_, total=3), TURTLE)
    site.pages["/a?page=2"] = (page("3", head="; hydra:previous <{base}/a>", total=3), TURTLE)
    items = site.read("dcat", "/a")
    assert (ids(items), items[-1]) == (["1", "2", "3"], End(True, 3))
    assert site.asked == ["/a", "/a?page=2"]


def test_a_next_page_is_followed_whatever_it_hangs_on(site):
    site.pages["/a"] = (HEAD + dataset("1") + "<urn:dm> hydra:next <{base}/a?page=2> .", TURTLE)
    site.pages["/a?page=2"] = (HEAD + dataset("2"), TURTLE)
    assert ids(site.read("dcat", "/a")) == ["1", "2"]


def test_pages_are_followed_by_a_link_header(site):
    link = '<https://elsewhere.example/x>; rel="canonical", <?page=2>; rel="next last"; title="a,b"'
    first = Response(page("1"), content_type=TURTLE)
    first.headers["Link"] = link
    site.pages["/a"] = first
    site.pages["/a?page=2"] = (page("2"), TURTLE)
    items = site.read("dcat", "/a")
    assert (ids(items), items[-1]) == (["1", "2"], End(True, None))


def test_pages_are_counted_by_a_parameter_that_is_configured(site):
    site.pages["/a?per=1&p=1"] = (page("1"), TURTLE)
    site.pages["/a?per=1&p=2"] = (page("2"), TURTLE)
    site.pages["/a?per=1&p=3"] = (page(), TURTLE)
    site.pages["/a?per=1"] = site.pages["/a?per=1&p=1"]
    assert ids(site.read("dcat", "/a?per=1", page="p")) == ["1", "2"]
    site.asked.clear()
    items = site.read("dcat", "/a?per=1&p=1", page="p")
    assert (ids(items), items[-1]) == (["1", "2"], End(True, None))
    assert site.asked == ["/a?per=1&p=1", "/a?per=1&p=2", "/a?per=1&p=3"]


def test_a_source_that_ignores_the_page_parameter_is_never_complete(site):
    site.pages["/a"] = (page("1", "2"), TURTLE)
    items = site.read("dcat", "/a", page="page")
    assert ids(items) == ["1", "2"]
    assert (items[-1].complete, items[-1].problem.code) == (False, "page_repeated")
    assert len(site.asked) == 2


def test_pages_that_overlap_give_each_dataset_once(site):
    site.pages["/a"] = (page("1", "2", head="; hydra:next <{base}/a?page=2>", total=3), TURTLE)
    site.pages["/a?page=2"] = (page("2", "3", total=3), TURTLE)
    items = site.read("dcat", "/a")
    assert (ids(items), items[-1]) == (["1", "2", "3"], End(True, 3))


def test_fewer_datasets_than_the_catalogue_counts_are_incomplete(site):
    site.pages["/a"] = (page("1", "2", total=9), TURTLE)
    end = site.read("dcat", "/a")[-1]
    assert (end.complete, end.expected, end.problem.code) == (False, 9, "incomplete_listing")
    assert dict(end.problem.params) == {"seen": "2", "expected": "9"}


@pytest.mark.parametrize("next_", ["<{base}/a>", "<{base}/a?page=2>", '"?page=2"'])
def test_a_circle_of_pages_ends(site, next_):
    site.pages["/a"] = (page("1", head=f"; hydra:next {next_}"), TURTLE)
    site.pages["/a?page=2"] = (page("2", head="; hydra:next <{base}/a>"), TURTLE)
    items = site.read("dcat", "/a")
    assert (items[-1].complete, items[-1].problem.code) == (False, "page_repeated")
    assert len(site.asked) <= 2


def test_a_page_that_fails_leaves_the_listing_without_an_end(site):
    site.pages["/a"] = (page("1", head="; hydra:next <{base}/a?page=2>"), TURTLE)
    site.pages["/a?page=2"] = ("<html>gone", "text/html")
    assert site.code("dcat", "/a") == "html_instead_of_data"


def test_the_next_page_at_an_inner_name_is_asked_where_the_first_was(site):
    head = "; hydra:next <https://inner.local:8443/a?page=2>"
    site.pages["/a"] = (page("1", head=head), TURTLE)
    site.pages["/a?page=2"] = (page("2"), TURTLE)
    assert ids(site.read("dcat", "/a")) == ["1", "2"]


def test_a_next_page_elsewhere_needs_a_grant(site):
    site.pages["/a"] = (page("1", head="; hydra:next <http://169.254.169.254/b>"), TURTLE)
    assert site.code("dcat", "/a") == "host_not_granted"


def test_two_datasets_of_one_identifier_are_both_given(site):
    """The run says `duplicate_id`; a reader that kept one would hide the mistake."""
    body = '[] a dcat:Dataset ; dct:identifier "x" ; dct:title "{}" .\n'
    site.pages["/a"] = (HEAD + body.format("Một") + body.format("Hai"), TURTLE)
    assert ids(site.read("dcat", "/a")) == ["x", "x"]


def test_a_dataset_without_any_name_fails_alone(site):
    body = HEAD + "<urn:dm> a dcat:Catalog ; dcat:dataset [ a dcat:Dataset ] .\n" + dataset("b")
    site.pages["/a"] = (body, TURTLE)
    items = site.read("dcat", "/a")
    assert [(i.problem.code, i.problem.record) for i in items if isinstance(i, Failure)] == [
        ("missing_value", None)
    ]
    assert (ids(items), items[-1].complete) == (["b"], True)


def test_a_related_dataset_without_a_title_is_no_dataset_of_the_catalogue(site):
    body = HEAD + dataset("a", more="; dct:relation <urn:bo:x>") + "<urn:bo:x> a dcat:Dataset .\n"
    site.pages["/a"] = (body, TURTLE)
    assert kinds(site.read("dcat", "/a")) == {"Record": 1, "End": 1}


def test_an_empty_catalogue_is_a_complete_listing_of_nothing(site):
    site.pages["/a"] = (HEAD + "<urn:dm> a dcat:Catalog .", TURTLE)
    assert site.read("dcat", "/a") == [End(True, None)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "truncated"),
        ("{}", "unexpected_answer"),
        ("[]", "unexpected_answer"),
        ("null", "not_rdf"),
        ('{"error": {"message": "Hết phiên"}, "success": false}', "api_error"),
        ('{"@context": {"a": "http://a/"', "truncated"),
        (HEAD + "<urn:bo:a> a dcat:Dataset ; dct:title ", "not_rdf"),
        (XML.format("<dcat:Dataset>"), "not_xml"),
        (XML.format("")[:-9], "truncated"),
        ("<?xml version='1.0'?><feed/>", "unexpected_answer"),
        ("\x00\x01\x02", "not_rdf"),
        ("Error: read timed out", "not_rdf"),
        ('<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://169.254.169.254/x.dtd"><a/>', "not_xml"),
        ("[" * 100_000, "too_deep"),
        ('{"a":' * 100_000, "too_deep"),
        (HEAD + "<urn:a> dct:title " + "[ dct:title " * 50_000, "too_deep"),
    ],
    ids=range(16),
)  # fmt: skip
def test_what_is_no_catalogue_is_named(site, body, code):
    site.pages["/a"] = (body, "application/octet-stream")
    found = site.code("dcat", "/a")
    assert found == code
    assert site.asked == ["/a"]


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


def test_a_document_of_too_many_triples_is_refused(site):
    site.pages["/a"] = (page(*map(str, range(200))), TURTLE)
    assert site.code("dcat", "/a", max_triples=300) == "too_large"
    assert len(records(site.read("dcat", "/a", max_triples=500))) == 200


def test_a_file_in_a_granted_folder(tmp_path):
    from harvesters.fetch.fetcher import Fetcher
    from harvesters.registry import settings_of

    path = tmp_path / "danh-muc.ttl"
    path.write_text(page("1", "2"), encoding="utf-8")
    with Fetcher((str(tmp_path),)) as fetch:
        items = list(SOURCE.read(settings_of("dcat", str(path), {}), fetch, {}))
    assert (ids(items), items[-1]) == (["1", "2"], End(True, None))


def test_relative_addresses_are_those_of_the_document(site):
    files = '; dcat:distribution [ dcat:downloadURL <tep/a.csv> ], [ dcat:accessURL "/b c.csv" ]'
    body = HEAD + f'<bo/1> a dcat:Dataset ; dct:title "Một" {files} .'
    site.pages["/kho/a"] = (body, TURTLE)
    (record,) = records(site.read("dcat", "/kho/a?x=1#y"))
    assert record.remote_id == f"{site.base}/kho/bo/1"
    urls = [resource.fields["url"] for resource in record.resources]
    assert set(urls) == {f"{site.base}/kho/tep/a.csv", f"{site.base}/b%20c.csv"}


HTML = '<!doctype html><html><head><link rel="alternate" type="{}" href="{}"></head></html>'


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        (
            {"/": HTML.format("text/turtle; charset=utf-8", "/x.ttl"), "/x.ttl": page("1")},
            "/x.ttl",
        ),
        (
            {"/": HTML.format("application/ld+json", "x.jsonld"), "/catalog.ttl": page("1")},
            "/catalog.ttl",
        ),
        ({"/": "<html>", "/catalog.jsonld": CATALOGUE}, "/catalog.jsonld"),
        (
            {
                "/": HTML.format("text/turtle", "http://other.example/x"),
                "/catalog.rdf": XML.format('<dcat:Catalog rdf:about="urn:dm"/>'),
            },
            "/catalog.rdf",
        ),
    ],
)
def test_a_web_page_leads_to_its_catalogue(site, pages, found):
    site.pages |= pages
    probe = site.probe("dcat", "/")
    assert probe is not None
    assert site.asked[-1] == found
    site.asked.clear()
    assert site.read("dcat", "/")[-1].complete
    assert site.asked[-1] == found


def test_probe_says_the_title_and_how_many(site):
    site.pages["/a"] = (page("1", "2", total=70), TURTLE)
    assert (site.probe("dcat", "/a").title, site.probe("dcat", "/a").datasets) == ("127.0.0.1", 70)
    site.pages["/a"] = (
        HEAD + '<urn:dm> a dcat:Catalog ; dct:title "Kho"@vi .' + dataset("1"),
        TURTLE,
    )
    assert (site.probe("dcat", "/a").title, site.probe("dcat", "/a").datasets) == ("Kho", 1)


@pytest.mark.parametrize(
    "body",
    [
        "<html><title>Trang chủ</title></html>",
        '{"success": true, "result": {}}',
        '{"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": [],'
        ' "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld"}',
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><Identify/></OAI-PMH>',
        '<csw:Capabilities xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"/>',
        "id,ten\n1,a\n",
    ],
)
def test_probe_says_no_to_others(site, body):
    site.pages["/a"] = (body, "text/html" if body.startswith("<html") else "text/plain")
    assert site.probe("dcat", "/a") is None
    assert site.probe("dcat", "/nothing-here") is None


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


def test_records_are_json_and_deterministic(site):
    site.pages["/a"] = (page("1", "2"), TURTLE)
    first, again = site.read("dcat", "/a"), site.read("dcat", "/a")
    assert first == again
    assert all(json.dumps(dict(item.fields)) for item in first if isinstance(item, Record))


def test_what_is_listed_but_described_nowhere_fails_and_is_not_withdrawn(site):
    listed = "<urn:dm> a dcat:Catalog ; dcat:dataset <urn:bo:1>, <urn:bo:2>, <{base}/bo/3>, [] .\n"
    site.pages["/a"] = (HEAD + listed + dataset("1"), TURTLE)
    items = site.read("dcat", "/a")
    problems = [item.problem for item in items if isinstance(item, Failure)]
    assert [(problem.code, problem.record) for problem in problems] == [
        ("missing_value", None),
        ("unexpected_answer", "urn:bo:2"),
        ("api_error", f"{site.base}/bo/3"),
    ]
    assert ids(items) == ["1"]


def test_what_an_earlier_page_only_names_a_later_one_may_describe(site):
    listed = "<urn:dm> a dcat:Catalog ; dcat:dataset <urn:bo:1>, <urn:bo:2> .\n"
    next_ = "<> hydra:next <{base}/a?page=2> .\n"
    site.pages["/a"] = (HEAD + listed + next_ + dataset("1"), TURTLE)
    site.pages["/a?page=2"] = (HEAD + listed + dataset("2"), TURTLE)
    items = site.read("dcat", "/a")
    assert kinds(items) == {"Record": 2, "End": 1}
    assert len(site.asked) == 2


def test_each_problem_is_said_well(site):
    site.pages["/a"] = (HEAD + "<urn:a> dct:title ", TURTLE)
    site.pages["/b"] = json.dumps({"@context": "https://schema.org", "@type": "Dataset"})
    for path in ("/a", "/b"):
        found, error = reading.read("dcat", site.base + path, site.allow)
        (problem,) = reading.problems(found, error)
        reading.assert_said_well(problem)
