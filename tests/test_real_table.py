"""The table of the harvest of every recorded payload: none left out, nothing unexpected."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.errors import Problem
from tests import real_table
from tests.real_table import TOGETHER, TYPES, Row, markdown, of, rows_of, table, totals
from tests.recorded import NOT_HERE, REAL, services
from tests.recorded.remarks import KNOWN, NO_SOURCE
from tests.recorded.settings import ADDRESS, MAPPING, READ

real = pytest.mark.skipif(not REAL.is_dir(), reason=NOT_HERE)
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return table()


def files() -> set[str]:
    return {path.relative_to(REAL).as_posix() for path in REAL.rglob("*") if path.is_file()}


@real
def test_every_file_has_one_row(rows: list[Row]) -> None:
    assert [row.name for row in rows] == sorted(files())


@real
def test_every_file_is_harvested_or_part_of_another_or_no_source_with_a_reason(
    rows: list[Row],
) -> None:
    harvested = {row.name for row in rows if row.read_by in {kind for _, kind, *_ in TYPES}}
    for row in rows:
        if row.read_by == "not a source payload":
            assert row.remark, row.name
        elif row.name not in harvested:
            assert row.read_by.removeprefix("part of ") in harvested, row.name


@real
def test_no_problem_but_those_that_are_known_with_their_reason(rows: list[Row]) -> None:
    assert {row.name: row.codes for row in rows if row.codes} == {
        name: codes for name, (codes, _) in KNOWN.items() if codes
    }
    assert not [row.name for row in rows if row.unexpected]
    assert all(reason for _, reason in KNOWN.values())


@real
def test_where_nothing_comes_of_a_file_the_table_says_why(rows: list[Row]) -> None:
    silent = [
        row.name
        for row in rows
        if not row.datasets and not row.read_by.startswith("part of") and not row.remark
    ]
    assert silent == []


@real
def test_the_totals(rows: list[Row]) -> None:
    assert totals(rows) == {
        "files": 178,
        "datasets": 809,
        "tables": 457,
        "rows": 151_565,
        "problems": 41,
        "unexpected": 0,
    }
    (last,) = [line for line in markdown(rows).splitlines() if line.startswith("| **178 files**")]
    assert "| 809 | 457 | 151565 | 41 (0 files" in last


@real
def test_what_is_said_of_a_file_is_said_of_one_that_is_there() -> None:
    parts = {name for first in TOGETHER for name in of(first)}
    assert {*KNOWN, *NO_SOURCE, *READ, *MAPPING, *ADDRESS, *parts} <= files()
    for name, reason in NO_SOURCE.items():
        for test in (word for word in reason.split() if word.startswith("tests/")):
            assert Path(name).name in (ROOT / test).read_text("utf-8"), name


@real
@pytest.mark.parametrize("first", [name for name in TOGETHER if name != real_table.INDEX])
def test_a_file_that_is_part_of_another_makes_a_difference(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read without it is another thing, or less."""
    asked: list[str] = []
    body = services.body
    monkeypatch.setattr(services, "body", lambda name: asked.append(name) or body(name))
    found = real_table.harvest(first, of(first))
    if first.startswith("sdmx/"):
        assert found.catalog.datasets != real_table.harvest(first, [first]).catalog.datasets
    else:
        assert set(of(first)) <= set(asked)


def test_a_file_that_nobody_speaks_of_is_no_row_but_an_error() -> None:
    with pytest.raises(LookupError, match=r"moi/la\.bin"):
        rows_of("moi/la.bin")


def test_a_row_shows_problems_that_are_not_expected_and_expected_ones_that_did_not_come() -> None:
    odd = Row("moi/a.json", "rest", datasets=1, problems=[Problem("not_json"), Problem("not_json")])
    gone = Row("bad/syn_truncated.xlsx", "files")
    text = markdown([odd, gone])
    assert "| moi/a.json | rest | 1 | 0 | 0 | not_json × 2 **(not expected)** |" in text
    assert "| bad/syn_truncated.xlsx | files | 0 | 0 | 0 |  **(not expected)** |" in text
    assert totals([odd, gone])["unexpected"] == 2
