"""What went wrong, grouped by cause, and as a table to pass on."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from harvesters.errors import Problem
from tests.ckanext.harvest_rig import Harvest


@pytest.fixture
def run_id(harvest: Harvest) -> str:
    """A run in which 30 records failed for one reason, one for another, and one note was made."""
    from ckan import model

    run = harvest.run()
    same = {"field": "theme", "value": "=cmd()", "nearest": "08"}
    problems = [Problem("unknown_code", record=f"bg-{n:02}", params=same) for n in range(30)]
    problems.append(Problem("no_table", "bao-cao.xlsx", "bg-99", {"sheet": "Biểu 3"}))
    problems.append(Problem("unknown_code", record="bg-note", params=same, note=True))
    problems.append(Problem("no_table", "+1.xlsx", "=HYPERLINK(1)", {"sheet": "\x07"}))
    harvest.ledger.spool(run, [], problems)
    harvest.ledger.finish(run, "failed")
    model.Session.commit()
    return run.id


def test_errors_are_grouped_by_what_caused_them(run_id: str) -> None:
    from ckanext.thanhhoa.run_causes import causes

    first, *others = causes(run_id)
    assert (first["code"], first["count"]) == ("unknown_code", 30)
    assert first["records"] == [f"bg-{n:02}" for n in range(5)]
    assert first["message"]
    assert first["hint"]
    assert sorted(cause["records"] for cause in others) == [["=HYPERLINK(1)"], ["bg-99"]]


def test_every_error_is_in_the_csv_and_none_is_a_formula(run_id: str) -> None:
    from ckanext.thanhhoa.run_causes import as_csv

    text = b"".join(as_csv(run_id)).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["Bản ghi", "Vấn đề", "Cách xử lý", "Vị trí", "Mã"]
    assert len(rows) == 32
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_every_error_is_in_the_workbook_as_text(run_id: str) -> None:
    from ckanext.thanhhoa.run_causes import as_workbook

    sheet = load_workbook(io.BytesIO(as_workbook(run_id))).active
    assert sheet.title == "Vấn đề"
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert sheet.max_row == 33
    assert {cell.data_type for cell in cells} == {"s"}


def test_the_report_the_page_and_the_downloads_show_them(run_id: str, browse: Any) -> None:
    from ckan import model
    from ckan.tests import factories
    from ckanext.thanhhoa.run_facts import run_report

    report = run_report(run_id)
    assert report["causes"][0]["count"] == 30
    assert report["errors_total"] == 32
    model.Session.commit()
    address = f"/nguon-du-lieu/{report['source']}/lan-chay/{run_id}"
    headers = {"Authorization": factories.SysadminWithToken()["token"]}
    page = browse(address, headers=headers)
    assert "bg-00" in page.body
    assert "van-de.xlsx" in page.body
    told = browse(f"{address}/van-de.csv", headers=headers)
    assert "attachment" in told.headers["Content-Disposition"]
    assert "bg-29" in told.body
    assert browse(f"{address}/van-de.xlsx").status_code in (302, 403)
