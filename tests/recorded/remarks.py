"""What is said of recorded files: which are no source, and the problems that others are known for.

By the file's path below the folder of the payloads. `NO_SOURCE` names the test that reads a file
all the same, where there is one. `KNOWN` has the problems (code and number) and what is wrong with
the payload, in words; without problems it says why nothing comes of a file all the same.
"""

from __future__ import annotations

_V2 = "tests/harvesters/sources/test_pxweb_v2.py"
NO_SOURCE: dict[str, str] = {
    "ckan/demo_package_list.json": (
        "answer of package_list, names only: the source type asks package_search, never this"
    ),
    "csw_ogc/vn_hcmc_csw_summary.json": (
        "what another program noted of vn_hcmc_csw_getrecords_dc.xml; compared with it by "
        "tests/harvesters/sources/test_real_map_catalogues.py"
    ),
    "px/Counties-sv.agg": "groups of regions for a value set of PX-Web: no figures",
    "px/REGION-SV.vs": "value set of PX-Web, codes and names of regions: no figures",
    "px/gso_database.json": "addresses of saved queries, noted by hand: no answer of a service",
    "px/pxweb_api_register.json": "register of PX-Web installations: addresses and limits only",
    "px/pxwebapi2_Menu2.xml": "menu file inside a PX-Web server, which its API does not give out",
    "px/pxwebapi2_TAB001_metadata.json": (
        f"answer of /metadata; its figures in JSON-stat were not recorded; read by {_V2}"
    ),
    "px/pxwebapi2_tables.json": (
        f"answer of /tables; the metadata of one of its five tables only were recorded; read by "
        f"{_V2}"
    ),
    "px/scb_v1_node_list.json": (
        "names of tables, the list that a PxWeb gives before any of them is asked for; read by "
        "tests/harvesters/sources/test_pxweb_source.py"
    ),
    "px/scb_v1_table_metadata.json": (
        "the variables of a table, which a PxWeb gives before its figures are asked for; read by "
        "tests/harvesters/sources/test_pxweb_source.py"
    ),
    "px/scb_v2_TAB6471_metadata.json": (
        f"answer of /metadata; scb_v2_TAB6471_data.json is a selection of that table and brings "
        f"its own; read by {_V2}"
    ),
    "px/scb_v2_config.json": f"answer of /config, limits and languages; read by {_V2}",
    "px/scb_v2_tables.json": (
        f"answer of /tables, page 1 of 213; none of its tables was recorded; read by {_V2}"
    ),
    "sdmx/estat_GOV_10Q_GGNFA.xml": "structure whose figures were not recorded",
    "sdmx/imf_CL_AREA.xml": "code list of areas, which no recorded structure refers to",
    "sdmx/imf_CL_FREQ.xml": "code list of frequencies, which no recorded structure refers to",
    "sdmx/imf_availableconstraint_CPI.xml": (
        "answer of /availableconstraint for a flow that was not recorded"
    ),
    "sdmx/unsd_codelist_partial.xml": "code list that no recorded structure refers to",
}
_ALONE = {"incomplete_listing": 1}
_HTML = {"html_instead_of_data": 1}
KNOWN: dict[str, tuple[dict[str, int], str]] = {
    "bad/datajson_missing-dataset-fields.json": (
        {"missing_value": 1},
        "the first of its two datasets is an empty object, without a title",
    ),
    "bad/made_latin1_declared_utf8.csv": (
        {"unknown_encoding": 1},
        "one byte of Latin-1 (A9) in 22 bytes: no UTF-8, and too little to tell the encoding by",
    ),
    "bad/made_single_quoted.json": (
        {"not_json": 1},
        "written in single quotes and with a comma too many",
    ),
    "bad/real_captcha_200.html": (_HTML, "the captcha page of a firewall, with status 200"),
    "bad/real_csw_no_request_parameter.xml": (
        {"incomplete_listing": 1, "unexpected_answer": 1},
        "the service says that it did not see the request, with status 200: no record is in it",
    ),
    "bad/real_decode_error.xml": (
        {"incomplete_listing": 1, "unknown_encoding": 1},
        "declares UTF-8 and holds bytes of another encoding",
    ),
    "bad/real_html_instead_of_data.html": (_HTML, "a page of a web site where data were asked for"),
    "bad/real_timeout_text.xml": (
        {"incomplete_listing": 1, "not_xml": 1},
        "a client's message of a time-out, kept under the name of an XML file",
    ),
    "bad/syn_duplicate_ids.json": (
        {"duplicate_id": 1},
        "the id 001 stands at three of its four records (once after a blank): which of them is "
        "meant nobody can tell; the fourth, 1, is taken",
    ),
    "bad/syn_null.json": (
        {"unexpected_answer": 1},
        "the word null, with status 200: it says nothing of what there is",
    ),
    "bad/syn_json_duplicate_keys.json": (
        {},
        "an object has the key ma twice: the last one is read, as RFC 8259 says most readers do",
    ),
    "bad/syn_empty_body.json": ({"truncated": 1}, "no bytes at all, with status 200"),
    "bad/syn_empty_list.json": ({}, "an empty list is a complete listing of nothing"),
    "bad/syn_entity_expansion.xml": (
        {"incomplete_listing": 1, "not_xml": 1},
        "has a DTD with nested entities, which is refused",
    ),
    "bad/syn_error_200.json": ({"api_error": 1}, "says that it failed (code 99), with status 200"),
    "bad/syn_json_nul_inside.json": ({"not_json": 1}, "a NUL byte stands inside a string"),
    "bad/syn_login_page_200.html": (_HTML, "the login page after a session ran out, status 200"),
    "bad/syn_same_next_link.json": (
        _ALONE,
        "the next link leads to the same page for ever: the page is taken once",
    ),
    "bad/syn_truncated.xlsx": ({"truncated": 1}, "half of a workbook"),
    "bad/syn_truncated.xml": ({"truncated": 1}, "the first 5,000 bytes of an SDMX message"),
    "bad/syn_truncated_json.json": ({"truncated": 1}, "two thirds of a JSON-stat answer"),
    "bad/syn_zip_named.xlsx": (
        {"not_a_workbook": 1},
        "a ZIP archive with a CSV in it, named .xlsx",
    ),
    "ckan/br_group_not_found_404.json": ({"api_error": 1}, "a refusal, recorded with status 404"),
    "ckan/br_package_search.json": (_ALONE, "10 of 13,786 datasets: the first page alone"),
    "ckan/br_package_search_empty.json": ({}, "a search that finds nothing and says so: count 0"),
    "ckan/br_package_search_rows2.json": (_ALONE, "2 of 13,786 datasets: the first page alone"),
    "ckan/dkan_hauts-de-france_package_show.json": (
        {},
        "its one dataset is private there, so it is not taken",
    ),
    "csw_ogc/fr_geonetwork-dcat-page-1.xml": (_ALONE, "2 of 6 records: the first page alone"),
    "csw_ogc/ows_inspire-getrecords-response.xml": (_ALONE, "2 of 216: the first page alone"),
    "csw_ogc/vn_hcmc_csw_getrecords_dc.xml": (
        _ALONE,
        "20 of 330 records, the first page alone; 4 of the 20 are no datasets by their type",
    ),
    "csw_ogc/sta_bgs_datastreams.json": (
        {},
        "the observations of one series were recorded and are answered for each of 69: 68 times "
        "67 rows, and the 3 of the page with a count",
    ),
    "dcat/fr_ckan.rdf": ({"api_error": 1}, "100 of 2,561 datasets: page 2 was not recorded"),
    "dcat/made_udata_catalog.jsonld": ({"api_error": 1}, "page 2 was not recorded"),
    "sdmx/estat_footer_async.xml": (
        {"too_large": 1},
        "holds no figures: says that the answer became too large and will lie elsewhere (413)",
    ),
    "sdmx/vn_dsbb_index.csv": (
        {"api_error": 8},
        "lists 14 files, 6 of which were recorded (their rows); the other 8 are a 404 here",
    ),
}
