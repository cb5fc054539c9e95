"""DCAT catalogues: pages, completeness, bounds, and where a catalogue is found."""

from __future__ import annotations

import json

import pytest
from werkzeug import Response

from harvesters.model import End, Failure, Record
from harvesters.sources.dcat import SOURCE
from tests.bad_inputs import reading
from tests.harvesters.sources.dcat_pages import HEAD, TURTLE, XML, dataset, ids, kinds, page
from tests.harvesters.sources.web import Site, records

CATALOGUE = '{"@id": "urn:dm", "@type": "http://www.w3.org/ns/dcat#Catalog"}'


@pytest.fixture
def site(httpserver):
    return Site(httpserver)


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
