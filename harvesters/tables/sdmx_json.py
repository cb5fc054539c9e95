"""Data messages of SDMX-JSON 1.0 and 2.0. Pure: takes what `json.loads` gives, with exact numbers.

A message carries its own structure: lists of dimensions and attributes at the levels data set,
series and observation, and keys that are positions in the lists of their values. Version 2.0 puts
all of it under ``data``, has a list of structures and of measures, and names by language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harvesters.errors import HarvestError
from harvesters.tables.cube import MAX_CELLS
from harvesters.tables.jsonstat import iso_moment
from harvesters.tables.sdmx import DataSet, Kind, Message, Names, Ref, Rows, ref_of_urn
from schemas.text import nfc

_LEVELS = ("dataSet", "dimensionGroup", "series", "observation")


def is_json(data: Any) -> bool:
    """Whether a document is an SDMX-JSON data message, or one of errors."""
    if not isinstance(data, Mapping):
        return False
    inner = data.get("data") if isinstance(data.get("data"), Mapping) else data
    found = inner.get("dataSets") if isinstance(inner, Mapping) else None
    return isinstance(found, list) or _errors(data) is not None


def read_json(data: Mapping[str, Any], where: str, most: int = MAX_CELLS) -> Message:
    """The data sets of a message. Raises `api_error`, `bad_value` and `too_large`."""
    inner = data["data"] if isinstance(data.get("data"), Mapping) else data
    sets = inner.get("dataSets") or []
    problem = _errors(data)
    if problem is not None and not sets:
        raise HarvestError("api_error", where=where, detail=problem)
    header = data.get("header") or data.get("meta") or inner.get("header") or {}
    structures = inner.get("structures") or [inner.get("structure") or data.get("structure") or {}]
    try:
        found = tuple(_Reader(structures, one, where, most).dataset() for one in sets)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        detail = f"SDMX-JSON: {type(error).__name__} {error}"[:120]
        raise HarvestError("unexpected_answer", where=where, detail=detail) from error
    sender = header.get("sender") if isinstance(header, Mapping) else None
    names = _names(sender) if isinstance(sender, Mapping) else {}
    prepared = iso_moment(str(header.get("prepared", ""))[:19])
    return Message(found, "SDMX-JSON", prepared, names)


def _errors(data: Mapping[str, Any]) -> str | None:
    errors = data.get("errors") or data.get("error")
    if isinstance(errors, Mapping):
        errors = [errors]
    if not isinstance(errors, list) or not errors:
        return None
    first = errors[0] if isinstance(errors[0], Mapping) else {"detail": errors[0]}
    said = first.get("detail") or first.get("title") or first.get("message") or ""
    return f"{first.get('code', '')} {said}".strip()[:200]


def _names(item: Mapping[str, Any], key: str = "name") -> Names:
    """``names`` (2.0: a text per language; 1.0 drafts put that into ``name``), else ``name``."""
    told = item.get(f"{key}s")
    plain = item.get(key)
    if isinstance(plain, Mapping):
        told = told or plain
    if isinstance(told, Mapping):
        return {str(tag): nfc(str(text)) for tag, text in told.items() if text}
    return {"": nfc(plain)} if isinstance(plain, str) and plain else {}


@dataclass(frozen=True)
class _Part:
    """A component with its values' codes, by position."""

    id: str
    codes: tuple[str, ...]


