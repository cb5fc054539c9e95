"""What CKAN and its clients ask of the index works as with CKAN's own schema."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import ckan
import pytest
from ckan.lib.search import SearchQueryError, check_solr_schema_version
from ckanext.thanhhoa.search_fields import IN_SOLR

CONF = Path(__file__).parents[2] / "docker" / "solr" / "conf"
STOCK = Path(ckan.__file__).parent / "config" / "solr" / "schema.xml"


def fields(path):
    """Name of each (dynamic) field: what a client can see of it."""
    root = ElementTree.parse(path).getroot()
    return {
        field.get("name"): (
            field.get("indexed", "true"),
            field.get("stored", "true"),
            field.get("multiValued", "false"),
        )
        for field in root.iter()
        if field.tag in ("field", "dynamicField")
    }


def copies(path):
    root = ElementTree.parse(path).getroot()
    return {(copy.get("source"), copy.get("dest")) for copy in root.iter("copyField")}


def test_every_field_of_ckan_is_there_and_as_visible_as_there():
    ours, stock = fields(CONF / "schema.xml"), fields(STOCK)
    # Solr wants a number with docValues here for its update log; CKAN never reads it.
    del stock["_version_"]
    assert {name: ours.get(name) for name in stock} == stock


def test_everything_ckan_gathers_for_full_text_is_gathered():
    # Copying a field to itself does nothing.
    assert copies(STOCK) - {("text", "text")} <= copies(CONF / "schema.xml")


def test_every_field_of_the_schema_can_be_asked_for_by_name():
    assert {name for name in fields(CONF / "schema.xml") if "*" not in name} == IN_SOLR


def test_ckan_accepts_the_schema(site, monkeypatch):
    monkeypatch.setattr("ckan.lib.search.is_available", lambda: True)
    assert check_solr_schema_version(str(CONF / "schema.xml"))


@pytest.fixture(scope="module")
def three(site):
    return [
        site.add(
            "Ân hạn thuế",
            metadata_modified="2026-03-01T00:00:00.000000",
            tags=[{"name": "thuế"}, {"name": "ngân sách nhà nước"}],
            organization={"name": "so-tai-chinh", "title": "Sở Tài chính"},
            resources=[{"name": "a", "format": "CSV"}, {"name": "b", "format": "XLSX"}],
            license_id="cc-by",
            custom_field="Mã riêng",
            author="Lan",
            maintainer_email="lan@thanhhoa.gov.vn",
        ),
        site.add("Đất trồng lúa", metadata_modified="2026-02-01T00:00:00.000000", private=True),
        site.add("Dân tộc", metadata_modified="2026-04-01T00:00:00.000000", resources=[]),
    ]


def test_everything_is_sorted_by_the_newest(site, three):
    first, second, third = three
    assert site.names("*:*") == site.names("") == [third, first, second]
    assert site.names("*:*", rows=1, start=1) == [first]


@pytest.mark.parametrize(
    "fq",
    [
        "organization:so-tai-chinh",
        'tags:"ngân sách nhà nước"',
        "tags:thuế +res_format:CSV",
        "license_id:cc-by",
        'custom_field:"Mã riêng"',
        "extras_custom_field:riêng",
        "metadata_modified:[2026-02-15T00:00:00Z TO 2026-03-15T00:00:00Z]",
        "res_format:(CSV AND XLSX)",
        "title:(an han)",
    ],
)
def test_filters(site, three, fq):
    assert site.names("*:*", fq=fq) == [three[0]]


def test_facets_and_private_datasets(site, three):
    found = site.search(
        "*:*", **{"facet.field": ["res_format", "organization", "tags", "capacity"]}
    )
    assert found["facets"]["res_format"] == {"CSV": 1, "XLSX": 1}
    assert found["facets"]["organization"] == {"so-tai-chinh": 1}
    assert found["facets"]["capacity"] == {"public": 2, "private": 1}
    assert three[1] not in site.names("*:*", fq="+capacity:public")


def test_sorting(site, three):
    tax, land, people = three
    # CKAN's order is that of code points; the portal's own is that of the alphabet.
    assert site.names("*:*", sort="title_string asc") == [people, tax, land]
    assert site.names("*:*", sort="title_order asc") == [tax, people, land]
    assert site.names("*:*", sort="metadata_modified asc") == [land, tax, people]
    assert len(site.names("*:*", sort="views_recent desc, name asc")) == 3


def test_fielded_queries_stay_lucene_queries(site, three):
    tax, land, _ = three
    assert site.names("title:(thuế OR lúa)", sort="title_order asc") == [tax, land]
    assert site.names("title:đất AND capacity:private") == [land]
    assert site.names(f"name:{tax}") == [tax]


def test_completion_ignores_accents(site, three):
    assert site.names("title_ngram:dat") == site.names("title_ngram:đất") == [three[1]]


def test_the_fields_of_an_answer(site, three):
    [found] = site.search(f"name:{three[0]}", fl="name title license_id extras_custom_field")[
        "results"
    ]
    assert found == {
        "name": three[0],
        "title": "Ân hạn thuế",
        "license_id": "cc-by",
        "extras": {"custom_field": "Mã riêng"},
    }


def test_a_facet_that_does_not_exist_is_empty(site, three):
    assert site.search("*:*", **{"facet.field": ["khong_co"]})["facets"] == {"khong_co": {}}


@pytest.mark.parametrize(
    "field", ["text", "text_vi", "text_en", "notes", "title_ngram", "title_begin", "word_fold"]
)
def test_words_of_texts_are_no_facet(site, three, field):
    """Solr would hold every word of the catalogue in memory for it."""
    assert site.search("*:*", **{"facet.field": [field, "res_format"]})["facets"] == {
        field: {},
        "res_format": {"CSV": 1, "XLSX": 1},
    }


@pytest.mark.parametrize("field", ["title", "author", "maintainer_email", "extras_custom_field"])
def test_short_texts_sort_and_count_as_clients_of_ckan_ask(site, three, field):
    assert len(site.names("*:*", sort=f"{field} asc")) == 3
    if field != "title":
        assert site.search("*:*", **{"facet.field": [field]})["facets"][field]


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("{!lucene}title:x", {}),
        ("{!func}1", {}),
        ("title:(x", {}),
        ("title:[a TO", {}),
        ("*:*", {"fq": "{!frange l=0}1"}),
        ("*:*", {"fq": "title:(("}),
        ("*:*", {"sort": "no such order"}),
        ("*:*", {"start": 10**12}),
        ("dân tộc", {"start": 10**12}),
        ("dân tộc", {"fq": "khong_co:["}),
        pytest.param("từ " * 4_000, {}, id="too many characters"),
        pytest.param("x " * 200, {}, id="too many words"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(site, three, query, params):
    """A SearchQueryError is status 400, for pages and API alike."""
    with pytest.raises(SearchQueryError) as refused:
        site.search(query, **params)
    assert "solr" not in str(refused.value).lower()


def test_far_pages_are_empty_and_keep_the_count(site, three):
    found = site.search("dân tộc", start=1_000_000)
    assert (found["count"], found["results"]) == (1, [])


def test_pages_and_facets_belong_to_one_list(site, three):
    """Rows, start, facets and count are of one query, however it was understood."""
    every = site.search("thuế đất", **{"facet.field": ["res_format"]})
    pages = [site.names("thuế đất", rows=1, start=start) for start in range(every["count"])]
    assert [name for page in pages for name in page] == every["results"]
    assert every["count"] >= sum(every["facets"]["res_format"].values()) / 2


@pytest.mark.parametrize(
    "query",
    ['"', '"dân', "+", "-", "--", "+-+", "AND", "OR OR", "NOT", "(", "\\", "~~", "a AND", "\x00",
     "\ud800", "&&", "||", "x^", "a && ||", "/", "[* TO *]", "dân {!func}1", "-x", "!!!", "😀",
     "*", "?"],
)  # fmt: skip
def test_no_free_text_is_an_error(site, three, query):
    assert site.search(query)["count"] >= 0


def test_the_longest_queries_that_are_taken_are_answered(site, three):
    assert site.search("UBND CĐS " * 50)["count"] == 0
    assert site.search("đất " * 100)["count"] == 1
