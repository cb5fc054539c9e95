"""Empties a test portal and fills it: ``python -m tests.browser.fill INI``.

All names and figures are made up. Prints the names as JSON.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

AGENCY = "so-thu-nghiem"
TABLE = "dan-so-thu-nghiem"
RESTRICTED = "dat-dai-thu-nghiem"
CLERK = "can-bo-thu-nghiem"
SOURCE = "rung-thu-nghiem"
TITLE = "Dân số thử nghiệm theo năm"
COLUMNS = [
    {"name": "nam", "type": "integer", "title": "Năm", "role": "time"},
    {"name": "dan_so", "type": "number", "title": "Dân số", "unit": "nghìn người",
     "role": "measure"},
    {"name": "ghi_chu", "type": "string", "title": "Ghi chú", "role": "note"},
]  # fmt: skip


def main(ini: str) -> None:
    """Creates an agency, an open dataset with a table of 25 rows, and a restricted one."""
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(ini).get_config())
    with app._wsgi_app.test_request_context():
        _empty()
        _fill()


def _empty() -> None:
    """CKAN's tables, our schema, the DataStore and the index, as `clean_portal` does it."""
    from ckan import model
    from ckan.lib.search import clear_all
    from ckan.tests.helpers import reset_db

    from tests.conftest import _empty_datastore, _empty_own_schema

    # The tables are there: CKAN would make only its own anew, without its plugins' columns.
    model.repo.tables_created_and_initialised = True
    reset_db()
    clear_all()
    _empty_own_schema()
    _empty_datastore()


def _fill() -> None:
    from ckan import model
    from ckan.plugins import toolkit

    site_user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]

    def act(action: str, **data: Any) -> Any:
        return toolkit.get_action(action)({"user": site_user, "ignore_auth": True}, data)

    act("organization_create", name=AGENCY, title="Sở Thử nghiệm", contact_email="so@example.vn")
    common = {"owner_org": AGENCY, "theme": ["01"], "frequency": "ANNUAL"}
    dataset = act(
        "package_create",
        **common,
        title=TITLE,
        access_rights="PUBLIC",
        license_id="thanhhoa-terms",
        notes="Số liệu dùng để thử trang.",
        tag_string="dân số",
        modified="2025-03-01",
        temporal_coverage=[{"start_period": "2000", "end_period": "2024"}],
        spatial_coverage=[{"code": "38"}],
        indicator=["dan-so-trung-binh"],
        resources=[
            {"name": "Tệp tại nguồn", "url": "https://example.vn/a.csv", "format": "CSV"},
            {"name": "Bảng số liệu", "format": "CSV", "url_type": "datastore", "url": "_",
             "table_schema": json.dumps({"fields": COLUMNS}, ensure_ascii=False)},
        ],
    )  # fmt: skip
    table = dataset["resources"][1]["id"]
    act(
        "datastore_create",
        resource_id=table,
        force=True,
        fields=[{"id": "nam", "type": "int"}, {"id": "dan_so", "type": "numeric"},
                {"id": "ghi_chu", "type": "text"}],
        records=[{"nam": 2000 + i, "dan_so": 3400 + i + 0.5, "ghi_chu": "Sơ bộ" * (i == 24)}
                 for i in range(25)],
    )  # fmt: skip
    restricted = act(
        "package_create",
        **common,
        title="Đất đai thử nghiệm",
        access_rights="RESTRICTED",
        resources=[{"name": "Tệp kín", "url": "https://kin.example.vn/kin.csv", "format": "CSV"}],
    )
    model.Session.commit()
    print(json.dumps({
        "agency": AGENCY, "dataset": dataset["name"], "table": table,
        "restricted": restricted["name"], "clerk": _clerk(act), "source": _source(act),
    }))  # fmt: skip


def _clerk(act: Any) -> str:
    """Somebody who looks after the agency's sources; the password is the name twice."""
    act("user_create", name=CLERK, email="can-bo@example.vn", password=CLERK * 2)
    act("organization_member_create", id=AGENCY, username=CLERK, role="admin")
    return CLERK


def _source(act: Any) -> str:
    """A source with an uploaded workbook: one state of it published, the next one planned."""
    from ckan import model
    from ckanext.thanhhoa.work import work
    from werkzeug.datastructures import FileStorage

    act("thanhhoa_source_create", name=SOURCE, type="upload", owner_org=AGENCY)
    for figures in ((1250.5, 975.25), (1250.5, 981)):
        file = FileStorage(io.BytesIO(_workbook(figures)), "Biểu 05 - diện tích rừng.xlsx")
        run = act("thanhhoa_source_upload", id=SOURCE, upload=file)["run"]
        assert work(run) in ("planned", "held")
        if figures[1] != 981:
            act("thanhhoa_harvest_approve", run=run)
            assert work(run) == "applied"
    model.Session.commit()
    return SOURCE


def _workbook(figures: tuple[float, float]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Biểu 05"
    for row in (
        ["SỞ THỬ NGHIỆM"],
        ["Biểu 05. Diện tích rừng trồng theo xã năm 2024"],
        ["Đơn vị tính: ha"],
        ["Xã", "Rừng trồng mới tập trung", "Trong đó: rừng sản xuất", "Ghi chú"],
        ["Bát Mọt", figures[0], 1000, None],
        ["Yên Nhân", figures[1], 812.5, "Sơ bộ"],
        ["Vạn Xuân", 310, 208, None],
    ):
        sheet.append(row)
    book.create_sheet("Ghi chú").append(["Số liệu do hạt kiểm lâm báo cáo"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    main(sys.argv[1])
