"""The personal-data gate: what it must hold, and what it must let through."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harvesters.model import Column, Scalar, Table
from harvesters.privacy import inspect, is_tax_code


def kinds(title: str, values: list[Scalar], type_: str = "text") -> list[str]:
    column = Column("c", type_, title)  # type: ignore[arg-type]
    return [f.kind for f in inspect(Table((column,), tuple((v,) for v in values)))]


CITIZENS = [f"0380{80 + n}{123456 + 7919 * n}" for n in range(9)]
MOBILES = [f"09{12345678 + 7654321 * n}" for n in range(9)]


@pytest.mark.parametrize(
    ("title", "values", "kind"),
    [
        ("Số CCCD", CITIZENS, "CCCD"),
        ("Mã", CITIZENS, "CCCD"),
        ("Số CCCD", [int(c) for c in CITIZENS], "CCCD"),
        ("Căn cước công dân", [*CITIZENS[:3], "chưa có", None, "…", "đang làm"], "CCCD"),
        ("Số CMND", ["171234567", "172345678"], "CMND"),
        ("Điện thoại", MOBILES, "điện thoại"),
        ("Ghi chú", MOBILES, "điện thoại"),
        ("SĐT liên hệ", [int(m) for m in MOBILES], "điện thoại"),
        ("Điện thoại", ["0912.345.678", "+84 912 345 679"], "điện thoại"),
        ("Số tài khoản", ["19036512345678", "0421000123456"], "tài khoản ngân hàng"),
        ("Số thẻ BHYT", ["HS4010112345678"], "thẻ bảo hiểm y tế"),
    ],
)
def test_looks_personal(title, values, kind):
    type_ = "integer" if isinstance(values[0], int) else "text"
    assert kinds(title, values, type_) == [kind]


@pytest.mark.parametrize(
    ("title", "values", "type_"),
    [
        ("Dân số", [3764241, 3720211, 3700000], "integer"),
        ("Tổng thu ngân sách (đồng)", [56_734_000_000 + 1000 * n for n in range(30)], "integer"),
        ("Mã số thuế", ["2800119448", "2800223615", "2801194484"], "text"),
        ("Đường dây nóng", ["0912345678", "0987654321", "0912345679"], "text"),
        ("Mã xã", ["14644", "14645", "14646"], "text"),
        ("Điểm", [Decimal("962.73"), Decimal("573.48")], "number"),
        ("Tài khoản định danh điện tử (tài khoản)", [123456, 234567], "integer"),
        ("Số điện thoại cố định (thuê bao)", [12345, 23456], "integer"),
    ],
)
def test_lets_figures_through(title, values, type_):
    assert kinds(title, values, type_) == []


def test_two_wrong_cells_do_not_condemn_a_column():
    assert kinds("Giá trị", [*(str(n * 7) for n in range(40)), *CITIZENS[:2]]) == []


def test_the_check_digit_of_a_tax_code():
    assert is_tax_code("2800119448") == is_tax_code("2800119448-001")
    assert not is_tax_code("0912345678")
