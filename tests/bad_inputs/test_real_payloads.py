"""Malformed and misleading payloads as they were found, through every reader that may meet them."""

import re
from decimal import Decimal

import pytest

from harvesters.model import End, Record
from tests import recorded
from tests.bad_inputs.reading import assert_said_well, problems, read

BAD = recorded.REAL / "bad"
NAMES = sorted(path.name for path in BAD.glob("*") if path.suffix != ".md")
pytestmark = pytest.mark.skipif(not NAMES, reason=recorded.NOT_HERE)

#: What a service that should speak JSON says by it. Whatever is not named here is `not_json`.
AS_JSON = {
    "datajson_missing-dataset-fields.json": "unexpected_answer",
    "datajson_numerical-title.json": "unexpected_answer",
    "datajson_reserved-title.json": "unexpected_answer",
    "real_captcha_200.html": "html_instead_of_data",
    "real_dcatus_same_title.json": "unexpected_answer",
    "real_decode_error.xml": "unknown_encoding",
    "real_html_instead_of_data.html": "html_instead_of_data",
    "made_latin1_declared_utf8.csv": "unknown_encoding",
    "syn_cp1258.csv": "unknown_encoding",
    "syn_duplicate_ids.json": "unexpected_answer",
    "syn_empty_body.json": "truncated",
    "syn_empty_list.json": "unexpected_answer",
    "syn_error_200.json": "api_error",
    "syn_json_bom.json": "unexpected_answer",
    "syn_json_duplicate_keys.json": "unexpected_answer",
    "syn_json_nul_inside.json": "not_json",
    "syn_login_page_200.html": "html_instead_of_data",
    "syn_null.json": "unexpected_answer",
    "syn_same_next_link.json": "unexpected_answer",
    "syn_truncated.xlsx": "unknown_encoding",
    "syn_truncated_json.json": "truncated",
    "syn_zip_named.xlsx": "unknown_encoding",
}


def ask(httpserver, type_, name, path=""):
    content = (BAD / name).read_bytes()
    httpserver.expect_request(re.compile(".*")).respond_with_data(content)
    url = httpserver.url_for("").rstrip("/") + path
    items, error = read(type_, url, [f"127.0.0.1:{httpserver.port}"])
    found = problems(items, error)
    for problem in found:
        assert_said_well(problem)
    return items, found


@pytest.mark.parametrize("name", NAMES)
def test_a_ckan_portal_that_answers_with_it(httpserver, name):
    _, found = ask(httpserver, "ckan", name)
    assert [problem.code for problem in found] == [AS_JSON.get(name, "not_json")]


@pytest.mark.parametrize("name", NAMES)
def test_a_pxweb_that_answers_with_it(httpserver, name):
    items, found = ask(httpserver, "pxweb", name, "/api/v1/vi")
    if name == "syn_empty_list.json":  # a PX-Web without tables: the run holds it
        assert items == [End(True, 0)]
        return
    expected = AS_JSON.get(name, "not_json")
    readable = expected == "unexpected_answer"
    assert [problem.code for problem in found] == ["no_table" if readable else expected]
    assert not any(isinstance(item, End) and item.complete for item in items)


#: What a DCAT catalogue says by it, where that differs from a service that speaks JSON.
AS_RDF = {
    **{name: None for name in NAMES if "dcatus" in name or "_numerical" in name},
    "datajson_missing-dataset-fields.json": "missing_value",
    "datajson_reserved-title.json": None,
    "real_csw_no_request_parameter.xml": "unexpected_answer",
    "real_invalid_iso2.xml": "not_rdf",
    "real_timeout_text.xml": "not_rdf",
    "syn_entity_expansion.xml": "not_xml",
    "syn_null.json": "not_rdf",
    "syn_truncated.xml": "not_rdf",
    "syn_utf8_bom_semicolon.csv": "not_rdf",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_dcat_catalogue_that_answers_with_it(httpserver, name):
    _, found = ask(httpserver, "dcat", name, "/catalog.rdf")
    expected = AS_RDF.get(name, AS_JSON.get(name, "not_json"))
    assert [problem.code for problem in found] == ([expected] if expected else [])


@pytest.mark.parametrize("name", NAMES)
def test_a_data_json_that_is_it(httpserver, name):
    _, found = ask(httpserver, "datajson", name, "/data.json")
    expected = AS_JSON.get(name, "not_json")
    if name.startswith(("datajson_", "real_dcatus")):
        expected = "missing_value" if "missing" in name else None
    assert [problem.code for problem in found] == ([expected] if expected else [])


@pytest.mark.parametrize("name", NAMES)
def test_a_repository_that_answers_with_it(httpserver, name):
    _, found = ask(httpserver, "oaipmh", name, "/oai")
    expected = {
        "real_captcha_200.html": "html_instead_of_data",
        "real_csw_no_request_parameter.xml": "unexpected_answer",
        "real_decode_error.xml": "unknown_encoding",
        "real_html_instead_of_data.html": "html_instead_of_data",
        "real_invalid_iso2.xml": "unexpected_answer",
        "syn_empty_body.json": "truncated",
        "syn_error_200.json": "api_error",
        "syn_login_page_200.html": "html_instead_of_data",
        "syn_truncated.xml": "truncated",
    }
    assert [problem.code for problem in found] == [expected.get(name, "not_xml")]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_holds_it(tmp_path, name):
    """Only workbooks and CSV files are a folder's; each is read, or fails alone with its code."""
    (tmp_path / name).write_bytes((BAD / name).read_bytes())
    items, error = read("files", str(tmp_path), [str(tmp_path)])
    found = problems(items, error)
    for problem in found:
        assert_said_well(problem)
    refused = {
        "made_latin1_declared_utf8.csv": "unknown_encoding",
        "syn_truncated.xlsx": "truncated",
        "syn_zip_named.xlsx": "not_a_workbook",
    }
    if name in refused:
        assert [(problem.code, problem.record) for problem in found] == [(refused[name], name)]
    else:
        assert found == []
    records = [item for item in items if isinstance(item, Record)]
    readable = name in ("syn_cp1258.csv", "syn_utf8_bom_semicolon.csv")
    assert len(records) == readable
    assert items[-1].complete


@pytest.mark.parametrize("name", ["syn_cp1258.csv", "syn_utf8_bom_semicolon.csv"])
def test_odd_encodings_of_vietnamese_are_read(tmp_path, name):
    (tmp_path / name).write_bytes((BAD / name).read_bytes())
    items, _ = read("files", str(tmp_path), [str(tmp_path)])
    original, table = items[0].resources[0], items[0].resources[1].table
    assert original.file.content == (BAD / name).read_bytes()
    assert [row[1:] for row in table.rows] == [
        ("Trường THCS Quảng Thắng", 1234, Decimal("7.85")),
        ("Trường Tiểu học Đông Vệ", 987, Decimal("8.10")),
        ("Trường mầm non Hoằng Lưu", None, None),
    ]
