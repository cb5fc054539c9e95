"""Files as published: byte for byte, under their name, never overwritten."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

from harvesters.model import File
from tests.ckanext.harvest_rig import create, update

WORKBOOK = File(
    "Báo cáo quý I – Chuyển đổi số.xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    bytes(range(256)) * 50,
)


def test_a_file_is_downloaded_byte_for_byte_under_its_name(harvest: Any, site: Any) -> None:
    resource = harvest.resource("r", "Tệp gốc", file=WORKBOOK, format="XLSX")
    dataset = harvest.dataset("r", [resource])
    (outcome,) = harvest.apply([create("r", dataset)])
    assert outcome.problem is None
    assert harvest.catalog.current([dataset.id]) == {dataset.id: dataset}

    url = urlsplit(_show(resource.id)["url"])
    assert url.path.endswith("/download/bao-cao-quy-i-chuyen-doi-so.xlsx")
    answer = site.get(url.path)
    assert answer.data == WORKBOOK.content
    assert answer.headers["Content-Type"] == WORKBOOK.media_type
    assert "B%C3%A1o%20c%C3%A1o" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_new_version_does_not_overwrite_the_old(harvest: Any, site: Any) -> None:
    from ckanext.thanhhoa import originals

    old = harvest.resource("r", "Tệp gốc", file=WORKBOOK)
    harvest.apply([create("r", harvest.dataset("r", [old]))])
    other = File(WORKBOOK.name, WORKBOOK.media_type, b"khac")
    new = harvest.resource("r", "Tệp gốc", file=other)
    harvest.apply([update("r", harvest.dataset("r", [new]))])
    assert new.id == old.id
    assert site.get(urlsplit(_show(new.id)["url"]).path).data == b"khac"
    assert originals.exists(WORKBOOK.sha256)


def test_a_page_is_never_shown_in_the_portals_origin(harvest: Any, site: Any) -> None:
    page = File("a.html", "text/html", b"<script>alert(1)</script>")
    resource = harvest.resource("r", "trang", file=page)
    harvest.apply([create("r", harvest.dataset("r", [resource]))])
    answer = site.get(urlsplit(_show(resource.id)["url"]).path)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_clerks_upload_is_kept_the_same_way(agency: Any, site: Any) -> None:
    from ckan.plugins import toolkit
    from ckan.tests import helpers
    from werkzeug.datastructures import FileStorage

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    dataset = helpers.call_action(
        "package_create",
        {"user": user},
        title="Tải lên",
        owner_org=agency["id"],
        access_rights="PUBLIC",
    )
    upload = FileStorage(io.BytesIO(b"a;b\n1;2\n"), filename="Số liệu.csv", content_type="text/csv")
    resource = helpers.call_action(
        "resource_create",
        {"user": user},
        package_id=dataset["id"],
        upload=upload,
        url="",
        name="Số liệu",
    )
    assert resource["filename"] == "Số liệu.csv"
    assert resource["size"] == 8
    assert resource["hash_algorithm"] == "sha256"
    assert site.get(urlsplit(resource["url"]).path).data == b"a;b\n1;2\n"


def test_a_file_is_not_found_under_another_dataset(harvest: Any, site: Any) -> None:
    resource = harvest.resource("r", "Tệp gốc", file=WORKBOOK)
    one, two = harvest.dataset("r", [resource]), harvest.dataset("s")
    harvest.apply([create("r", one), create("s", two)])
    site.get(f"/dataset/{two.id}/resource/{resource.id}/download/a.xlsx", status=404)


def _show(resource_id: str) -> dict[str, Any]:
    from ckan.tests import helpers

    return helpers.call_action("resource_show", id=resource_id)
