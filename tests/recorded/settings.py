"""What an administrator would write for a source that answers as a recorded file does.

By the file's path below the folder of the payloads: `READ` is the section `read`, `MAPPING` the
section `mapping`, `ADDRESS` where a catalogue was recorded (its links lead there).
"""

from __future__ import annotations

from typing import Any

COMMUNE = {
    "records": "features",
    "table": {"title": "Xã", "leave_out": ["bbox", "geometry.coordinates", "geometry.type"]},
}
READ: dict[str, dict[str, Any]] = {
    "bad/syn_duplicate_ids.json": {"records": "data", "id": "id"},
    "bad/syn_empty_list.json": {"id": "ma"},
    "bad/syn_error_200.json": {
        "records": "data",
        "id": "ma",
        "success": {"path": "code", "values": ["00"], "message": "message"},
    },
    "bad/syn_json_bom.json": {"records": "ds", "id": "ma", "paging": {"total": "tong"}},
    "bad/syn_json_duplicate_keys.json": {"id": "ma"},
    "csw_ogc/sta_bgs_datastreams.json": {"dataset_per": "datastream"},
    "rest/thanhhoa_166_dvhc.json": {
        "records": "don_vi",
        "paging": {"total": "tong_so"},
        "table": {
            "title": "Danh sách 166 xã, phường",
            "key": ["ma_dvhc"],
            "columns": {"ten_day_du": {"title": "Tên đầy đủ"}},
        },
    },
    "rest/vn_alternative_probe.json": {"records": "results.*", "id": "{_key} {url}{name}"},
    "rest/vn_hanoi_air_dailystat_48.json": {
        "records": "*",
        "table": {"title": "Bụi mịn", "columns": {"_key": "Thông số"}},
    },
    "rest/vn_hanoi_air_site.json": {
        "table": {
            "title": "Trạm quan trắc không khí",
            "key": ["id"],
            "columns": {"longtitude": {"name": "longitude", "title": "Kinh độ"}},
        }
    },
    "rest/vn_hcmc_api_probe.json": {"records": "*", "id": "_key"},
    "rest/vn_hcmc_quy-uoc.json": {"table": {"title": "Quy ước", "distinct": True}},
    "rest/vn_sapnhap_donvi_tinhthanh.json": {
        "id": "malk",
        "table": {"title": "Đơn vị hành chính", "leave_out": ["malk"]},
    },
    "rest/vn_sapnhap_xa1416.geojson": COMMUNE,
    "rest/vn_sapnhap_xa1435.geojson": COMMUNE,
    "rest/vn_sapnhap_xa1459.geojson": COMMUNE,
    "rest/vn_tthc_records.json": {
        "id": "ma_tthc",
        "modified": "{ngay_quyet_dinh} {so_quyet_dinh}",
    },
    "rest/vn_units_nested.json": {
        "records": "Wards",
        "table": {"title": "Xã, phường", "key": ["Code"]},
    },
    "rest/zenodo_record.json": {"id": "id", "modified": "updated"},
}
MAPPING: dict[str, dict[str, Any]] = {
    "bad/syn_duplicate_ids.json": {"title": "ten"},
    "bad/syn_json_bom.json": {"title": "ten"},
    "bad/syn_json_duplicate_keys.json": {"title": "ten"},
    "rest/vn_alternative_probe.json": {"title": {"first_of": ["name", "url"]}},
    "rest/vn_hcmc_api_probe.json": {"title": "_key"},
    "rest/vn_tthc_records.json": {
        "title": "ten_tthc",
        "issued": {"from": "ngay_quyet_dinh", "date": "dd/MM/yyyy"},
        "tags": {"from": "co_quan_thuc_hien", "split": [",", ";"]},
        "url": "link_truy_cap",
        "notes": {"from": "ccpl.*.so_ky_hieu", "join": "; "},
        "resources": {
            "each": "ccpl",
            "id": "so_ky_hieu",
            "url": "dia_chi_truy_cap",
            "name": "so_ky_hieu",
            "description": "trich_yeu",
            "issued": {"from": "ngay_ban_hanh", "date": "dd/MM/yyyy"},
        },
        "only": {"trang_thai": "đã công khai"},
    },
    "rest/zenodo_record.json": {
        "title": "metadata.title",
        "issued": {"from": "metadata.publication_date", "date": "iso"},
        "url": "links.html",
        "license_id": {"from": "metadata.license.id", "unknown": "drop"},
        "resources": {
            "each": "files",
            "id": "key",
            "url": "links.self",
            "name": "key",
            "format": "type",
            "size": "size",
        },
        "volatile": ["stats"],
    },
}
ADDRESS = {
    "dcat/catalog_pod.jsonld": "http://www.agency.gov/data.json",
    "dcat/catalog_with_at_graph.jsonld": "https://example.org/c",
    "dcat/dataset_gob_es.ttl": "https://datos.gob.es/c",
    "dcat/dataset_gov_de.rdf": "https://www.govdata.de/c",
    "dcat/dataset_multilingual.ttl": "https://example.org/c",
    "dcat/dataset_sweden.rdf": "http://nobelprize.org/datasets/dcat",
    "dcat/fr_bnodes.xml": "http://data.test.org/",
    "dcat/fr_capatlantique_dcat.rdf": (
        "https://data.capatlantique.fr/api/explore/v2.1/catalog/exports/dcat/"
    ),
    "dcat/fr_catalog.xml": "http://data.test.org/",
    "dcat/fr_ckan.rdf": "http://demo.ckan.org/catalog.rdf",
    "dcat/fr_datara--5a26b0f6-0ccf-46ad-ac58-734054b91977.rdf.xml": (
        "https://catalogue.open-datara.fr/geonetwork/srv/x"
    ),
    "dcat/fr_geonetwork.xml": "https://sig.oreme.org/geonetwork/srv/x",
    "dcat/fr_paged-collection-1.jsonld": "http://data.test.org/catalog.jsonld",
    "dcat/fr_paged-collection-2.jsonld": "http://data.test.org/catalog.jsonld?page=2",
    "dcat/fr_series.xml": "https://sextant.ifremer.fr/x",
    "dcat/fr_udata.xml": (
        "https://www.data.gouv.fr/api/1/organizations/54884a24c751df7226a3fc16/catalog.rdf"
    ),
    "dcat/made_udata_catalog.jsonld": "https://data.example.org/api/1/datasets/",
}
#: The list of the files of Viet Nam, and which of the files it names were recorded.
NSDP = "https://nsdp.gso.gov.vn/GSO-chung/SDMXFiles/GSO/"
LISTED = {
    **{f"{NSDP}{name}VNM.xml": f"sdmx/vn_{name}VNM.xml" for name in ("CPI", "GDP", "LMI")},
    **{f"{NSDP}{name}VNM.xml": f"sdmx/vn_{name}VNM.xml" for name in ("MET", "POP")},
    "https://ckns.mof.gov.vn/Lists/GDDSManager/Attachments/17/MOF_CGD_Vietnam.xml": (
        "sdmx/vn_MOF_CGD.xml"
    ),
}
INDEX = "https://nsdp.test/dsbb_database.csv"
