"""The small catalogue behind the demo's CKAN API: datasets, and their files as CSV.

All of it is real: lists of the portal's own codelists (each names its source) and one table of the
statistics office's monthly workbook.
"""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import schemas
from schemas import admin_units

NEW = date(2025, 7, 1)
OLD = date(2025, 6, 30)
Rows = Iterator[tuple[object, ...]]


@dataclass(frozen=True)
class Entry:
    """One dataset with one CSV file, made when it is asked for."""

    name: str
    title: str
    title_en: str
    notes: str
    source: str
    theme: str
    tags: tuple[str, ...]
    modified: str
    header: tuple[str, ...]
    rows: Callable[[], Rows]
    frequency: str = "IRREG"

    def csv(self) -> bytes:
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(self.header)
        writer.writerows(self.rows())
        return out.getvalue().encode()

    def package(self, base: str) -> dict[str, Any]:
        """As `package_show` gives it."""
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"cong-du-lieu/{self.name}")),
            "name": self.name,
            "title": self.title,
            "notes": f"{self.notes}\n\nNguồn: {self.source}.",
            "type": "dataset",
            "state": "active",
            "private": False,
            "isopen": False,
            "license_id": "thanhhoa-terms",
            "url": f"{base}/dataset/{self.name}",
            "version": "1.0",
            "organization": ORGANIZATION,
            "owner_org": ORGANIZATION["id"],
            "groups": [],
            "tags": [{"name": tag, "display_name": tag, "state": "active"} for tag in self.tags],
            "extras": [
                {"key": "theme", "value": self.theme},
                {"key": "frequency", "value": self.frequency},
                {"key": "title_en", "value": self.title_en},
            ],
            "metadata_created": f"{self.modified}T01:00:00.000000",
            "metadata_modified": f"{self.modified}T01:00:00.000000",
            "num_resources": 1,
            "num_tags": len(self.tags),
            "resources": [self.resource(base)],
        }

    def resource(self, base: str) -> dict[str, Any]:
        content = self.csv()
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"cong-du-lieu/{self.name}/csv")),
            "name": f"{self.title} (CSV)",
            "description": self.notes,
            "format": "CSV",
            "mimetype": "text/csv",
            "url": f"{base}/files/{self.name}.csv",
            "size": len(content),
            "last_modified": f"{self.modified}T01:00:00.000000",
            "state": "active",
            "position": 0,
        }


ORGANIZATION = {
    "id": str(uuid.uuid5(uuid.NAMESPACE_URL, "cong-du-lieu/van-phong-ubnd-tinh")),
    "name": "van-phong-ubnd-tinh",
    "title": "Văn phòng UBND tỉnh Thanh Hóa",
    "type": "organization",
    "state": "active",
}

#: Thousand tonnes: quarter II (done), quarter III (estimate), nine months of 2023.
FISHERY: tuple[tuple[str, str, str, str, str], ...] = (
    ("Tổng số", "Tổng số", "2376.4", "2520.2", "6796.7"),
    ("Tổng số", "Cá", "1686.5", "1759.8", "4859.0"),
    ("Tổng số", "Tôm", "352.3", "419.3", "957.4"),
    ("Tổng số", "Thủy sản khác", "337.6", "341.2", "980.3"),
    ("Khai thác", "Tổng số", "1059.1", "1070.1", "3004.2"),
    ("Khai thác", "Cá", "829.3", "849.1", "2348.7"),
    ("Khai thác", "Tôm", "39.3", "33.9", "105.3"),
    ("Khai thác", "Thủy sản khác", "190.6", "187.2", "550.2"),
    ("Nuôi trồng", "Tổng số", "1317.3", "1450.1", "3792.5"),
    ("Nuôi trồng", "Cá", "857.2", "910.7", "2510.3"),
    ("Nuôi trồng", "Tôm", "313.0", "385.4", "852.1"),
    ("Nuôi trồng", "Thủy sản khác", "147.0", "154.0", "430.1"),
)


def _districts() -> Rows:
    for item in schemas.codelist("admin_unit").items:
        if item.extra.get("cap") == "huyen" and str(item.ngay_hhl or "") == str(OLD):
            yield item.ma, item.ten, item.ten_en, item.ngay_hhl


def _old_communes() -> Iterable[Any]:
    items = schemas.codelist("admin_unit").items
    return (i for i in items if i.extra.get("cap") == "xa" and str(i.ngay_hhl or "") == str(OLD))


def _reused_codes() -> Rows:
    for item in _old_communes():
        new = admin_units.unit_on(item.ma, NEW)
        if new is not None:
            yield item.ma, item.ten, new.name, "không" if item.ten == new.name else "có"


