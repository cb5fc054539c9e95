"""Every PX, JSON-stat and PX-Web answer of the recorded payloads, with figures checked by eye."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.messages import say
from harvesters.model import Table
from harvesters.tables.cube_record import read_cubes
from harvesters.tables.cube_table import to_table
from harvesters.tables.pxweb_json import read_info, read_nodes
from tests import recorded
from tests.recorded.remarks import NO_SOURCE

REAL = recorded.REAL / "px"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
ALL = sorted(p.name for p in REAL.glob("*") if p.suffix in (".px", ".json"))
#: JSON that is no table of figures: registers, lists, metadata without figures.
REFUSED = {name.removeprefix("px/") for name in NO_SOURCE if name.startswith("px/")} & {*ALL}


def _response(name: str) -> Response:
    return Response(name, (REAL / name).read_bytes())


def _table(name: str, language: str = "vi") -> Table:
    return to_table(read_cubes(_response(name), name, language).cubes[0], name)


def _find(table: Table, **where: Any) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    (found,) = [row for row in rows if all(row[k] == v for k, v in where.items())]
    return found


@pytest.mark.parametrize("name", ALL)
def test_every_file_is_read_or_refused_in_words(name: str) -> None:
    if name not in REFUSED:
        assert _table(name).rows
        return
    with pytest.raises(HarvestError) as error:
        _table(name)
    assert error.value.code == "no_table"
    assert name in say(error.value.problem).message


def test_area_and_population_of_viet_nam() -> None:
    table = _table("gso_E02.01.json")
    assert len(table.rows) == 70 * 14
    assert [(c.name, c.unit) for c in table.columns] == [
        ("cities_provincies", ""),
        ("year", ""),
        ("area", "Km2"),
        ("average_population", "Thous. pers."),
        ("population_density", "Person/km2"),
    ]
    assert table.title == "Area, population and population density by province"
    row = _find(table, cities_provincies="Thanh Hoa", year=2024)
    assert row["average_population"] == Decimal("3764.241")
    assert row["area"] == Decimal("11114.71")
    country = _find(table, cities_provincies="WHOLE COUNTRY", year=2012)
    assert country["average_population"] == Decimal("89202.889"), "published as 89202.88900000001"
    assert "Thai Nguyen" in {r[0] for r in table.rows}, "doubled blanks are one"


def test_population_by_sex_and_residence() -> None:
    table = _table("gso_E02.03-07.json")
    assert len(table.rows) == 71 * 5 * 30 - 288, "the 288 empty cells say nothing"
    row = _find(table, cities_provincies="Thanh Hoa", average_population="Urban", year=2024)
    assert (row["gia_tri"], row["ghi_chu"]) == (Decimal("1058.175"), "Prel.")
    assert not [r for r in table.rows if r[:3] == ("Thanh Hoa", "Urban", 1995)]


def test_statistics_sweden_and_finland() -> None:
    sweden = _table("scb_v1_jsonstat2.json")
    assert _find(sweden, kon="män", ar=2020)["medianinkomst_tkr"] == Decimal("332.8")
    finland = _table("statfin_v1_jsonstat2.json")
    row = _find(finland, ar=2020, ma_kon="SSS", alder="20 - 24")
    assert row["befolkning_31_12"] == 308410
    plain = _table("scb_v1_data_json.json")
    assert plain.rows[0] == ("OG", "1", 2015, 2762601)
    version_2 = _table("scb_v2_TAB6471_data.json")
    row = _find(version_2, ma_region="01", ma_alder="0-9", ma_kon="TotSa", manad="2026M01")
    assert row["folkmangden_per_manad"] == 245284


def test_greenland_two_encodings() -> None:
    assert read_cubes(_response("BEXSTA_windows_1252.px"), "x", "vi").encoding == "windows-1252"
    table = _table("BEXSTA_windows_1252.px", "da")
    assert "Født udenfor Grønland" in {r[0] for r in table.rows}
    row = _find(
        _table("BEXSTA_windows_1252.px"),
        ma_place_of_birth="T",
        ma_gender="T",
        age="0",
        ma_residence_type="A",
    )
    assert row["gia_tri"] == 249
    labour = _table("SOXATI4.px")
    assert labour.rows[0] == ("Total", "X", "Total", "99", "November", 2016, 55860)
    assert "00; Employed without further details" in {r[0] for r in labour.rows}


def test_the_sample_database_and_its_metadata_agree() -> None:
    table = _table("TAB001.px")
    assert len(table.rows) == 30 * 3 * 22 * 3
    row = _find(table, ma_region="AT", ma_sex="F", ma_age="TOTAL", year=1991)
    assert row["population"] == 4041797
    assert _find(table, ma_region="AT", ma_sex="F", ma_age="TOTAL", year=1981)["ghi_chu"] == ".."
    swedish = _table("TAB001.px", "sv")
    assert "Österrike" in {r[0] for r in swedish.rows}
    waste = _table("TAB003.px")
    row = _find(waste, ma_treatment_category="90", ma_waste_category="TOT", year=2016)
    assert (row["treated_waste_hazardous"], row["treated_waste_non_hazardous"]) == (
        1386000,
        5578000,
    )


def test_timeval_as_a_range_and_semicolons_in_quotes() -> None:
    births = _table("TIMEVAL_short.px")
    assert births.rows[0] == ("Halden", "K_3001", 2019, 257, 299, -42)
    made_up = _table("semicolon_in_values.px")
    assert made_up.rows[2] == ("Public administration; defence", 2020, 3)


def test_switzerland_in_four_languages() -> None:
    table = _table("bfs_px-x-0602000000_107.px", "en")
    assert len(table.rows) == 20 * 4 * 5 * 2 * 76
    assert table.rows[0][-2:] == ("2004Q1", Decimal("9.1091"))
    assert table.columns[0].title == "Economic division"
    assert _table("bfs_px-x-0602000000_107.px").columns[0].title == "Wirtschaftsabteilung"


def test_spain_without_a_code_page() -> None:
    table = _table("ine_14001.px")
    title = "Comunidad Autónoma de residencia del matrimonio"
    assert table.columns[0].title == title
    assert table.rows[0][2:] == ("Todas las edades", "Esposos", "Total", 162743, None)
    assert len(table.rows) == 21 * 48 * 2 * 4
    prices = _table("ine_27067.px")
    assert {r[-1] for r in prices.rows} == {None, "..", "."}
    assert prices.rows[0][4] == "2018M12"


def test_answers_of_the_api() -> None:
    nodes = read_nodes(_response("scb_v1_node_list.json").json())
    assert nodes is not None
    assert [(n.id, n.is_table) for n in nodes][:2] == [
        ("BefolkningNy", True),
        ("FolkmangdNov", True),
    ]
    assert nodes[0].updated == "2023-02-22T08:00:00"
    info = read_info(_response("scb_v1_table_metadata.json").json())
    assert info is not None
    assert [v.code for v in info.variables] == [
        "Region",
        "Kon",
        "Alder",
        "Inkomstklass",
        "ContentsCode",
        "Tid",
    ]
    assert info.variables[-1].time
