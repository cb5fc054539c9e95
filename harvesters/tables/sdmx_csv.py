"""SDMX-CSV 1.0 and 2.0. Pure.

Version 1.0 begins with ``DATAFLOW``, 2.0 with ``STRUCTURE,STRUCTURE_ID`` and perhaps ``ACTION``;
then come the dimensions in the order of the key, the measures, the attributes. What stands before
``OBS_VALUE`` is a dimension, what stands behind it an attribute. With ``labels=both`` a cell is
``A: Annual`` and a title ``FREQ: Frequency``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harvesters.errors import HarvestError
from harvesters.tables.cube import MAX_CELLS
from harvesters.tables.sdmx import DataSet, Kind, Message, Names, Ref, Rows, ref_of_urn
from schemas.text import nfc

_OURS = ("DATAFLOW", "STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION")
_BOTH = re.compile(r"(?P<code>[\w@$.+-]+): ?(?P<label>.*)", re.DOTALL)
#: A cell of a comment may be long; csv's own cap of 128 kB is enough, and stays.


@dataclass
class _Sheet:
    """The rows of one structure."""

    rows: Rows
    labels: dict[str, dict[str, Names]] = field(default_factory=dict)


def is_csv(text: str) -> bool:
    """Whether a text begins as SDMX-CSV does."""
    head = text.lstrip("\ufeff")[:200].upper()
    return bool(re.match(r"\"?(DATAFLOW|STRUCTURE\"?[,;\t]\"?STRUCTURE_ID)\b", head))


def read_csv(text: str, where: str, most: int = MAX_CELLS) -> Message:
    """One data set for each structure named in the rows, in order of first appearance.

    Raises `no_table` without rows, `truncated` when the last row is cut, `too_large`.
    """
    text = text.lstrip("\ufeff")
    first = text[: text.find("\n")] if "\n" in text else text
    comma = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma)
    try:
        titles = [title.strip() for title in next(reader)]
        heads = [_split(title) for title in titles]
        columns = [code for code, _ in heads]
        sheets: dict[Ref | None, _Sheet] = {}
        for cells in reader:
            _row(columns, cells, sheets, where, most)
    except (csv.Error, StopIteration) as error:
        raise HarvestError("no_table", where=where) from error
    kinds = _kinds(columns)
    names = {code: {"": nfc(label)} for code, label in heads if label}
    return Message(
        tuple(_dataset(ref, one, kinds, names) for ref, one in sheets.items()), "SDMX-CSV"
    )


def _row(
    columns: Sequence[str],
    cells: Sequence[str],
    sheets: dict[Ref | None, _Sheet],
    where: str,
    most: int,
) -> None:
    if not any(cells):
        return
    if len(cells) != len(columns):
        raise HarvestError("truncated", where=where, at=len(cells))
    ref: Ref | None = None
    row: dict[str, str] = {}
    labels: dict[str, tuple[str, str]] = {}
    for name, cell in zip(columns, cells, strict=True):
        if name in ("DATAFLOW", "STRUCTURE_ID"):
            ref = ref_of_urn(cell.split(": ")[0]) or ref_of_urn(cell) or Ref("", cell)
        elif name == "ACTION" and cell.strip().upper()[:1] == "D":
            return  # a deletion; a file with those is a change, not the data
        elif name not in _OURS and cell:
            code, label = _split(cell) if name != "OBS_VALUE" else (cell, "")
            row[name] = code if label else cell
            if label:
                labels[name] = (code, label)
    sheet = sheets.setdefault(ref, _Sheet(Rows(where, most)))
    sheet.rows.add(row)
    for name, (code, label) in labels.items():
        sheet.labels.setdefault(name, {}).setdefault(code, {"": nfc(label)})


def _split(text: str) -> tuple[str, str]:
    """Code and label of ``A: Annual``; the label is empty where there is none."""
    found = _BOTH.fullmatch(text.strip())
    # A date and time has colons too, and no blank behind them.
    return (found["code"], found["label"]) if found and ": " in text else (text.strip(), "")


def _kinds(columns: Sequence[str]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    measures = [at for at, name in enumerate(columns) if name == "OBS_VALUE"]
    split = measures[0] if measures else len(columns)
    for at, name in enumerate(columns):
        if name in _OURS:
            continue
        kinds[name] = (
            "time" if name == "TIME_PERIOD" else "dimension" if at < split else "attribute"
        )
    if measures:
        kinds["OBS_VALUE"] = "measure"
    return kinds


def _dataset(
    ref: Ref | None, one: _Sheet, kinds: Mapping[str, Kind], names: Mapping[str, Names]
) -> DataSet:
    columns = one.rows.columns
    own = {name: kind for name, kind in kinds.items() if name in columns}
    return DataSet(ref, columns, one.rows.rows(), own, {}, names, one.labels)
