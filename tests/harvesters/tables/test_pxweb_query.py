"""Queries to PX-Web within the server's limit, and the parts put together again."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.tables.cube import Category, Cube, Dimension
from harvesters.tables.pxweb_json import (
    DEFAULT_CELLS,
    TableInfo,
    Variable,
    read_info,
    read_limits,
    read_nodes,
    with_texts,
)
from harvesters.tables.pxweb_query import assemble, choose, queries


def _info(*sizes: int) -> TableInfo:
    variables = []
    for at, size in enumerate(sizes):
        values = tuple(f"{at}{i}" for i in range(size))
        variables.append(Variable(f"V{at}", f"Biến {at}", values, values, False))
    return TableInfo("Bảng", tuple(variables))


def _asked(query: dict[str, Any]) -> list[list[str]]:
    return [list(part["selection"]["values"]) for part in query["query"]]


@pytest.mark.parametrize(
    ("sizes", "cells"), [((3, 4), 100), ((3, 4), 5), ((7, 5, 11), 20), ((2, 2), 1), ((9,), 4)]
)
def test_parts_keep_the_limit_and_ask_each_cell_once(sizes: tuple[int, ...], cells: int) -> None:
    bodies = queries(_info(*sizes), "json-stat2", cells)
    counted = [math.prod(len(values) for values in _asked(body)) for body in bodies]
    assert max(counted) <= cells
    assert sum(counted) == math.prod(sizes)
    assert {body["response"]["format"] for body in bodies} == {"json-stat2"}


def test_parts_are_put_together_in_the_order_of_the_metadata() -> None:
    info = _info(2, 3)
    cubes = []
    for body in queries(info, "json-stat2", 2):
        dimensions, values = [], {}
        for variable, asked in zip(info.variables, _asked(body), strict=True):
            codes = tuple(Category(code, code) for code in asked)
            dimensions.append(Dimension(variable.code, variable.text, codes))
        sizes = [len(d.categories) for d in dimensions]
        for position in range(math.prod(sizes)):
            first, second = divmod(position, sizes[1])
            code = dimensions[0].categories[first].code, dimensions[1].categories[second].code
            values[position] = int(code[0][1:]) * 10 + int(code[1][1:])
        cubes.append(Cube("x", tuple(dimensions), values, {0: "p"}))
    whole = assemble(info, cubes)
    assert [c.code for c in whole.dimensions[1].categories] == ["10", "11", "12"]
    assert [whole.values[at] for at in range(6)] == [0, 1, 2, 10, 11, 12]
    assert len(whole.symbols) == len(cubes)


def test_a_part_that_was_not_asked_for_is_refused() -> None:
    def cube(code: str, name: str = "V0") -> Cube:
        return Cube("x", (Dimension(name, name, (Category(code, code),)),), {0: 1})

    for stranger in (cube("zz"), cube("00", "Khác")):
        with pytest.raises(HarvestError) as error:
            assemble(_info(2), [cube("00"), stranger])
        assert error.value.code == "bad_value"


def test_choosing_values_by_code_text_and_from_the_end() -> None:
    place = Variable("dvhc", "Địa phương", ("0", "1"), ("CẢ NƯỚC", "Thanh  Hóa"), False)
    year = Variable("nam", "Năm", ("2022", "2023", "2024"), ("2022", "2023", "Sơ bộ 2024"), True)
    info = TableInfo("Dân số", (place, year))
    cut = choose(info, {"địa phương": ["thanh hoa"], "nam": "top:2", "không có": ["x"]})
    assert [v.values for v in cut.variables] == [("1",), ("2023", "2024")]
    with pytest.raises(HarvestError) as error:
        choose(info, {"nam": ["2030"]})
    assert error.value.code == "unknown_code"


def test_nodes() -> None:
    assert read_nodes([{"dbid": "ds", "text": "Dân số"}])[0].id == "ds"  # type: ignore[index]
    assert read_nodes([{"id": "a", "type": "h", "text": ""}]) == []
    assert read_nodes([]) == []
    assert read_nodes([{"ten": 1}]) is None
    assert read_nodes({"variables": []}) is None


@pytest.mark.parametrize("variable", [{}, {"code": "a"}, {"code": "a", "values": []}, "x"])
def test_broken_metadata_is_refused(variable: Any) -> None:
    with pytest.raises(HarvestError) as error:
        read_info({"title": "x", "variables": [variable]})
    assert error.value.code == "bad_value"


def test_limits_of_the_server() -> None:
    limits = read_limits({"maxValues": 1000, "maxCalls": 30, "timeWindow": 10})
    assert (limits.cells, limits.pause) == (1000, pytest.approx(1 / 3))
    for senseless in ({}, [], {"maxValues": -1, "maxCalls": 0}, {"maxValues": "many"}):
        assert (read_limits(senseless).cells, read_limits(senseless).pause) == (DEFAULT_CELLS, 0.0)


def test_texts_of_the_metadata_where_there_are_only_codes() -> None:
    info = TableInfo("Dân số", (Variable("g", "Giới", ("1",), ("Nam",), False),))
    cube = Cube("", (Dimension("g", "g", (Category("1", "1"),)),), {0: 1})
    named = with_texts(cube, info)
    assert (named.title, named.dimensions[0].categories[0].label) == ("Dân số", "Nam")
