"""Empties a test portal and fills it: ``python -m tests.browser.fill INI``.

All names and figures are made up. Prints the names as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

AGENCY = "so-thu-nghiem"
TABLE = "dan-so-thu-nghiem"
RESTRICTED = "dat-dai-thu-nghiem"
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
        "restricted": restricted["name"],
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