class _Reader:
    """One data set with the structure that it is of."""

    def __init__(
        self,
        structures: Sequence[Mapping[str, Any]],
        data: Mapping[str, Any],
        where: str,
        most: int,
    ):
        at = data.get("structure", 0)
        self.data = data
        self.structure = structures[at if isinstance(at, int) else 0]
        self.rows = Rows(where, most)
        self.kinds: dict[str, Kind] = {}
        self.names: dict[str, Names] = {}
        self.labels: dict[str, dict[str, Names]] = {}
        dimensions, attributes = self.structure["dimensions"], self.structure.get("attributes", {})
        # `_part` notes kinds in the order of the key, whatever the level.
        listed = [item for level in _LEVELS for item in dimensions.get(level) or []]
        for item in sorted(listed, key=_position):
            self._part(item, "time" if _is_time(item) else "dimension")
        self.dimensions = {n: [self._known(i) for i in dimensions.get(n) or []] for n in _LEVELS}
        measures = (self.structure.get("measures") or {}).get("observation") or []
        self.measures = [self._part(item, "measure") for item in measures] or [
            self._part({"id": "OBS_VALUE"}, "measure")
        ]
        self.attributes = {
            level: [self._part(item, "attribute") for item in attributes.get(level) or []]
            for level in _LEVELS
        }

    def _part(self, item: Mapping[str, Any], kind: Kind) -> _Part:
        part = self._known(item)
        self.kinds[part.id] = kind
        self.names[part.id] = _names(item)
        labels = {
            code: _names(value)
            for code, value in zip(part.codes, item.get("values") or [], strict=True)
            if isinstance(value, Mapping) and "id" in value
        }
        if kind != "time" and any(labels.values()):
            self.labels[part.id] = labels
        return part

    def _known(self, item: Mapping[str, Any]) -> _Part:
        return _Part(str(item["id"]), tuple(map(_code, item.get("values") or [])))

    def dataset(self) -> DataSet:
        fixed = {part.id: part.codes[0] for part in self.dimensions["dataSet"] if part.codes}
        whole = dict(self._told(self.attributes["dataSet"], self.data.get("attributes") or []))
        for key, series in (self.data.get("series") or {}).items():
            told = self._told(self.attributes["series"], series.get("attributes") or [])
            own = {**fixed, **self._key("series", key), **dict(told)}
            self._observations(own, series.get("observations") or {})
        self._observations(fixed, self.data.get("observations") or {})
        self._groups()
        columns = self.rows.columns
        return DataSet(
            self._ref(),
            columns,
            self.rows.rows(),
            {name: self.kinds[name] for name in (*self.kinds, *columns) if name in columns},
            whole,
            self.names,
            self.labels,
            _names(self.structure),
            _names(self.structure, "description"),
        )

    def _observations(self, own: Mapping[str, str], observations: Mapping[str, Any]) -> None:
        for key, values in observations.items():
            measured = dict(self._measured(values))
            told = self._told(self.attributes["observation"], values[len(self.measures) :])
            self.rows.add(own, self._key("observation", key), measured, dict(told))

    def _measured(self, values: Sequence[Any]) -> Iterator[tuple[str, str]]:
        for part, value in zip(self.measures, values, strict=False):
            if part.codes and isinstance(value, int):
                value = part.codes[value]
            yield part.id, "" if value is None else str(value)

    def _groups(self) -> None:
        """2.0: attributes of a group of series, by a key in which ``~`` or nothing is any."""
        parts = [p for n in ("series", "observation") for p in self.dimensions[n]]
        for key, values in (self.data.get("dimensionGroupAttributes") or {}).items():
            fixed = {
                part.id: part.codes[int(at)]
                for part, at in zip(parts, key.split(":"), strict=False)
                if at.isdecimal()
            }
            self.rows.fill(fixed, dict(self._told(self.attributes["dimensionGroup"], values)))

    def _key(self, level: str, key: str) -> dict[str, str]:
        places = key.split(":") if key else []
        return {
            part.id: part.codes[int(at)]
            for part, at in zip(self.dimensions[level], places, strict=True)
        }

    def _told(self, parts: Sequence[_Part], values: Sequence[Any]) -> Iterator[tuple[str, str]]:
        """Attributes: a position in the list of values, or (2.0, without a list) the value.

        `oecd_PART2.json` leaves out of its arrays the attributes that have no values at all.
        """
        coded = [part for part in parts if part.codes]
        if len(values) < len(parts) and len(values) == len(coded):
            parts = coded
        for part, value in zip(parts, values, strict=False):
            if isinstance(value, int) and not isinstance(value, bool) and part.codes:
                yield part.id, part.codes[value]
            elif value is not None and not part.codes:
                yield part.id, _code({"value": value})

    def _ref(self) -> Ref | None:
        for link in self.structure.get("links") or self.data.get("links") or []:
            if isinstance(link, Mapping) and link.get("rel") in (
                "dataflow", "datastructure", "dsd", "structure", "DataStructure",
            ):  # fmt: skip
                urn = ref_of_urn(str(link.get("urn") or ""))
                if urn:
                    return urn
                parts = [p for p in str(link.get("href") or "").split("/") if p]
                if "dataflow" in parts:
                    rest = parts[parts.index("dataflow") + 1 :]
                    return Ref(*rest[:3]) if len(rest) >= 3 else Ref("", rest[0]) if rest else None
        return None


def _position(item: Mapping[str, Any]) -> int:
    at = item.get("keyPosition")
    return at if isinstance(at, int) else 10_000


def _is_time(item: Mapping[str, Any]) -> bool:
    roles = item.get("roles") or [item.get("role")]
    return item.get("id") == "TIME_PERIOD" or "TIME_PERIOD" in roles or "time" in roles


def _code(value: Any) -> str:
    """The code of a listed value; one without code is its own text."""
    if not isinstance(value, Mapping):
        return str(value)
    for key in ("id", "value", "name"):
        found = value.get(key)
        if isinstance(found, list):
            return "; ".join(map(str, found))
        if found is not None and not isinstance(found, Mapping):
            return str(found)
    return next(iter(_names(value).values()), "")
