"""The YAML beside a department's files: what a person says that the files do not tell.

``bao-cao.xlsx.yaml`` (or ``bao-cao.yaml``) speaks of one file, ``_nguon.yaml`` (or
``_source.yaml``) of all files of its folder and below; what is said closer to the file counts.
Keys are the portal's names of dataset fields (``title``, ``theme``, ``frequency`` …) and the
reader's own (``sheets``, ``header``, ``columns`` …); an unknown key is an error that names the
nearest known one, so that a typing mistake does not silently publish something else.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import yaml

import schemas
from harvesters.errors import HarvestError
from harvesters.fetch import Entry, Fetch
from harvesters.settings import build
from harvesters.tables.hints import ColumnHint, Hints
from schemas.text import nearest

SUFFIXES = (".yaml", ".yml")
FOLDER_NAMES = ("_nguon", "_source")
MAX_BYTES = 1_000_000
MAX_DEPTH = 12
#: Keys that say how to read; the others are dataset fields.
READING = ("encoding", "decimal", "sheets", "skip_sheets", "hidden", "header", "columns")
PER = ("workbook", "table")
_ROWS = re.compile(r"\s*(\d+)\s*(?:[-–:]\s*(\d+)\s*)?")
_TYPES = ("text", "integer", "number", "date", "timestamp", "boolean")
_ROLES = ("dimension", "time", "measure", "note")


@dataclass(frozen=True)
class Description:
    """What is said of a file: dataset fields in the portal's words, and how to read it."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    hints: Hints = field(default_factory=Hints)
    dataset_per: str = ""


@cache
def dataset_fields() -> frozenset[str]:
    """Names of the dataset fields that may be given; keywords are given as `tags`."""
    names = {f["field_name"] for f in schemas.load("dataset")["dataset_fields"]}
    engine = {"name", "owner_org", "tag_string", "identifier", "harvest_source"}
    return frozenset(names - engine | {"tags"})


def read_yaml(content: bytes, where: str) -> Mapping[str, Any]:
    """The document of a description file.

    Raises `bad_config_file`; also for anchors and aliases, with which a small file unfolds into
    an enormous one, and for more than 1 MB or deep nesting.
    """
    if len(content) > MAX_BYTES:
        raise HarvestError("too_large", where=where, limit="1 MB")
    try:
        text = content.decode("utf-8-sig")
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise HarvestError("bad_config_file", where=where, detail="* và & không được dùng")
        data = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise HarvestError("unknown_encoding", where=where, at=error.start) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise HarvestError("bad_config_file", where=where, detail=_first_line(error)) from error
    if data is None:
        return {}
    if not isinstance(data, Mapping) or _depth(data) > MAX_DEPTH:
        raise HarvestError("bad_setting", where=where, key="", expected="mapping")
    return {str(key): value for key, value in data.items()}


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).split("\n")[0]
    return f"{problem}, dòng {mark.line + 1}" if mark else str(problem)


