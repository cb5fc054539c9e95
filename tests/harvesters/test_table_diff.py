"""Figure by figure: what counts as a change of a table."""

from __future__ import annotations

from decimal import Decimal

from harvesters.codec import decode_table, encode_table
from harvesters.model import Column, Table
from harvesters.table_diff import CELLS_LISTED, compare_tables

PLACE = Column("don_vi", "text", "Đơn vị", role="dimension")


def table(*rows, type_="number", name="so_ho"):
    return Table((PLACE, Column(name, type_, "Số hộ")), rows)


def test_the_same_figures_are_no_change_however_they_are_ordered_or_written():
    one = table(("A", Decimal("1.50")), ("B", 2))
    other = table(("B", Decimal(2)), ("A", Decimal("1.5")))
    assert compare_tables("r", one, other) is None


def test_rows_are_matched_by_their_dimensions():
    change = compare_tables("r", table(("A", 1), ("B", 2)), table(("C", 3), ("B", 5), ("A", 1)))
    assert (change.rows_added, change.rows_removed) == (1, 0)
    assert [(c.row, c.column, c.before, c.after) for c in change.cells] == [("B", "so_ho", 2, 5)]


def test_rows_without_a_key_are_matched_by_position():
    change = compare_tables("r", table(("A", 1), ("A", 2)), table(("A", 1), ("A", 3)))
    assert [(c.row, c.before, c.after) for c in change.cells] == [("2", 2, 3)]


def test_first_decimals_do_not_make_another_column_but_words_do():
    whole, fractions = table(("A", 1), type_="integer"), table(("A", Decimal("1.5")))
    assert compare_tables("r", whole, fractions).columns_retyped == ()
    words = table(("A", "một"), type_="text")
    assert compare_tables("r", whole, words).columns_retyped == ("so_ho",)


def test_columns_that_come_and_go_are_named():
    change = compare_tables("r", table(("A", 1)), table(("A", 1), name="so_khau"))
    assert (change.columns_added, change.columns_removed) == (("so_khau",), ("so_ho",))


def test_a_new_table_adds_all_its_rows():
    change = compare_tables("r", None, table(("A", 1), ("B", 2)))
    assert (change.rows_added, change.rows_before) == (2, 0)


def test_the_list_of_cells_is_cut_and_its_total_stands_beside():
    rows = CELLS_LISTED + 5
    before = table(*((str(n), n) for n in range(rows)))
    change = compare_tables("r", before, table(*((str(n), n + 1) for n in range(rows))))
    assert (len(change.cells), change.cells_total) == (CELLS_LISTED, rows)


def test_a_table_and_its_bytes_are_the_same_thing():
    made = table(("A", Decimal("962.730")), ("B", None))
    assert decode_table(encode_table(made)) == made
    assert encode_table(decode_table(encode_table(made))) == encode_table(made)
