"""A run's report: what a change says of fields and of the columns of tables."""

from __future__ import annotations

from typing import Any

from harvesters.model import (
    CellChange,
    Change,
    FieldChange,
    MappedDataset,
    MappedResource,
    TableChange,
)
from harvesters.report import change_entry


def schema(*columns: tuple[str, str, str]) -> dict[str, Any]:
    return {"fields": [{"name": n, "title": t, "title_en": e} for n, t, e in columns]}


def test_columns_are_named_by_their_titles() -> None:
    """Those that are gone by the schema of before; a name that nobody tells stands for itself."""
    before = schema(("so_ho", "Số hộ", "Households"), ("cu", "Cột cũ", ""))
    after = schema(("so_ho", "Số hộ nghèo", "Poor households"), ("moi", "Cột mới", ""))
    table = TableChange(
        "r1",
        cells=(CellChange("Xã Hoằng Quý", "so_ho", 3, 30),),
        cells_total=1,
        columns_added=("moi",),
        columns_removed=("cu", "la"),
    )
    change = Change(
        "update",
        "a",
        "id",
        dataset=MappedDataset("id", {}, (MappedResource("r1", {"table_schema": after}),)),
        fields=(
            FieldChange("table_schema", schema(("cu", "Cột của bảng khác", "")), None, "r2"),
            FieldChange("table_schema", before, after, "r1"),
        ),
        tables=(table,),
    )
    (told,) = change_entry(change)["tables"]
    assert told["titles"] == {"so_ho": "Số hộ nghèo", "moi": "Cột mới", "cu": "Cột cũ"}
    assert told["cells"][0]["column"] == "so_ho"
    (told,) = change_entry(change, "en")["tables"]
    assert told["titles"] == {"so_ho": "Poor households", "moi": "Cột mới", "cu": "Cột cũ"}