def _depth(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + max((_depth(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(v) for v in value), default=0)
    return 0


def names_for(path: str) -> tuple[tuple[str, ...], ...]:
    """Where the description of a file may lie, from the general to the particular.

    Each group holds alternatives of one place; at most one of them should exist.
    """
    file = PurePosixPath(path)
    folders = [*reversed(file.parents[:-1]), file.parent] if len(file.parents) > 1 else []
    groups = [tuple(f"{name}{s}" for name in FOLDER_NAMES for s in SUFFIXES)]
    for folder in dict.fromkeys(folders):
        groups.append(tuple(f"{folder}/{name}{s}" for name in FOLDER_NAMES for s in SUFFIXES))
    groups.append(
        tuple(f"{stem}{s}" for stem in (path, str(file.with_suffix(""))) for s in SUFFIXES)
    )
    return tuple(groups)


def combine(parts: Iterable[tuple[str, Mapping[str, Any]]]) -> Description:
    """One description of documents (path, content) from the general to the particular."""
    said: dict[str, Any] = {}
    reading: dict[str, Any] = {}
    per = ""
    for where, data in parts:
        _check_keys(data, where)
        for key, value in data.items():
            if key == "dataset_per":
                per = _one_of(value, PER, where, key)
            elif key in READING:
                reading[key] = _reading(key, value, where, reading.get(key))
            else:
                said[key] = plain(value)
    return Description(said, Hints(**reading), per)


def _check_keys(data: Mapping[str, Any], where: str) -> None:
    known = sorted({*dataset_fields(), *READING, "dataset_per"})
    for key in data:
        if key not in known:
            near = nearest(key, known) or ", ".join(READING)
            raise HarvestError("unknown_setting", where=where, key=key, nearest=near)


def _reading(key: str, value: Any, where: str, before: Any) -> Any:
    if key in ("sheets", "skip_sheets"):
        return _texts(value, where, key)
    if key == "hidden":
        return _expect(value, bool, where, key, "true, false")
    if key == "header":
        return {**(before or {}), **_header(value, where)}
    if key == "columns":
        return {**(before or {}), **_columns(value, where)}
    text: str = _expect(value, str, where, key, "text")
    if key == "decimal":
        _one_of(text, (",", "."), where, key)
    return text


def _header(value: Any, where: str) -> dict[str, tuple[int, int]]:
    """Header rows: `5`, `5-6`, or by sheet `{Biểu 1: 5-6}`."""
    by_sheet = value if isinstance(value, Mapping) else {"*": value}
    rows = {}
    for sheet, given in by_sheet.items():
        found = _ROWS.fullmatch(str(given))
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last:
            raise HarvestError("bad_setting", where=where, key="header", expected="5, 5-6")
        rows[str(sheet)] = (first, last)
    return rows


def _columns(value: Any, where: str) -> dict[str, ColumnHint]:
    if not isinstance(value, Mapping):
        raise HarvestError("bad_setting", where=where, key="columns", expected="mapping")
    hints = {}
    for name, given in value.items():
        section = f"columns.{name}"
        said = {"title": given} if isinstance(given, str) else given
        hint = build(_ColumnWords, said, section)
        if hint.type:
            _one_of(hint.type, _TYPES, where, f"{section}.type")
        if hint.role:
            _one_of(hint.role, _ROLES, where, f"{section}.role")
        values = dataclasses.asdict(hint)
        hints[str(name)] = ColumnHint(
            **{**values, "type": hint.type or None, "role": hint.role or None}
        )
    return hints


@dataclass(frozen=True)
class _ColumnWords:
    name: str = ""
    title: str = ""
    title_en: str = ""
    type: str = ""
    unit: str = ""
    description: str = ""
    role: str = ""
    skip: bool = False


def _texts(value: Any, where: str, key: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(_expect(v, (str, int), where, key, "text")) for v in values)


def _expect(value: Any, kind: Any, where: str, key: str, expected: str) -> Any:
    if not isinstance(value, kind):
        raise HarvestError("bad_setting", where=where, key=key, expected=expected)
    return value


def _one_of(value: Any, allowed: tuple[str, ...], where: str, key: str) -> str:
    if value not in allowed:
        raise HarvestError("bad_setting", where=where, key=key, expected=", ".join(allowed))
    return str(value)


def plain(value: Any) -> Any:
    """JSON-able values: YAML gives dates for 2024-01-31."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


class Descriptions:
    """The YAML files of a folder, each read once, over a `general` word for all files."""

    def __init__(self, fetch: Fetch, entries: Iterable[Entry], general: Description):
        self.fetch = fetch
        self.entries = {e.path: e for e in entries if e.path.lower().endswith(SUFFIXES)}
        self.general = general
        self.read: dict[str, Mapping[str, Any]] = {}

    def marks(self, path: str) -> list[str]:
        """The states of all that speak of a file."""
        return [self.entries[name].mark for name in self._names(path)]

    def of(self, path: str) -> Description:
        """What is said of a file. Raises what `read_yaml` and `combine` raise."""
        said = combine((name, self._document(name)) for name in self._names(path))
        changed = {
            f.name: getattr(said.hints, f.name) or getattr(self.general.hints, f.name)
            for f in dataclasses.fields(Hints)
        }
        return Description(
            {**self.general.fields, **said.fields},
            Hints(**changed),
            said.dataset_per or self.general.dataset_per,
        )

    def _names(self, path: str) -> list[str]:
        return [name for group in names_for(path) for name in group if name in self.entries]

    def _document(self, name: str) -> Mapping[str, Any]:
        if name not in self.read:
            content = self.fetch.read(self.entries[name].location).content
            self.read[name] = read_yaml(content, name)
        return self.read[name]
