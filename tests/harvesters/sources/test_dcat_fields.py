"""What a DCAT dataset says, in the portal's fields: words, themes, licences, contacts."""

from __future__ import annotations

import pytest

from harvesters import mapping
from harvesters.sources.dcat import SOURCE
from tests.harvesters.sources.dcat_pages import HEAD, TURTLE, dataset
from tests.harvesters.sources.web import Site, records

INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist/"


@pytest.fixture
def site(httpserver):
    return Site(httpserver)


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