def _successors() -> Rows:
    for item in _old_communes():
        for change in admin_units.successors(item.ma, OLD):
            partly = "một phần" if change.partly else "toàn bộ"
            yield item.ma, item.ten, change.unit.code, change.unit.name, partly


def _law() -> Rows:
    for item in schemas.codelist("legal_basis").items:
        yield item.ma, item.ten, item.mo_ta, item.ngay_hl, item.ngay_hhl, item.extra.get("chac")


def _themes() -> Rows:
    for item in schemas.codelist("theme").items:
        yield item.ma, item.ten, item.ten_en


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "van-ban-ve-du-lieu-mo",
        "Danh mục văn bản pháp luật về dữ liệu mở và chia sẻ dữ liệu",
        "Legal documents on open data and data sharing",
        "Văn bản làm căn cứ công bố dữ liệu mở, ngày hiệu lực và mức độ chắc chắn "
        "(V: đã đọc ở nguồn; V2: theo tài liệu tóm tắt).",
        "danh mục căn cứ pháp lý của cổng",
        "03",
        ("pháp luật", "dữ liệu mở"),
        "2026-11-02",
        ("so_hieu", "ten", "mo_ta", "ngay_hieu_luc", "ngay_het_hieu_luc", "muc_do_chac_chan"),
        _law,
    ),
    Entry(
        "don-vi-hanh-chinh-cap-huyen",
        "Đơn vị hành chính cấp huyện tỉnh Thanh Hóa đến ngày 30/6/2025",
        "District-level units of Thanh Hóa until 30 June 2025",
        "26 thành phố, thị xã, huyện với mã cũ; từ ngày 01/7/2025 không còn cấp huyện.",
        "danh mục đơn vị hành chính của Tổng cục Thống kê",
        "01",
        ("đơn vị hành chính", "cấp huyện"),
        "2025-07-01",
        ("ma", "ten", "ten_en", "ngay_het_hieu_luc"),
        _districts,
    ),
    Entry(
        "xa-cu-xa-moi",
        "Bảng đối chiếu xã, phường, thị trấn cũ và mới của tỉnh Thanh Hóa",
        "Old communes and the communes of 1 July 2025 they went into",
        "Mỗi dòng là một đơn vị cũ và một đơn vị mới tiếp nhận toàn bộ hoặc một phần đơn vị cũ đó. "
        "Không có tỷ lệ từng phần, nên không dùng bảng này để chia tách số liệu.",
        "Nghị quyết số 1686/NQ-UBTVQH15",
        "01",
        ("đơn vị hành chính", "sáp nhập", "cấp xã"),
        "2025-07-01",
        ("ma_cu", "ten_cu", "ma_moi", "ten_moi", "pham_vi"),
        _successors,
    ),
    Entry(
        "ma-don-vi-hanh-chinh-dung-lai",
        "Mã đơn vị hành chính cấp xã được dùng lại từ ngày 01/7/2025",
        "Commune codes reused from 1 July 2025",
        "Mã cũ nay thuộc đơn vị nào, tên giữ nguyên hay đã đổi. Khi ghép số liệu phải dùng cả mã "
        "và ngày.",
        "danh mục đơn vị hành chính của Tổng cục Thống kê",
        "01",
        ("đơn vị hành chính", "mã số"),
        "2025-07-01",
        ("ma", "ten_den_30_6_2025", "ten_tu_01_7_2025", "doi_ten"),
        _reused_codes,
    ),
    Entry(
        "nhom-chi-tieu-thong-ke",
        "Danh mục 20 nhóm chỉ tiêu thống kê cấp tỉnh",
        "The 20 groups of provincial statistical indicators",
        "Mã và tên các nhóm của hệ thống chỉ tiêu thống kê cấp tỉnh, mã theo danh mục năm 2016.",
        "hệ thống chỉ tiêu thống kê cấp tỉnh",
        "03",
        ("danh mục", "chỉ tiêu thống kê"),
        "2026-11-02",
        ("ma", "ten", "ten_en"),
        _themes,
    ),
    Entry(
        "thuy-san-9-thang-2023",
        "Thủy sản cả nước: sản lượng 9 tháng năm 2023",
        "Fishery of Viet Nam: production in the first nine months of 2023",
        "Sản lượng khai thác và nuôi trồng (nghìn tấn) của quý II (thực hiện), quý III (ước tính) "
        "và 9 tháng năm 2023; số liệu cả nước, không riêng tỉnh Thanh Hóa.",
        "Tổng cục Thống kê, biểu số liệu kinh tế - xã hội 9 tháng năm 2023, biểu 6",
        "08",
        ("thủy sản", "sản lượng"),
        "2023-09-29",
        ("hoat_dong", "san_pham", "quy_2_2023", "uoc_tinh_quy_3_2023", "9_thang_2023"),
        lambda: iter(FISHERY),
        "MONTHLY",
    ),
)
