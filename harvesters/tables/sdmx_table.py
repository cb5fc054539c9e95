"""The typed table and the dataset's fields made of an SDMX data set. Pure.

One column per dimension (its code) and one with its label where a codelist is there, the time, the
measures with exact figures, then the attributes of series and observations. A sign in the place of
a figure (``na``, ``:``) empties the figure and stands in ``ghi_chu``. Rows keep the order in which
series first appear; within a series they are put in the order of time, since the statistics office
of Viet Nam sends 2004 … 2024, 2002, 2003 (`vn_GDPVNM.xml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harvesters.errors import HarvestError, Problem
from harvesters.model import Column, Scalar, Table
from harvesters.tables.jsonstat import iso_moment
from harvesters.tables.period import Period, coverage, frequency, parse_period
from harvesters.tables.sdmx import (
    Component,
    DataSet,
    Definition,
    Kind,
    Message,
    Names,
    Structures,
    chosen,
    in_english,
    read_figure,
)
from harvesters.tables.sdmx_words import COMPONENTS, DOMAINS, FREQUENCIES, FREQUENCY_WORDS
from schemas.text import column_name, nfc

_ORDER: Mapping[Kind, int] = {"dimension": 0, "time": 1, "measure": 2, "attribute": 3}


@dataclass(frozen=True)
class Made:
    """The table of a data set, and what a person should know of it."""

    table: Table
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Source:
    """One column of the table: where it comes from and how a text becomes its cell."""

    column: Column
    at: int
    labels: Mapping[str, str] | None = None


def make_table(data: DataSet, known: Structures, where: str, language: str = "vi") -> Made:
    """The table. Raises `no_table` when there is no observation with a figure or a sign."""
    definition = definition_of(data, known)
    parts = _parts(data, definition)
    sources = _named([source for part in parts for source in _sources(part, data, known, language)])
    ordered, repeated = _ordered(data, parts)
    signs: list[str | None] = []
    rows: list[tuple[Scalar, ...]] = []
    local: list[str] = []
    for row in ordered:
        cells, sign = _cells(row, sources, local)
        rows.append(cells)
        signs.append(sign)
    measures = [at for at, source in enumerate(sources) if source.column.role == "measure"]
    if not any(signs) and not any(row[at] is not None for row in rows for at in measures):
        raise HarvestError("no_table", where=where)
    columns = [source.column for source in sources]
    if any(signs):
        columns.append(Column("ghi_chu", "text", "Ghi chú", "Notes", role="note"))
        rows = [(*row, sign) for row, sign in zip(rows, signs, strict=True)]
    title = title_of(data, known, language)
    table = Table(tuple(columns), tuple(rows), title, tuple(_told(data, known, language)))
    return Made(table, tuple(_problems(local, repeated, where)))


def definition_of(data: DataSet, known: Structures) -> Definition | None:
    """The structure of a data set, named by itself or by its flow."""
    flow = known.flow(data.structure)
    found = known.definition(flow.structure) if flow else None
    return found or known.definition(data.structure)


def kinds_of(definition: Definition | None) -> dict[str, Kind]:
    """What the components of a structure are."""
    return {c.id: c.kind for c in definition.components} if definition else {}


def title_of(data: DataSet, known: Structures, language: str = "vi") -> str:
    """The flow's name, or the data domain's; "" when neither is known."""
    return chosen(_titles(data, known), language)


def _titles(data: DataSet, known: Structures) -> Names:
    flow = known.flow(data.structure)
    if flow and flow.names and flow.ref == data.structure:
        return flow.names
    if data.title:
        return data.title
    domain = _single(data, "DATA_DOMAIN")
    if domain in DOMAINS:
        return dict(zip(("vi", "en"), DOMAINS[domain], strict=True))
    definition = known.definition(data.structure)
    return definition.names if definition else (flow.names if flow else {})


def _single(data: DataSet, name: str) -> str:
    if name not in data.columns:
        return ""
    at = data.columns.index(name)
    values = {row[at] for row in data.rows}
    return (values.pop() or "") if len(values) == 1 else ""


def _parts(data: DataSet, definition: Definition | None) -> list[Component]:
    """The components that came, in the order key, time, measures, attributes."""
    told = {c.id: c for c in definition.components} if definition else {}
    order = {name: at for at, name in enumerate((*told, *data.kinds))}
    parts = [
        replace(
            told.get(name) or Component(name, data.kinds.get(name, "attribute")),
            kind=told[name].kind if name in told else data.kinds.get(name, "attribute"),
        )
        for name in data.columns
    ]
    parts = [replace(p, names=data.names.get(p.id) or p.names) for p in parts]
    return sorted(parts, key=lambda part: (_ORDER[part.kind], order.get(part.id, len(order))))


def _sources(part: Component, data: DataSet, known: Structures, language: str) -> Iterator[_Source]:
    """The column or the two columns of a component."""
    at = data.columns.index(part.id)
    title = _title(part.id, part.names, language)
    title_en = in_english(part.names) or COMPONENTS.get(part.id, ("", ""))[1]
    name = column_name(part.id.replace("@", " "))
    if part.kind == "measure":
        yield _Source(Column(name, "number", title, title_en, role="measure"), at)
        return
    role = "note" if part.kind == "attribute" else part.kind
    labels = _labels(part, data, known, language)
    if labels and part.kind != "time":
        code = Column(name, "text", f"Mã {title}", f"{title_en} (code)" if title_en else "")
        yield _Source(replace(code, role=role), at)
        label = Column(column_name(f"ten {name}".replace("_", " ")), "text", title, title_en)
        yield _Source(replace(label, role=role), at, labels)
        return
    yield _Source(Column(name, "text", title, title_en, description=part.id, role=role), at)


def _in(names: Names, language: str) -> str:
    return next((t for tag, t in names.items() if tag.lower().split("-")[0] == language), "")


def _title(name: str, names: Names, language: str) -> str:
    """The source's name in the language, else ours, else the source's in any language."""
    ours = COMPONENTS.get(name, ("", ""))[0] if language == "vi" else ""
    return nfc(_in(names, language) or ours or chosen(names, language) or name)


def _labels(
    part: Component, data: DataSet, known: Structures, language: str
) -> Mapping[str, str] | None:
    """Label by code for the codes that came; None where no list is at hand."""
    carried = data.labels.get(part.id) or {}
    listed = known.codes(part.codelist)
    at = data.columns.index(part.id)
    codes = {row[at] for row in data.rows} - {None, ""}
    ours = FREQUENCY_WORDS if part.id == "FREQ" and language == "vi" else {}
    found: dict[str, str] = {}
    for code in sorted(filter(None, codes)):
        names = carried.get(code) or (listed[code].names if code in listed else {})
        if text := _in(names, language) or ours.get(code) or chosen(names, language):
            found[code] = nfc(" ".join(text.split()))
    return found or None


def _named(sources: Sequence[_Source]) -> list[_Source]:
    """Names told apart by a number where two components give the same one."""
    seen: set[str] = set()
    named = []
    for source in sources:
        name, number = source.column.name, 2
        while name in seen or name == "ghi_chu":
            name, number = f"{source.column.name[:46]}_{number}", number + 1
        seen.add(name)
        named.append(replace(source, column=replace(source.column, name=name)))
    return named


def _ordered(data: DataSet, parts: Sequence[Component]) -> tuple[list[tuple[str | None, ...]], int]:
    """The rows in order, and how many gave way to a later one of the same key.

    Of observations that come twice the last one holds, as with any update in SDMX.
    """
    keys = [data.columns.index(part.id) for part in parts if part.kind == "dimension"]
    times = [data.columns.index(part.id) for part in parts if part.kind == "time"]
    series: dict[tuple[str | None, ...], int] = {}
    last: dict[tuple[int, tuple[str, ...]], tuple[str | None, ...]] = {}
    repeated = 0
    for row in data.rows:
        key = tuple(row[at] for at in keys)
        place = series.setdefault(key, len(series)), tuple(row[at] or "" for at in times)
        repeated += place in last and last[place] != row
        last[place] = row
    return [last[place] for place in sorted(last)], repeated


def _cells(
    row: tuple[str | None, ...], sources: Sequence[_Source], local: list[str]
) -> tuple[tuple[Scalar, ...], str | None]:
    cells: list[Scalar] = []
    signs: list[str] = []
    for source in sources:
        text = row[source.at]
        if source.column.role == "measure":
            read = read_figure(text)
            if read.local:
                local.append(text or "")
            if read.sign:
                signs.append(read.sign)
            cells.append(read.figure)
        elif source.labels is not None:
            # A code that the list does not have is shown as it is.
            cells.append(source.labels.get(text, text) if text else None)
        else:
            cells.append(nfc(text) if text else None)
    return tuple(cells), "; ".join(signs) or None


def _problems(local: Sequence[str], repeated: int, where: str) -> Iterator[Problem]:
    if local:
        params = {"count": str(len(local)), "example": local[0]}
        yield Problem("local_figures_read", where, params=params, note=True)
    if repeated:
        yield Problem("figures_repeated", where, params={"count": str(repeated)}, note=True)


def _told(data: DataSet, known: Structures, language: str) -> Iterator[str]:
    """What is said of the whole data set."""
    definition = definition_of(data, known)
    parts = {c.id: c for c in definition.components} if definition else {}
    for name, value in data.attributes.items():
        part = parts.get(name)
        names = data.names.get(name) or (part.names if part else {})
        listed = known.codes(part.codelist) if part else {}
        label = data.labels.get(name, {}).get(value)
        label = label or (listed[value].names if value in listed else {})
        title = _title(name, names, language)
        if value:
            yield nfc(" ".join(f"{title}: {chosen(label, language) or value}".split()))


def dataset_fields(
    data: DataSet, message: Message, known: Structures, remote_id: str, fallback: str
) -> dict[str, object]:
    """The dataset's fields in the portal's words; what the source does not tell is left out."""
    titles = _titles(data, known)
    title = chosen(titles) or fallback
    flow = known.flow(data.structure)
    described = data.notes or (flow.notes if flow and flow.ref == data.structure else {})
    updated = (flow.updated if flow else "") or iso_moment(message.prepared[:19])
    fields: dict[str, object] = {
        "title": nfc(" ".join(title.split())),
        "title_en": in_english(titles),
        "notes": nfc(chosen(described)),
        "modified": updated[:10],
        "identifier": remote_id,
        "provenance": chosen(message.sender) or message.source,
        **_time_fields(data),
    }
    return {key: value for key, value in fields.items() if value}


def period_text(data: DataSet) -> str:
    """First and last period in the province's form, for the resource; "" when unknown."""
    span = coverage(_periods(data))
    return "" if span is None else span[0] if span[0] == span[1] else "/".join(span)


def _periods(data: DataSet) -> list[Period]:
    times = [name for name, kind in data.kinds.items() if kind == "time" and name in data.columns]
    if not times:
        return []
    at = data.columns.index(times[0])
    texts = {(row[at] or "").partition("T")[0] for row in data.rows}
    return [period for period in map(parse_period, sorted(texts)) if period]


def _time_fields(data: DataSet) -> dict[str, object]:
    periods = _periods(data)
    span = coverage(periods)
    if span is None:
        return {}
    fields: dict[str, object] = {
        "temporal_coverage": [{"start_period": span[0], "end_period": span[1]}]
    }
    if code := _frequency(data) or frequency(periods):
        fields["frequency"] = code
    return fields


def _frequency(data: DataSet) -> str:
    """The finest of the frequencies that the series have."""
    name = next((n for n in ("FREQ", "FREQUENCY") if n in data.columns), "")
    if not name:
        return ""
    at = data.columns.index(name)
    codes = {row[at] for row in data.rows}
    return next((ours for code, ours in FREQUENCIES if code in codes), "")
