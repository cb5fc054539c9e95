"""The nouns of SDMX, and what one figure of it is. Pure.

Own code, because the kept library (pysdmx) reads whole messages into data frames of floats, where
a message may be hundreds of megabytes and a figure must stay what was published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from harvesters.tables.cube import MAX_CELLS, Figure, too_many
from schemas.text import nfc

#: Texts by language tag ("vi", "en"); "" where the source tells no language.
Names = Mapping[str, str]
Kind = Literal["dimension", "time", "measure", "attribute"]

_URN = re.compile(
    r"(?:.*=)?(?P<agency>[A-Za-z][\w.-]*):(?P<id>[\w@$-]+)\((?P<version>[\w.+*~-]+)\)(?P<item>\..+)?"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
#: ``2.767.229,12`` and ``164,25`` (central government debt of Viet Nam, `vn_MOF_CGD.xml`) and
#: ``7 902.3`` (`vn_LMIVNM.xml`): no comma or blank is part of a number of XML Schema, so what they
#: say is not in doubt unless a comma alone parts three digits.
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?")
#: ``519.4sb`` (`vn_LMIVNM.xml`): a figure and, behind it, that it is preliminary ("sơ bộ").
_STATE = re.compile(r"(?P<figure>.*\d)\s*\(?(?P<state>sb)\)?", re.IGNORECASE)
_LOCAL = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d+,(?!\d{3}$)\d+|\d{1,3}(?:\.\d{3}){2,})")


@dataclass(frozen=True)
class Ref:
    """What a structure is known by; `version` may be empty or a wildcard in a reference."""

    agency: str
    id: str
    version: str = ""

    def __str__(self) -> str:
        """The form of SDMX: ``IMF:ECOFIN_DSD(1.0)``."""
        version = f"({self.version})" if self.version else ""
        return f"{self.agency}:{self.id}{version}" if self.agency else f"{self.id}{version}"


def ref_of_urn(text: str) -> Ref | None:
    """The structure that a URN, or its short form ``AGENCY:ID(VERSION)``, names."""
    found = _URN.fullmatch(text.strip())
    return Ref(found["agency"], found["id"], found["version"]) if found else None


@dataclass(frozen=True)
class Code:
    """One code of a list."""

    id: str
    names: Names
    parent: str = ""


@dataclass(frozen=True)
class Component:
    """A dimension, measure or attribute of a structure, with its codelist if it is coded."""

    id: str
    kind: Kind
    names: Names = field(default_factory=dict)
    codelist: Ref | None = None
    concept: str = ""


@dataclass(frozen=True)
class Definition:
    """A data structure definition; dimensions in the order of the key."""

    ref: Ref
    names: Names
    components: tuple[Component, ...]

    def of(self, kind: Kind) -> tuple[Component, ...]:
        return tuple(c for c in self.components if c.kind == kind)


@dataclass(frozen=True)
class Flow:
    """A dataflow. `updated` (ISO) and `observations` are there where annotations tell them."""

    ref: Ref
    names: Names
    notes: Names = field(default_factory=dict)
    structure: Ref | None = None
    updated: str = ""
    observations: int | None = None


@dataclass(frozen=True)
class Availability:
    """What a content constraint says is there: values by dimension, and how much."""

    values: Mapping[str, tuple[str, ...]]
    series: int | None = None
    observations: int | None = None


@dataclass
class Structures:
    """What is known of structures so far; a run fills it once and looks things up in it."""

    flows: dict[Ref, Flow] = field(default_factory=dict)
    definitions: dict[Ref, Definition] = field(default_factory=dict)
    codelists: dict[Ref, dict[str, Code]] = field(default_factory=dict)
    availability: Availability | None = None

    def add(self, other: Structures) -> None:
        self.flows.update(other.flows)
        self.definitions.update(other.definitions)
        for ref, codes in other.codelists.items():
            # A partial list (only the codes in use) must not hide a whole one.
            self.codelists[ref] = {**self.codelists.get(ref, {}), **codes}
        self.availability = other.availability or self.availability

    def flow(self, ref: Ref | None) -> Flow | None:
        key = closest(ref, self.flows)
        return self.flows[key] if key else None

    def definition(self, ref: Ref | None) -> Definition | None:
        key = closest(ref, self.definitions)
        return self.definitions[key] if key else None

    def codes(self, ref: Ref | None) -> Mapping[str, Code]:
        key = closest(ref, self.codelists)
        return self.codelists[key] if key else {}


def closest(wanted: Ref | None, known: Iterable[Ref]) -> Ref | None:
    """The same structure: of that version, or else of the highest one that is known."""
    if wanted is None:
        return None
    same = [
        ref
        for ref in known
        if ref.id == wanted.id and (ref.agency == wanted.agency or not wanted.agency)
    ]
    exact = [ref for ref in same if ref.version == wanted.version]
    return exact[0] if exact else max(same, key=_version, default=None)


def _version(ref: Ref) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", ref.version)]


@dataclass(frozen=True)
class DataSet:
    """One data set as it was sent: `rows` hold texts in the order of `columns`.

    `kinds` tells of a column what the message itself says (or shows by its place); `attributes`
    are those of the whole data set. `names` and `labels` (by component and code) are those that
    SDMX-JSON and SDMX-CSV carry along.
    """

    structure: Ref | None
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    kinds: Mapping[str, Kind]
    attributes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Names] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, Names]] = field(default_factory=dict)
    title: Names = field(default_factory=dict)
    notes: Names = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """A data message: its data sets, and what its header says."""

    datasets: tuple[DataSet, ...]
    format: str
    prepared: str = ""
    sender: Names = field(default_factory=dict)
    source: str = ""


class Rows:
    """Gathers observations into rows of one width, each text kept once, up to the cap on cells."""

    def __init__(self, where: str, most: int = MAX_CELLS):
        self._where = where
        self._most = most
        self._columns: dict[str, int] = {}
        self._rows: list[list[str | None]] = []
        self._texts: dict[str, str] = {}
        self._cells = 0

    def add(self, *parts: Mapping[str, str]) -> None:
        """One observation; a later part (the observation) overrides an earlier (its series)."""
        row: list[str | None] = [None] * len(self._columns)
        for part in parts:
            for name, value in part.items():
                at = self._columns.get(name)
                if at is None:
                    at = self._columns[name] = len(self._columns)
                if at >= len(row):
                    row.extend([None] * (at + 1 - len(row)))
                row[at] = self._texts.setdefault(value, value)
        self._rows.append(row)
        self._cells += len(row)
        if self._cells > self._most:
            raise too_many(self._where, self._most)

    def fill(self, key: Mapping[str, str], values: Mapping[str, str]) -> None:
        """Attributes of a group, for the rows of its series that do not say otherwise."""
        wanted = [(self._columns.get(name, -1), value) for name, value in key.items()]
        places = [(self._columns.setdefault(n, len(self._columns)), v) for n, v in values.items()]
        for row in self._rows:
            if all(0 <= at < len(row) and row[at] == value for at, value in wanted):
                row.extend([None] * (len(self._columns) - len(row)))
                for at, value in places:
                    row[at] = value if row[at] is None else row[at]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self._columns)

    def rows(self) -> tuple[tuple[str | None, ...], ...]:
        """All rows; gathering has ended."""
        width = len(self._columns)
        done = tuple(tuple(row) + (None,) * (width - len(row)) for row in self._rows)
        self._rows = []
        return done


def joined(parts: Sequence[DataSet]) -> DataSet:
    """Data sets of the same structure as one, in order."""
    first = parts[0]
    if len(parts) == 1:
        return first
    columns = tuple(dict.fromkeys(name for part in parts for name in part.columns))
    rows: list[tuple[str | None, ...]] = []
    for part in parts:
        places = [part.columns.index(name) if name in part.columns else -1 for name in columns]
        rows += (tuple(row[at] if at >= 0 else None for at in places) for row in part.rows)
    kinds: dict[str, Kind] = {}
    labels: dict[str, dict[str, Names]] = {}
    for part in parts:
        kinds.update({name: kind for name, kind in part.kinds.items() if name not in kinds})
        for name, told in part.labels.items():
            labels.setdefault(name, {}).update(told)
    return replace(first, columns=columns, rows=tuple(rows), kinds=kinds, labels=labels)


@dataclass(frozen=True)
class Read:
    """One observed value: the figure, the sign that stands where none is or behind it.

    `local` says that it was written as Vietnamese tables write it, not as the standard wants.
    """

    figure: Figure = None
    sign: str = ""
    local: bool = False


def read_figure(text: str | None) -> Read:
    """A value as published, exactly: no digit is rounded away.

    >>> read_figure("2.767.229,12").figure, read_figure("na").sign
    (Decimal('2767229.12'), 'na')
    """
    said = (text or "").strip()
    if not said or said in ("NaN", "-NaN"):
        return Read()
    if _NUMBER.fullmatch(said):
        number = Decimal(said)
        # Beyond a double no figure was meant, and its digits alone would fill the memory.
        if number and abs(number.adjusted()) > 308:
            return Read(sign=said[:80])
        whole = number == number.to_integral_value() and "." not in said and "e" not in said.lower()
        return Read(int(number) if whole else number)
    if _LOCAL.fullmatch(said):
        return Read(Decimal(said.replace(".", "").replace(",", ".")), local=True)
    if _SPACED.fullmatch(said):
        return Read(Decimal(re.sub(r"\s", "", said).replace(",", ".")), local=True)
    stated = _STATE.fullmatch(said)
    if stated and (inner := read_figure(stated["figure"])).figure is not None:
        return Read(inner.figure, "sơ bộ", local=True)
    return Read(sign=nfc(said)[:80])


def chosen(names: Names, language: str = "vi") -> str:
    """The text in the language, else in English, else in whatever there is."""
    for tag in (language, "en", ""):
        for known, text in names.items():
            if known.lower().split("-")[0] == tag and text:
                return text
    return next((text for text in names.values() if text), "")


def in_english(names: Names) -> str:
    """The text in English; "" where there is none."""
    return next((t for tag, t in names.items() if tag.lower().split("-")[0] == "en"), "")
